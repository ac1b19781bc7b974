import { z } from 'zod';
import { date, int } from './common.ts';

/** A sync job of type `clone`. Rates are bytes per second, times seconds. */
export const cloneJobSchema = z.object({
  type: z.literal('clone'),
  cloneID: int.optional(),
  groupCloneID: int.optional(),
  srcVolumeID: int,
  dstVolumeID: int,
  snapshotID: int.optional(),
  nodeID: int.optional(),
  /** metadata: no progress to see yet; data; whole. */
  stage: z.string(),
  percentComplete: z.number().default(0),
  bytesPerSecond: z.number().default(0),
  currentBytes: z.number().default(0),
  totalBytes: z.number().default(0),
  elapsedTime: z.number().default(0),
  remainingTime: z.number().default(0),
});
export type CloneJob = z.infer<typeof cloneJobSchema>;

const jobOrNoise = z.object({ type: z.string() }).loose();

/** Clone jobs only: jobs of other types are noise that may have any shape. */
export const listSyncJobsSchema = z.object({ syncJobs: z.array(jobOrNoise) }).transform(({ syncJobs }, ctx) => {
  const cloneJobs: CloneJob[] = [];
  for (const [i, job] of syncJobs.entries()) {
    if (job.type !== 'clone') continue;
    const parsed = cloneJobSchema.safeParse(job);
    if (parsed.success) cloneJobs.push(parsed.data);
    else {
      for (const issue of parsed.error.issues) {
        ctx.addIssue({ code: 'custom', message: issue.message, path: ['syncJobs', i, ...issue.path] });
      }
    }
  }
  return { cloneJobs };
});

/** GetAsyncResult: an error may be *inside* a successful answer. */
export const asyncResultSchema = z.object({
  status: z.enum(['running', 'complete']),
  resultType: z.string().optional(),
  createTime: date.optional(),
  lastUpdateTime: date.optional(),
  result: z
    .object({ cloneID: int.optional(), volumeID: int.optional(), message: z.string().optional() })
    .loose()
    .optional(),
  error: z
    .object({ name: z.string().default('xUnknown'), message: z.string().default('') })
    .loose()
    .optional(),
});
export type AsyncResult = z.infer<typeof asyncResultSchema>;

export const asyncHandleSchema = z.object({
  /** The asyncHandle. */
  asyncResultID: int,
  completed: z.boolean(),
  success: z.boolean().optional(),
  resultType: z.string(),
  createTime: date.optional(),
  lastUpdateTime: date.optional(),
  data: z.object({ cloneID: int.optional(), volumeID: int.optional() }).loose().nullish(),
});
export type AsyncHandle = z.infer<typeof asyncHandleSchema>;
