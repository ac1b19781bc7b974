import { z } from 'zod';
import { isoDate } from '../clock.ts';
import { membersOf } from '../clone-jobs.ts';
import type { Context } from '../context.ts';
import { noSuchAsyncResult } from '../errors.ts';
import { id, method, type Method } from '../method.ts';
import { progressOf } from '../progress.ts';
import type { AsyncResultRecord } from '../records.ts';

/** What is known of the clone, or the group of clones, while it runs. */
const runningData = ({ state, behaviour }: Context, r: AsyncResultRecord): Record<string, unknown> => {
  const jobs = r.cloneIDs.flatMap((cloneID) => state.cloneJobs.get(cloneID) ?? []);
  if (r.groupCloneID === null) return { cloneID: jobs[0]?.cloneID, volumeID: jobs[0]?.dstVolumeID };
  return {
    groupCloneID: r.groupCloneID,
    ...membersOf(behaviour, jobs),
  };
};

const details = (context: Context, r: AsyncResultRecord): Record<string, unknown> => {
  const jobs = r.cloneIDs.flatMap((cloneID) => context.state.cloneJobs.get(cloneID) ?? []);
  const progress = jobs.map((job) => progressOf(job, context.nowMs));
  const sum = (of: (p: ReturnType<typeof progressOf>) => number): number =>
    progress.reduce((total, p) => total + of(p), 0);
  return {
    ...runningData(context, r),
    currentBytes: sum((p) => p.currentBytes),
    totalBytes: sum((p) => p.totalBytes),
    message: 'Clone in progress.',
  };
};

const times = (r: AsyncResultRecord, nowMs: number) => ({
  createTime: isoDate(r.createMs),
  lastUpdateTime: isoDate(r.outcome === null ? nowMs : r.lastUpdateMs),
});

const getAsyncResult = method(
  'GetAsyncResult',
  { asyncHandle: id, keepResult: z.boolean().optional() },
  (context, p) => {
    const record = context.state.asyncResults.get(p.asyncHandle);
    if (record === undefined) throw noSuchAsyncResult(p.asyncHandle);
    const common = { ...times(record, context.nowMs), resultType: record.resultType };
    if (record.outcome === null) return { ...common, details: details(context, record), status: 'running' };
    if (p.keepResult !== true) context.state.asyncResults.delete(p.asyncHandle);
    return { ...common, ...record.outcome, status: 'complete' };
  },
);

const listAsyncResults = method(
  'ListAsyncResults',
  {
    asyncResultTypes: z
      .array(z.enum(['DriveAdd', 'BulkVolume', 'Clone', 'DriveRemoval', 'RtfiPendingNode']))
      .optional(),
  },
  (context, p) => ({
    asyncHandles: [...context.state.asyncResults.values()]
      .filter((r) => p.asyncResultTypes?.includes(r.resultType) ?? true)
      .map((r) => {
        const outcome = r.outcome ?? { result: { ...runningData(context, r), message: 'Clone in progress.' } };
        return {
          asyncResultID: r.asyncHandle,
          completed: r.outcome !== null,
          ...times(r, context.nowMs),
          data: 'error' in outcome ? outcome.error : outcome.result,
          resultType: r.resultType,
          success: r.outcome !== null && 'result' in r.outcome,
        };
      }),
  }),
);

export const asyncResultMethods: Method[] = [getAsyncResult, listAsyncResults];
