import { z } from 'zod';
import { date, int, intOrNone } from './common.ts';

/** Not reported in the stage `metadata`. */
const measure = z
  .number()
  .nullish()
  .transform((n) => n ?? 0);

/** A sync job of type `clone`. Rates are bytes per second, times seconds. */
export const cloneJobSchema = z.object({
  type: z.literal('clone'),
  cloneID: intOrNone,
  groupCloneID: intOrNone,
  srcVolumeID: int,
  dstVolumeID: int,
  /** Absent for a clone of the volume as it is. */
  snapshotID: intOrNone,
  nodeID: intOrNone,
  /** metadata: no progress to see yet; data; whole. */
  stage: z.string(),
  percentComplete: measure,
  bytesPerSecond: measure,
  currentBytes: measure,
  totalBytes: measure,
  elapsedTime: measure,
  remainingTime: measure,
});
export type CloneJob = z.infer<typeof cloneJobSchema>;

/** Clone jobs only: jobs of other types are noise that may have any shape. */
export const listSyncJobsSchema = z.object({ syncJobs: z.array(z.unknown()) }).transform(({ syncJobs }, ctx) => {
  const cloneJobs: CloneJob[] = [];
  for (const [i, job] of syncJobs.entries()) {
    if (!isClone(job)) continue;
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

const isClone = (job: unknown) => typeof job === 'object' && job !== null && 'type' in job && job.type === 'clone';

/** GetAsyncResult: an error may be *inside* a successful answer. */
export const asyncResultSchema = z.object({
  status: z.enum(['running', 'complete']),
  resultType: z.string().optional(),
  createTime: date.optional(),
  lastUpdateTime: date.optional(),
  result: z
    .object({ cloneID: intOrNone, volumeID: intOrNone, message: z.string().optional() })
    .nullish()
    .transform((r) => r ?? undefined),
  error: z
    .object({ name: z.string().default('xUnknown'), message: z.string().default('') })
    .nullish()
    .transform((e) => e ?? undefined),
});
export type AsyncResult = z.infer<typeof asyncResultSchema>;

export const asyncHandleSchema = z.object({
  /** The asyncHandle. */
  asyncResultID: int,
  completed: z.boolean(),
  success: z.boolean().nullish(),
  resultType: z.string(),
  createTime: date.optional(),
  lastUpdateTime: date.optional(),
  /** Of clones only: what other types say differs by type. */
  data: z
    .object({
      cloneID: intOrNone,
      groupCloneID: intOrNone,
      volumeID: intOrNone,
      members: z
        .array(z.object({ srcVolumeID: int, volumeID: int }))
        .optional()
        .catch(undefined),
      /** Of one that failed: the error. */
      name: z.string().optional().catch(undefined),
      message: z.string().optional(),
    })
    .nullish()
    .catch(null),
});
export type AsyncHandle = z.infer<typeof asyncHandleSchema>;
