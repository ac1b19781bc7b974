import type { SimulatorOptions } from '../../simulator/index.ts';
import { ours } from './invariants.ts';
import { startService, type Service, type ServiceOptions } from './service.ts';
import { waitFor } from './wait.ts';

/** A service for the length of `body`, over a cluster whose copies take a second unless told otherwise. */
export async function withService<T>(
  simulator: SimulatorOptions,
  body: (service: Service) => Promise<T>,
  options: Omit<ServiceOptions, 'simulator'> = {},
): Promise<T> {
  const behaviour = { cloneSeconds: 1, youngVolumeSeconds: 0, ...simulator.behaviour };
  const service = await startService({ ...options, simulator: { ...simulator, behaviour } });
  try {
    return await body(service);
  } finally {
    await service.stop();
  }
}

/** A call of this method has reached the cluster, `times` of them. */
export const called = ({ simulator }: Service, method: string, times = 1) =>
  waitFor(`${times} calls of ${method}`, () => (simulator.cluster.calls.counts().byMethod[method] ?? 0) >= times);

/** A copy of ours runs. */
export const copying = ({ simulator }: Service) =>
  waitFor('the copy to run', () => ours(simulator.cluster.state()).jobs.length > 0);
