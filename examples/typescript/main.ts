/** A team's own worker on its own task queue, and one run of its workflows: npx tsx examples/typescript/main.ts */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { cloneOrSayWhy, rehearseRelease } from './workflows.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });
const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
const connection = await NativeConnection.connect(connectionOptions);
const client = new Client({ connection, namespace });
const taskQueue = 'release-team';
const worker = await Worker.create({
  connection,
  namespace,
  taskQueue,
  workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)),
});

await worker.runUntil(async () => {
  const release = process.env['RELEASE'] ?? `r-${randomUUID().slice(0, 8)}`;
  const rehearsal = await client.workflow.execute<typeof rehearseRelease>('rehearseRelease', {
    workflowId: `rehearse-${release}`,
    taskQueue,
    args: [{ cluster: 'lab', volumeID: 42, release }],
  });
  console.log(`rehearse-${release}`);
  console.log(
    `  clones ${rehearsal.before} and ${rehearsal.scratch}, ${rehearsal.rewound} bytes copied from one onto the other`,
  );
  const said = await client.workflow.execute<typeof cloneOrSayWhy>('cloneOrSayWhy', {
    workflowId: `say-why-${release}`,
    taskQueue,
    args: ['lab', 999],
  });
  console.log(`say-why-${release}\n  ${said}`);
});
await connection.close();
