import type { WorkflowHandle } from '@temporalio/client';
import { LEASE, type CloneLeaseResult, type LeaseExtension, type LeaseView } from '../../contracts/lease.ts';
import type { CloneVolumeResult } from '../../contracts/clone-result.ts';
import { withTag } from '../../contracts/tag.ts';
import type { Service } from './service.ts';

type CloneLease = (request: unknown) => Promise<CloneLeaseResult>;

/** The lease of a clone, as any SDK would use it. */
export function leaseOf(service: Pick<Service, 'client'>, clone: Pick<CloneVolumeResult, 'lease'>) {
  if (clone.lease === undefined) throw new Error('the clone has no lease');
  const handle: WorkflowHandle<CloneLease> = service.client.workflow.getHandle<CloneLease>(clone.lease.workflowID);
  return {
    handle,
    view: () => handle.query<LeaseView>(LEASE.view),
    extend: (extension: LeaseExtension) =>
      handle.executeUpdate<LeaseView, [LeaseExtension]>(LEASE.extend, { args: [extension] }),
    release: (requestedBy?: string) =>
      handle.executeUpdate<LeaseView, [object]>(LEASE.release, {
        args: [requestedBy === undefined ? {} : { requestedBy }],
      }),
    result: () => handle.result(),
  };
}

/** A volume for the seed state of a cluster, as if this service had made it. */
export const finishedClone = (volumeID: number) => ({
  ...{ volumeID, name: `clone-${volumeID}`, totalSize: 1_073_741_824 },
  attributes: withTag({}, { request: 'r-1', workflowID: 'clone-1', step: 'clone', sourceVolumeID: 42, volumeID }),
});

/** Puts a lease on a clone that has none. */
export async function leaseByHand(service: Service, volumeID: number, length: string) {
  const workflowID = `by-hand-${volumeID}-of-${service.alias}-on-${service.taskQueue}`;
  await service.client.workflow.start('cloneLease', {
    workflowId: workflowID,
    taskQueue: service.taskQueue,
    args: [{ cluster: service.alias, volumeID, lease: length }],
  });
  const lease = leaseOf(service, { lease: { workflowID, endsAt: '' } });
  return { lease, endsAt: Date.parse((await lease.view()).endsAt) };
}

export const volumeOf = (service: Service, volumeID: number) =>
  service.simulator.cluster.state().volumes.find((v) => v.volumeID === volumeID);

/** Somebody connects to the volume, or, without initiators, everybody leaves. */
export const connect = (service: Service, volumeID: number, ...initiators: string[]) =>
  service.simulator.cluster.setSessions(initiators.map((initiatorName) => ({ volumeID, initiatorName })));
