// A worker in a process of its own, for tests that kill it: configured by files and the environment as in production,
// over the workflow bundle that the tests have made from the sources.
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import { createClusters } from '../../worker/clusters.ts';
import { loadConfig } from '../../worker/config.ts';
import { runWorker } from '../../worker/index.ts';

const { TEST_WORKFLOW_BUNDLE: codePath = '', TEST_WORKER_ROLE: role, ...env } = process.env;

/** Half of a worker: it decides and does nothing, or does and decides nothing. */
async function runHalf(half: 'workflows' | 'activities'): Promise<void> {
  const address = env['TEMPORAL_ADDRESS']!;
  const connection = await NativeConnection.connect({ address });
  const common = { connection, taskQueue: env['ELEMENT_CLONE_TASK_QUEUE']! };
  if (half === 'workflows') return (await Worker.create({ ...common, workflowBundle: { codePath } })).run();
  const clusters = createClusters(await loadConfig());
  const temporal = new Client({ connection: await Connection.connect({ address }) });
  const activities = createActivities({
    cluster: (alias) => clusters.get(alias),
    clusterAliases: () => clusters.aliases(),
    temporal,
  });
  await (await Worker.create({ ...common, activities })).run();
}

await (role === 'workflows' || role === 'activities' ? runHalf(role) : runWorker({ workflowBundlePath: codePath }));
