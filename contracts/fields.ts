import { z } from 'zod';
import { durationSchema } from './duration-schema.ts';
import { TAG_ATTRIBUTE } from './names.ts';
import { SERIES } from './series.ts';
import { REQUEST_ID } from './workflow-id.ts';

/** Fields that requests of several kinds have, with the errors that a person reads. */

/** Smallest and largest volume, in bytes (GetLimits: volumeSizeMin, volumeSizeMax). */
export const VOLUME_SIZE_MIN = 1_000_000_000;
export const VOLUME_SIZE_MAX = 17_592_186_044_416;

/** What a member must be; one that is not there is said to be missing. */
export const must = (be: string) => ({
  error: (issue: { input?: unknown }) => (issue.input === undefined ? `is missing; it must be ${be}` : `must be ${be}`),
});

/** Also compares members beside which something else is wrong, so that every fault is reported at once. */
export const always = { when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null };

export const id = (what: string) =>
  z.int(must(`${what}, a whole number`)).positive({ error: `must be ${what}, 1 or more` });

export const sizeBytes = z
  .int({ error: 'must be a size in bytes, a whole number' })
  .min(VOLUME_SIZE_MIN, { error: `must be at least ${VOLUME_SIZE_MIN} bytes` })
  .max(VOLUME_SIZE_MAX, { error: `must be at most ${VOLUME_SIZE_MAX} bytes` });

export const text = (max: number) =>
  z
    .string(must('text'))
    .min(1, { error: 'must not be empty' })
    .max(max, { error: `must be at most ${max} characters` });

export const accessSchema = z.enum(['readOnly', 'readWrite', 'locked', 'replicationTarget'], {
  error: 'must be one of readOnly, readWrite, locked, replicationTarget',
});

export const attributesSchema = z.record(z.string().min(1), z.json()).refine((a) => !(TAG_ATTRIBUTE in a), {
  ...always,
  error: `"${TAG_ATTRIBUTE}" is reserved for the ownership tag`,
});

const iops = z.int({ error: 'must be IOPS, a whole number' }).positive();

const inOrder = (low: unknown, high: unknown) => typeof low !== 'number' || typeof high !== 'number' || low <= high;

/** Quality of service of one volume, in IOPS. */
export const qosSchema = z
  .strictObject({ minIOPS: iops.optional(), maxIOPS: iops.optional(), burstIOPS: iops.optional() })
  .refine((q) => q.minIOPS !== undefined || q.maxIOPS !== undefined || q.burstIOPS !== undefined, {
    ...always,
    error: 'must set at least one of minIOPS, maxIOPS, burstIOPS',
  })
  .refine((q) => inOrder(q.minIOPS, q.maxIOPS), { ...always, path: ['minIOPS'], error: 'must not exceed maxIOPS' })
  .refine((q) => inOrder(q.maxIOPS, q.burstIOPS), { ...always, path: ['maxIOPS'], error: 'must not exceed burstIOPS' })
  .refine((q) => q.maxIOPS !== undefined || inOrder(q.minIOPS, q.burstIOPS), {
    ...always,
    path: ['minIOPS'],
    error: 'must not exceed burstIOPS',
  });

export const snapshotOptionsSchema = z.strictObject({
  /** Name of the snapshot. Default: the clone's name. */
  name: text(64).optional(),
  /** What becomes of our snapshot when the clone is done. @default "delete" */
  retention: z.enum(['keep', 'delete'], { error: 'must be "keep" or "delete"' }).optional(),
  /** The cluster removes the snapshot by itself after this, whatever happens to us. @default "24h" */
  expiresIn: durationSchema(365).optional(),
});

export const modifySchema = z
  .strictObject({
    qos: qosSchema.optional(),
    qosPolicyID: id('the ID of a QoS policy').optional(),
    access: accessSchema.optional(),
    attributes: attributesSchema.optional(),
    accountID: id('the ID of an account').optional(),
    /** Bytes; can only grow. */
    totalSize: sizeBytes.optional(),
  })
  .refine((m) => m.qos === undefined || m.qosPolicyID === undefined, {
    ...always,
    path: ['qos'],
    error: 'give either qos or qosPolicyID, not both',
  });

