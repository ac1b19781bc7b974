// The simulated cluster as a process of its own, so that its work is not taken for the worker's.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startSimulator, type CallCounts, type SimulatorOptions, type StateView } from '../../simulator/index.ts';
import type { Endpoint } from './cluster.ts';

const self = fileURLToPath(import.meta.url);

export interface SimulatorProcess extends Endpoint {
  state(): Promise<StateView>;
  calls(): Promise<CallCounts>;
  clock(): Promise<{ nowMs: number }>;
  stop(): Promise<void>;
}

type Ready = Endpoint & { controlUrl: string };

export async function startSimulatorProcess(options: SimulatorOptions): Promise<SimulatorProcess> {
  // By message and not as an argument: the rules of a hundred copies are long.
  const child: ChildProcess = fork(self, [], { execArgv: ['--import', 'tsx'] });
  const ended = once(child, 'exit');
  child.send(options);
  const [{ endpoint, caPem, controlUrl }] = (await Promise.race([
    once(child, 'message'),
    ended.then(() => Promise.reject(new Error('The simulated cluster ended at once'))),
  ])) as [Ready];
  const get = async (path: string) => (await fetch(`${controlUrl}${path}`)).json();
  return {
    endpoint,
    caPem,
    state: async () => (await get('/state')) as StateView,
    calls: async () => (await get('/calls')) as CallCounts,
    clock: async () => (await get('/clock')) as { nowMs: number },
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

if (process.argv[1] === self && process.send) {
  process.once('disconnect', () => process.exit(0));
  const [options] = (await once(process, 'message')) as [SimulatorOptions];
  const { endpoint, caPem, controlUrl } = await startSimulator({ seed: 7, password: 'simulator', ...options });
  process.send({ endpoint, caPem, controlUrl } satisfies Ready);
}
