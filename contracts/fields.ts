import { z } from 'zod';
import { durationSchema } from './duration-schema.ts';
import { forReaders } from './for-readers.ts';
import { ATTRIBUTES_BYTES_MAX, TAG_ATTRIBUTE } from './names.ts';
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

/**
 * What JSON Schema can say of a check between members, for `.meta()` of what has the check: it knows nothing of zod's own.
 */
export const notBoth = (a: string, b: string) => ({ not: { required: [a, b] } });

/** Also compares members beside which something else is wrong, so that every fault is reported at once. */
export const always = { when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null };

export const id = (what: string) =>
  z
    .int(must(`${what}, a whole number`))
    .positive({ error: `must be ${what}, 1 or more` })
    .describe(sentence(what));

const sentence = (text: string) => `${text[0]!.toUpperCase()}${text.slice(1)}.`;

export const sizeBytes = z
  .int({ error: 'must be a size in bytes, a whole number' })
  .min(VOLUME_SIZE_MIN, { error: `must be at least ${VOLUME_SIZE_MIN} bytes` })
  .max(VOLUME_SIZE_MAX, { error: `must be at most ${VOLUME_SIZE_MAX} bytes` })
  .meta({ description: 'Bytes.', ...forReaders({ unit: 'bytes' }) });

export const text = (max: number) =>
  z
    .string(must('text'))
    .min(1, { error: 'must not be empty' })
    .max(max, { error: `must be at most ${max} characters` });

export const accessSchema = z
  .enum(['readOnly', 'readWrite', 'locked', 'replicationTarget'], {
    error: 'must be one of readOnly, readWrite, locked, replicationTarget',
  })
  .describe('What hosts may do with the volume. Default: as its source.');

/** Members by name, of which there may be so many. */
export const recordOf = <K extends z.core.$ZodRecordKey, V extends z.ZodType>(
  key: K,
  value: V,
  max: number,
  params?: { error: string },
) =>
  z
    .record(key, value, params)
    .refine((members) => Object.keys(members).length <= max, { error: `must have at most ${max} members` })
    .meta({ maxProperties: max });

export const anyJSON = z.json().meta({ id: 'JSON', description: 'Any JSON value.' });

/** More pairs than fit into the bytes that attributes may have. */
const ATTRIBUTES_MAX = 200;

export const attributesSchema = recordOf(z.string().min(1).max(ATTRIBUTES_BYTES_MAX), anyJSON, ATTRIBUTES_MAX)
  .refine((a) => !(TAG_ATTRIBUTE in a), {
    ...always,
    error: `"${TAG_ATTRIBUTE}" is reserved for the ownership tag`,
  })
  .meta({
    maxProperties: ATTRIBUTES_MAX,
    description: 'Attributes of the volume, beside the ownership tag: name and value pairs, a kilobyte in all.',
    not: { required: [TAG_ATTRIBUTE] },
  });

export const newAccountSchema = id('the ID of an account').describe(
  'The account that gets the new volume. Default: that of its source.',
);

const iops = (what: string) =>
  z
    .int({ error: 'must be IOPS, a whole number' })
    .positive()
    .meta({ description: `${what}, in IOPS. Default: as the source.`, ...forReaders({ unit: 'IOPS' }) });

const inOrder = (low: unknown, high: unknown) => typeof low !== 'number' || typeof high !== 'number' || low <= high;

export const qosSchema = z
  .strictObject({
    minIOPS: iops('Guaranteed').optional(),
    maxIOPS: iops('At most, over time').optional(),
    burstIOPS: iops('At most, for a moment').optional(),
  })
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
  })
  .meta({ description: 'Quality of service of the volume itself, in IOPS.', minProperties: 1 });

export const snapshotOptionsSchema = z.strictObject({
  name: text(64).optional().describe(`Name of the snapshot. Default: the clone's name.`),
  retention: z
    .enum(['keep', 'delete'], { error: 'must be "keep" or "delete"' })
    .optional()
    .describe('What becomes of our snapshot when the clone is done. Default: "delete".'),
  expiresIn: durationSchema(365)
    .optional()
    .describe('The cluster removes the snapshot by itself after this, whatever happens to us. Default: "24h".'),
});

