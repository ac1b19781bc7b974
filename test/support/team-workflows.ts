import { createNexusServiceClient, executeChild } from '@temporalio/workflow';
import { elementClone } from 'element-clone/nexus';
import { cloneVolume } from 'element-clone/workflows';

export * from '../../examples/typescript/workflows.ts';

/** A child by its function, with nothing of ours but that. */
export async function plainChild(cluster: string, volumeID: number, taskQueue: string) {
  const request = { cluster, volumeID, name: 'plain' };
  const { volumeID: made } = await executeChild(cloneVolume, { args: [request], taskQueue });
  return made;
}

/** The whole result of an operation. */
export async function nexusResult(endpoint: string, operation: keyof typeof elementClone.operations, request: never) {
  return createNexusServiceClient({ endpoint, service: elementClone }).executeOperation(operation, request);
}

/** A result that is no object. */
export async function count(list: unknown[]) {
  return list.length;
}
