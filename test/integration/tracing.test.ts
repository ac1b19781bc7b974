import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { otlpReceiver } from '../support/otlp-receiver.ts';
import { startService } from '../support/service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';
import { workerProcesses } from '../support/worker-processes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const silent = () => {};

test('one trace leads from the command line to each call of the Element API, without a secret', async () => {
  const receiver = await otlpReceiver();
  const service = await startService({ worker: false, simulator: { behaviour: { cloneSeconds: 0.5 } } });
  try {
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(root, 'workflows/index.ts'),
      workflowInterceptorModules: [
        join(root, 'node_modules/@temporalio/interceptors-opentelemetry/lib/workflow-interceptors.js'),
      ],
      logger: { log: silent, trace: silent, debug: silent, info: silent, warn: console.warn, error: console.error },
    });
    const bundle = join(await tempDir(), 'workflow-bundle-traced.js');
    await writeFile(bundle, code);
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '200' };
    const worker = (await workerProcesses(service, { env: { ...env, TEST_WORKFLOW_BUNDLE: bundle } }))();

    const cli = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        'client/cli/main.ts',
        'clone',
        '--cluster',
        'lab',
        '--volume-id',
        '42',
        '--name',
        'traced',
        '--wait',
      ],
      {
        cwd: root,
        stdio: ['ignore', 'ignore', 'inherit'],
        env: {
          ...process.env,
          ...env,
          TEMPORAL_ADDRESS: service.address,
          ELEMENT_CLONE_TASK_QUEUE: service.taskQueue,
        },
      },
    );
    expect(await once(cli, 'exit')).toEqual([0, null]);
    worker.kill('SIGTERM');
    if (worker.exitCode === null) await once(worker, 'exit');

    const start = await waitFor('the start', () => receiver.spans.find((s) => s.name === 'StartWorkflow:cloneVolume'));
    const ours = receiver.spans.filter((s) => s.traceId === start.traceId);
    const byID = new Map(ours.map((s) => [s.spanId, s]));
    const pathOf = (name: string) => {
      const path: string[] = [];
      let span = ours.find((s) => s.name === name);
      for (; span; span = span.parentSpanId === undefined ? undefined : byID.get(span.parentSpanId)) {
        path.unshift(`${span.service} ${span.name}`);
      }
      return path;
    };
    expect(pathOf('Element:CloneVolume')).toEqual([
      'element-clone-cli StartWorkflow:cloneVolume',
      'element-clone-worker RunWorkflow:cloneVolume',
      'element-clone-worker StartActivity:startClone',
      'element-clone-worker RunActivity:startClone',
      'element-clone-worker Element:CloneVolume',
    ]);
    expect(ours.find((s) => s.name === 'Element:CloneVolume')?.attributes).toEqual(
      expect.arrayContaining([
        { key: 'rpc.method', value: { stringValue: 'CloneVolume' } },
        { key: 'element.cluster', value: { stringValue: 'lab' } },
        { key: 'element.outcome', value: { stringValue: 'ok' } },
      ]),
    );
    // The password of the simulated cluster, as it is and as it travels.
    const all = receiver.bodies.join('\n');
    expect(all).not.toMatch(/"simulator"|authorization|Basic /i);
    expect(all).not.toContain(Buffer.from('admin:simulator').toString('base64'));
  } finally {
    await service.stop();
  }
});
