import type { CloneJob, ElementClient } from '../../element/index.ts';

/** What the waiting side gets to see of the simulator's estimate, which is exact; a real cluster's is not. */
export interface Estimate {
  name: string;
  see: (job: CloneJob) => CloneJob | undefined;
}

const times = (name: string, factor: () => number): Estimate => ({
  name,
  see: (job) => ({ ...job, remainingTime: job.remainingTime * factor() }),
});

export const EXACT = times('exact', () => 1);
export const NOISY = times('off by up to 30 %', () => 0.7 + 0.6 * Math.random());
export const TOO_LONG = times('twice too long', () => 2);
export const TOO_SHORT = times('half of the truth', () => 0.5);
export const NONE: Estimate = { name: 'none, no job shown', see: () => undefined };

/** The same client, with ListSyncJobs as the estimate has it. */
export function withEstimate(api: ElementClient, { see }: Estimate): ElementClient {
  const listSyncJobs: ElementClient['listSyncJobs'] = async (params, options) => {
    const answer = await api.listSyncJobs(params, options);
    return { ...answer, cloneJobs: answer.cloneJobs.flatMap((job) => see(job) ?? []) };
  };
  return new Proxy(api, {
    get: (target, property, receiver) =>
      property === 'listSyncJobs' ? listSyncJobs : (Reflect.get(target, property, receiver) as unknown),
  });
}