/** IDs or names of the volume access groups that get the new volume. */
export const volumeAccessGroupsSchema = z
  .array(z.union([id('an ID'), text(64)], { error: 'must be the ID or the name of a volume access group' }))
  .max(64, { error: 'at most 64 groups per volume' })
  .refine((g) => new Set(g).size === g.length, { ...always, error: 'names a group twice' });

/** Alias of the cluster in the worker's configuration; never an address or a secret. */
export const clusterSchema = z.string(must('the alias of a cluster')).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
  error: 'must be the alias of a cluster in the worker configuration: letters, digits, ".", "_" or "-"',
});

export const seriesSchema = z
  .string(must('the name of the series'))
  .regex(SERIES, { error: 'must be 1 to 48 letters, digits, ".", "_" or "-", beginning with a letter or digit' });

/** Which generation of which series a clone is: set by `refreshClone`, whose retention goes by it. */
export const generationSchema = z.strictObject({
  name: seriesSchema,
  generation: z.int(must('the number of the generation')).positive({ error: 'must be 1 or more' }),
});
/** Longest lease, in days: ten years. */
export const LEASE_DAYS_MAX = 3650;
export const leaseSchema = durationSchema(LEASE_DAYS_MAX);

/** For how long a clone lives. */
export const leaseFields = {
  /** Delete the clone after this, unless extended; counted from when it is ready. */
  lease: leaseSchema.optional(),
  /** How far from the moment of asking an extension may reach. @default "30d", or the lease when that is longer */
  leaseMax: leaseSchema.optional(),
  /** When the lease is over, hosts that are still connected keep the clone alive for at most this. @default "24h" */
  leaseGrace: durationSchema(LEASE_DAYS_MAX).optional(),
};

const LEASE_OPTIONS = ['leaseMax', 'leaseGrace'] as const;
type Leased = Record<string, unknown> | null | undefined;

/** leaseMax and leaseGrace are for a lease: of the clone, or of one of several clones in the field `list`. */
export const checkLeaseOptions =
  (list?: string) =>
  (request: unknown, ctx: z.RefinementCtx): void => {
    const shared = request as Leased;
    const given = list === undefined ? undefined : shared?.[list];
    const members = Array.isArray(given) ? (given as Leased[]) : [];
    const complain = (path: PropertyKey[]) =>
      ctx.addIssue({ code: 'custom', path, message: 'is for a clone with a lease; give lease too, or leave this out' });
    const isLeased = (m: Leased) => m?.['lease'] !== undefined;
    for (const option of LEASE_OPTIONS) {
      if (shared?.[option] !== undefined && ![shared, ...members].some(isLeased)) complain([option]);
      for (const [i, member] of members.entries()) {
        if (member?.[option] !== undefined && ![shared, member].some(isLeased)) complain([list!, i, option]);
      }
    }
  };

/** How a request is to be served, whatever it is for. */
export const orderFields = {
  /** The caller's idempotency key: the same key never clones twice. */
  requestId: z
    .string()
    .regex(REQUEST_ID, { error: 'must be 1 to 100 printable ASCII characters without spaces' })
    .optional(),
  /** Give up, and undo, after this. @default "24h" */
  deadline: durationSchema(30).optional(),
  /** @default "cleanup" */
  onFailure: z.enum(['cleanup', 'keep'], { error: 'must be "cleanup" or "keep"' }).optional(),
  /** Who asked; shown to people and kept on the volume. */
  requestedBy: text(64).optional(),
  /** 1 is the most urgent, 5 the least. @default 3 */
  priority: z
    .int({ error: 'must be 1 to 5' })
    .min(1, { error: 'must be 1 to 5' })
    .max(5, { error: 'must be 1 to 5' })
    .optional(),
};
