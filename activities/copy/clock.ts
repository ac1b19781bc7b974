import type { StepContext } from '../step.ts';

/** Now, by the clock of the cluster as it was at the last answer. */
export const clusterTime = (ctx: StepContext): number => ctx.now() + (ctx.api.clockSkewMs() ?? 0);

/** As the API writes its dates. */
export const isoSeconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
