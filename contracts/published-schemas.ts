import { z } from 'zod';
import { FAN_OUT_PROGRESS } from './clone-fan-out-result.ts';
import { cloneFanOutRequestSchema } from './clone-fan-out.ts';
import { cloneGroupRequestSchema } from './clone-group.ts';
import { cloneLeaseRequestSchema, timeSchema } from './clone-lease.ts';
import { cloneVolumeRequestSchema } from './clone-volume.ts';
import { copyVolumeRequestSchema, undoCopyRequestSchema } from './copy-volume.ts';
import { leaseSchema, text } from './fields.ts';
import { LEASE } from './lease.ts';
import { WORKFLOW } from './names.ts';
import { refreshCloneRequestSchema } from './refresh-clone.ts';
import * as results from './result-schemas.ts';
import { runbookRequestSchema } from './runbook/check.ts';
import { RUNBOOK } from './runbook/names.ts';
import {
  approvalDecisionSchema,
  runbookFailureSchema,
  runbookResultSchema,
  stepStateSchema,
} from './runbook/result-schema.ts';

/** What one workflow type takes and gives: the schemas that `scripts/schemas.ts` publishes. */
export interface PublishedWorkflow {
  request: z.ZodType;
  result: z.ZodType;
  /** `details[0]` of an ApplicationFailure of the type `CloneFailed`, of a runbook `RunbookFailed`. */
  failure?: z.ZodType;
  updates?: Record<string, { request: z.ZodType; result: z.ZodType }>;
  queries?: Record<string, { result: z.ZodType }>;
}

const requestedBy = text(64).optional().describe('Who asks.');

/** Argument of the update `extend` of a lease. Workflow code checks it by itself: contracts/lease.ts. */
export const leaseExtensionSchema = z
  .strictObject({
    by: leaseSchema
      .optional()
      .describe('Either this or until: after the present end of the lease; after now, when that has passed.'),
    until: timeSchema.optional().describe('Either this or by: the new end, a moment in ISO 8601 with a zone.'),
    requestedBy,
  })
  .meta({ oneOf: [{ required: ['by'] }, { required: ['until'] }] });

/** Argument of the update `release` of a lease. */
export const leaseReleaseSchema = z.strictObject({ requestedBy });

/** By workflow type: everything that others start. */
export const PUBLISHED: Record<string, PublishedWorkflow> = {
  [WORKFLOW.cloneVolume]: {
    request: cloneVolumeRequestSchema,
    result: results.cloneVolumeResultSchema,
    failure: results.cloneFailureSchema,
  },
  [WORKFLOW.cloneGroup]: {
    request: cloneGroupRequestSchema,
    result: results.cloneGroupResultSchema,
    failure: results.groupFailureSchema,
  },
  [WORKFLOW.cloneFanOut]: {
    request: cloneFanOutRequestSchema,
    result: results.cloneFanOutResultSchema,
    failure: results.fanOutFailureSchema,
    queries: { [FAN_OUT_PROGRESS]: { result: results.fanOutProgressSchema } },
  },
  [WORKFLOW.copyVolume]: {
    request: copyVolumeRequestSchema,
    result: results.copyVolumeResultSchema,
    failure: results.copyFailureSchema,
  },
  [WORKFLOW.undoCopy]: {
    request: undoCopyRequestSchema,
    result: results.undoCopyResultSchema,
    failure: results.copyFailureSchema,
  },
  [WORKFLOW.refreshClone]: {
    request: refreshCloneRequestSchema,
    result: results.refreshCloneResultSchema,
    failure: results.refreshFailureSchema,
  },
  [WORKFLOW.cloneLease]: {
    request: cloneLeaseRequestSchema,
    result: results.cloneLeaseResultSchema,
    updates: {
      [LEASE.extend]: { request: leaseExtensionSchema, result: results.leaseViewSchema },
      [LEASE.release]: { request: leaseReleaseSchema, result: results.leaseViewSchema },
    },
    queries: { [LEASE.view]: { result: results.leaseViewSchema } },
  },
  [WORKFLOW.runbook]: {
    request: runbookRequestSchema,
    result: runbookResultSchema,
    failure: runbookFailureSchema,
    updates: { [RUNBOOK.decide]: { request: approvalDecisionSchema, result: stepStateSchema } },
    queries: { [RUNBOOK.steps]: { result: z.array(stepStateSchema) } },
  },
};