export const modifySchema = z
  .strictObject({
    qos: qosSchema.optional(),
    qosPolicyID: id('the ID of a QoS policy, in place of qos').optional(),
    access: accessSchema.optional(),
    attributes: attributesSchema.optional(),
    accountID: id('the ID of an account').optional().describe('The account that gets the volume.'),
    totalSize: sizeBytes.optional().describe('Bytes; can only grow.'),
  })
  .refine((m) => m.qos === undefined || m.qosPolicyID === undefined, {
    ...always,
    path: ['qos'],
    error: 'give either qos or qosPolicyID, not both',
  })
  .meta({ description: 'Changes made by ModifyVolume once the clone is there.', ...notBoth('qos', 'qosPolicyID') });

export const volumeAccessGroupsSchema = z
  .array(z.union([id('an ID'), text(64)], { error: 'must be the ID or the name of a volume access group' }))
  .max(64, { error: 'at most 64 groups per volume' })
  .refine((g) => !Array.isArray(g) || new Set(g).size === g.length, { ...always, error: 'names a group twice' })
  .meta({ description: 'IDs or names of the volume access groups that get the new volume.', uniqueItems: true });

export const clusterSchema = z
  .string(must('the alias of a cluster'))
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
    error: 'must be the alias of a cluster in the worker configuration: letters, digits, ".", "_" or "-"',
  })
  .describe('Alias of the cluster in the configuration of the worker; never an address or a secret.');

export const seriesSchema = z
  .string(must('the name of the series'))
  .regex(SERIES, { error: 'must be 1 to 48 letters, digits, ".", "_" or "-", beginning with a letter or digit' })
  .describe('Name of the series.');

/** Which generation of which series a clone is: set by `refreshClone`, whose retention goes by it. */
export const generationSchema = z.strictObject({
  name: seriesSchema,
  generation: z
    .int(must('the number of the generation'))
    .positive({ error: 'must be 1 or more' })
    .describe('1 for the first.'),
});

/** Longest lease, in days: ten years. */
export const LEASE_DAYS_MAX = 3650;
export const leaseSchema = durationSchema(LEASE_DAYS_MAX);

/** For how long a clone lives. */
export const leaseFields = {
  lease: leaseSchema
    .optional()
    .describe('Delete the clone after this, unless extended; counted from when it is ready.'),
  leaseMax: leaseSchema
    .optional()
    .describe(
      'How far from the moment of asking an extension may reach. Default: "30d", or the lease when that is longer.',
    ),
  leaseGrace: durationSchema(LEASE_DAYS_MAX)
    .optional()
    .describe(
      'When the lease is over, hosts that are still connected keep the clone alive for at most this. Default: "24h".',
    ),
};

/** What JSON Schema can say of `checkLeaseOptions` of one clone. */
export const LEASE_OPTIONS_NEED_LEASE = { dependentRequired: { leaseMax: ['lease'], leaseGrace: ['lease'] } };

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
  requestId: z
    .string()
    .regex(REQUEST_ID, { error: 'must be 1 to 100 printable ASCII characters without spaces' })
    .optional()
    .describe(`The caller's idempotency key: the same key never clones twice.`),
  deadline: durationSchema(30).optional().describe('Give up, and undo, after this. Default: "24h".'),
  onFailure: z
    .enum(['cleanup', 'keep'], { error: 'must be "cleanup" or "keep"' })
    .optional()
    .describe('What becomes of what was made when the request fails. Default: "cleanup": it is undone.'),
  requestedBy: text(64).optional().describe('Who asked; shown to people and kept on the volume.'),
  priority: z
    .int({ error: 'must be 1 to 5' })
    .min(1, { error: 'must be 1 to 5' })
    .max(5, { error: 'must be 1 to 5' })
    .optional()
    .describe('Place in line for clone slots: 1 is the most urgent, 5 the least. Default: 3.'),
};
