import type { CloneJobRecord } from './records.ts';

/** How far a copy is, in the members of a syncJob. */
export interface Progress {
  stage: 'metadata' | 'data';
  bytesPerSecond: number;
  currentBytes: number;
  totalBytes: number;
  percentComplete: number;
  /** Simulated seconds. */
  elapsedTime: number;
  remainingTime: number;
}

/** Share of the data that is copied after so long in the data stage. */
const shareAfter = ({ dataMs, stallAtPercent, stallMs }: CloneJobRecord, elapsedMs: number): number => {
  const shareOf = (workedMs: number): number => (dataMs === 0 ? 1 : Math.min(1, workedMs / dataMs));
  if (stallAtPercent === null) return shareOf(elapsedMs);
  const stallsAt = stallAtPercent / 100;
  return elapsedMs < dataMs * stallsAt + stallMs
    ? Math.min(stallsAt, shareOf(elapsedMs))
    : shareOf(elapsedMs - stallMs);
};

/** "Status is not reported for [the metadata] stage" (syncJob): percent and remaining time are 0 there. */
export const progressOf = (job: CloneJobRecord, nowMs: number): Progress => {
  const elapsedMs = Math.max(0, Math.min(nowMs, job.endMs) - job.startMs);
  const dataElapsedMs = elapsedMs - job.metadataMs;
  const base = { totalBytes: job.totalBytes, elapsedTime: elapsedMs / 1000 };
  if (dataElapsedMs < 0) {
    return { ...base, stage: 'metadata', bytesPerSecond: 0, currentBytes: 0, percentComplete: 0, remainingTime: 0 };
  }
  const share = shareAfter(job, dataElapsedMs);
  const currentBytes = Math.floor(job.totalBytes * share);
  const bytesPerSecond = dataElapsedMs === 0 ? 0 : currentBytes / (dataElapsedMs / 1000);
  return {
    ...base,
    stage: 'data',
    bytesPerSecond,
    currentBytes,
    percentComplete: share * 100,
    remainingTime: bytesPerSecond === 0 ? 0 : (job.totalBytes - currentBytes) / bytesPerSecond,
  };
};
