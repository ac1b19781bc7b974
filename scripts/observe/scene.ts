import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { startSimulator, type RunningSimulator } from '../../simulator/index.ts';
import { blackHole } from '../../test/support/black-hole.ts';
import { freePort } from '../../test/support/free-port.ts';
import { waitFor } from '../../test/support/wait.ts';
import { startTemporal } from '../temporal-server.ts';

export interface Scene {
  temporal: string;
  /** `http://…` */
  prometheus: string;
  simulator: RunningSimulator;
  stop(): Promise<void>;
}

/** Temporal, a simulated cluster, one that never answers, one that refuses the password, a worker, and Prometheus. */
export async function makeScene(root: string): Promise<Scene> {
  const dir = await mkdtemp(join(tmpdir(), 'element-clone-observe-'));
  const stops: (() => Promise<void>)[] = [() => rm(dir, { recursive: true, force: true })];
  const stop = async () => {
    for (const end of stops.toReversed()) await end();
  };
  try {
    const temporal = await startTemporal({ ui: false });
    stops.push(() => temporal.stop());
    const simulator = await startSimulator({ seed: 7, caOut: join(dir, 'ca.pem'), behaviour: { cloneSeconds: 4 } });
    stops.push(() => simulator.close());
    const hole = await blackHole();
    stops.push(() => hole.close());
    const cluster = (alias: string, endpoint: string, password: string) =>
      `  ${alias}:\n    endpoint: ${endpoint}\n    apiVersion: "12.5"\n    username: admin\n    password: { env: ${password} }\n    tls: { caFile: ./ca.pem }\n    stallSeconds: 5\n    pollCapSeconds: 2\n`;
    const config = join(dir, 'element-clone.yaml');
    await writeFile(
      config,
      `clusters:\n${cluster('lab', simulator.endpoint, 'RIGHT')}${cluster('dead', hole.endpoint, 'RIGHT')}${cluster('locked', simulator.endpoint, 'WRONG')}`,
    );
    const { code } = await bundleWorkflowCode({ workflowsPath: join(root, 'workflows/index.ts') });
    const bundle = join(dir, 'workflow-bundle.js');
    await writeFile(bundle, code);
    const port = await freePort();
    const env = {
      TEMPORAL_ADDRESS: temporal.address,
      TEST_WORKFLOW_BUNDLE: bundle,
      ELEMENT_CLONE_CONFIG: config,
      ELEMENT_CLONE_MONITORING: String(port),
      RIGHT: 'simulator',
      WRONG: 'another',
    };
    stops.push(run(process.execPath, ['--import', 'tsx', 'test/support/worker-process.ts'], root, env));
    await waitFor('the worker', async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
    const prometheus = await startPrometheus(root, dir, port, stops);
    return { temporal: temporal.address, simulator, prometheus, stop };
  } catch (err) {
    await stop();
    throw err;
  }
}

/** Ours, looking every second at one worker. */
async function startPrometheus(root: string, dir: string, worker: number, stops: (() => Promise<void>)[]) {
  const text = (await readFile(join(root, 'ops/prometheus/prometheus.yml'), 'utf8'))
    .replaceAll('15s', '1s')
    .replace('alerts.yml', join(root, 'ops/prometheus/alerts.yml'))
    .replace(/targets: .*/, `targets: ['127.0.0.1:${worker}']`);
  await writeFile(join(dir, 'prometheus.yml'), text);
  const port = await freePort();
  const args = [
    `--config.file=${join(dir, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ];
  stops.push(run(process.env['PROMETHEUS'] ?? 'prometheus', args, root, {}));
  await waitFor('Prometheus', async () => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok);
  return `http://127.0.0.1:${port}`;
}

function run(command: string, args: string[], cwd: string, env: Record<string, string>): () => Promise<void> {
  const child: ChildProcess = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', process.env['TEST_LOG'] === '1' ? 'inherit' : 'ignore'],
  });
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
}
