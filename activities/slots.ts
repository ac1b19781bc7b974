import { ElementApiError } from '../element/index.ts';
import { FAILURE } from '../contracts/names.ts';
import { NotYet, type StepContext } from './step.ts';

/** Pause when the running jobs give no estimate of when a slot may be free. */
const NO_ESTIMATE_MS = 5_000;
const MAX_MS = 30_000;

/** Waiting for a slot, said so, until about the time when the first job in the way ends by the cluster's estimate. */
export async function waitingForSlot(ctx: StepContext, volumeID: number, err: unknown): Promise<NotYet> {
  const perVolume = err instanceof ElementApiError && err.apiName === 'xMaxClonesPerVolumeExceeded';
  const jobs = (await ctx.jobs()).filter((j) => !perVolume || j.srcVolumeID === volumeID);
  const soonest = Math.min(...jobs.map((j) => (j.stage === 'metadata' ? Infinity : j.remainingTime * 1_000)));
  const delay = Number.isFinite(soonest) ? Math.min(MAX_MS, soonest + 300) : NO_ESTIMATE_MS;
  const name = err instanceof ElementApiError ? err.apiName : 'busy';
  return new NotYet(
    `waiting for a clone slot: ${jobs.length} clone job${jobs.length === 1 ? '' : 's'} running ${perVolume ? `on volume ${volumeID}` : 'on the cluster'} (${name})`,
    Math.max(1_000, delay),
    FAILURE.busy,
  );
}
