// The simulated cluster as a process of its own, so that its work is not taken for the worker's.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startSimulator, type Behaviour } from '../../simulator/index.ts';
import type { Endpoint } from './cluster.ts';

const self = fileURLToPath(import.meta.url);

export async function startSimulatorProcess(
  behaviour: Partial<Behaviour>,
): Promise<Endpoint & { stop(): Promise<void> }> {
  const child: ChildProcess = fork(self, [JSON.stringify(behaviour)], { execArgv: ['--import', 'tsx'] });
  const ended = once(child, 'exit');
  const [ready] = (await Promise.race([
    once(child, 'message'),
    ended.then(() => Promise.reject(new Error('The simulated cluster ended at once'))),
  ])) as [Endpoint];
  return {
    ...ready,
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

if (process.argv[1] === self && process.send) {
  const { endpoint, caPem } = await startSimulator({
    seed: 7,
    password: 'simulator',
    behaviour: JSON.parse(process.argv[2] ?? '{}') as Partial<Behaviour>,
  });
  process.once('disconnect', () => process.exit(0));
  process.send({ endpoint, caPem } satisfies Endpoint);
}
