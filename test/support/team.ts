import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { bundleWorkflowCode, NativeConnection, Worker } from '@temporalio/worker';
import { retriesUntilClosed } from '../../client/after-close.ts';
import { ensureSearchAttributes } from '../../worker/search-attributes.ts';
import { waitFor } from './wait.ts';

const source = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const silent = () => {};

/** A bundle of somebody else's workflows, which import this package by its name. */
export const bundleOf = async (path: string): Promise<string> => {
  const { code } = await bundleWorkflowCode({
    workflowsPath: source(path),
    logger: { log: silent, trace: silent, debug: silent, info: silent, warn: console.warn, error: console.error },
    webpackConfigHook: (config) => ({
      ...config,
      resolve: {
        ...config.resolve,
        alias: {
          ...(config.resolve?.alias as Record<string, string>),
          'element-clone/nexus$': source('contracts/nexus.ts'),
          'element-clone/workflow-client$': source('workflows/compose/index.ts'),
          'element-clone/workflows$': source('workflows/index.ts'),
        },
      },
    }),
  });
  return code;
};

/** A team with workflows of its own: its worker, on its task queue, in its namespace. */
export interface Team {
  client: Client;
  taskQueue: string;
  run<T>(workflow: string, ...args: unknown[]): Promise<T>;
  start(workflow: string, ...args: unknown[]): ReturnType<Client['workflow']['start']>;
  stop(): Promise<void>;
}

export async function startTeam(
  address: string,
  { code, namespace = 'default' }: { code: string; namespace?: string },
): Promise<Team> {
  const connection = await Connection.connect({ address, interceptors: retriesUntilClosed() });
  const client = new Client({ connection, namespace });
  if (namespace !== 'default') await makeNamespace(client, namespace);
  const native = await NativeConnection.connect({ address });
  await ensureSearchAttributes(native, namespace);
  const taskQueue = `team-${randomUUID()}`;
  const worker = await Worker.create({ connection: native, namespace, taskQueue, workflowBundle: { code } });
  const running = worker.run();
  const start = (workflow: string, ...args: unknown[]) =>
    client.workflow.start(workflow, { workflowId: `team-${randomUUID()}`, taskQueue, args });
  return {
    client,
    taskQueue,
    start,
    run: async <T>(workflow: string, ...args: unknown[]) => (await start(workflow, ...args)).result() as Promise<T>,
    stop: async () => {
      worker.shutdown();
      await running;
      await native.close();
      await connection.close();
    },
  };
}

async function makeNamespace({ workflowService }: Client, namespace: string): Promise<void> {
  await workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs('1d') });
  // The server's parts learn of it one after the other.
  await waitFor('the namespace to be served', async () => {
    try {
      await workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
      return true;
    } catch {
      return false;
    }
  });
}
