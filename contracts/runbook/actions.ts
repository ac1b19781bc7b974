import { z } from 'zod';
import { cloneFanOutRequestSchema } from '../clone-fan-out.ts';
import { cloneGroupRequestSchema } from '../clone-group.ts';
import { timeSchema } from '../clone-lease.ts';
import { cloneVolumeRequestSchema } from '../clone-volume.ts';
import { copyVolumeRequestSchema } from '../copy-volume.ts';
import { durationSchema } from '../duration-schema.ts';
import {
  always,
  anyJSON,
  clusterSchema,
  id,
  LEASE_DAYS_MAX,
  modifySchema,
  must,
  notBoth,
  recordOf,
  text,
  volumeAccessGroupsSchema,
} from '../fields.ts';
import { hookNameSchema } from '../hooks.ts';
import { notHere, refreshGroup, refreshOne } from '../refresh-clone.ts';
import { inputValuesSchema } from './input.ts';
import type { StepKind } from './types.ts';

/*
 * The fields of each kind of step, as they must be once expressions have their values. Those that start a workflow of this
 * service are its request.
 */

/** Longest wait, and longest time for a run or a step, in days. */
export const DAYS_MAX = 365;
export const HTTP_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const cluster = clusterSchema
  .optional()
  .describe('Alias of the cluster in the configuration of the worker. Default: that of the document.');
const setByRun = { requestId: notHere('is set by the run, so that a step does nothing twice; leave it out') };

/** A request, of which the run sets the key, and the document may name the cluster. `never`: what differs from the request. */
const requestOf = (schema: z.ZodType) =>
  (schema as z.ZodObject).safeExtend({ cluster: cluster as never, ...(setByRun as object) }).meta(schema.meta() ?? {});

const refreshOf = (schema: typeof refreshOne | typeof refreshGroup) => {
  const { clone } = schema.shape;
  const withoutCluster = (clone as z.ZodObject).safeExtend({ cluster: cluster as never }).meta(clone.meta() ?? {});
  return (schema as z.ZodObject)
    .safeExtend({ clone: withoutCluster as never, ...(setByRun as object) })
    .meta(schema.meta() ?? {});
};
const refreshOfOne = refreshOf(refreshOne);
const refreshOfGroup = refreshOf(refreshGroup);

const volumeID = id('the ID of the volume').describe('The volume.');
const force = z
  .boolean({ error: 'must be true or false' })
  .optional()
  .describe('Also a volume that this service did not make. Default: false.');

const exactlyOne = (fields: readonly string[]) => ({
  check: (of: object) => fields.filter((f) => (of as Record<string, unknown>)[f] !== undefined).length === 1,
  params: { ...always, path: [fields[0]!], error: `give exactly one of ${fields.join(', ')}` },
  meta: { oneOf: fields.map((field) => ({ required: [field] })) },
});

const deleted = exactlyOne(['volumeID', 'snapshotID', 'groupSnapshotID']);
const snapshotOf = exactlyOne(['volumeID', 'volumes']);
const leased = exactlyOne(['for', 'extend', 'release']);
const CHANGES = Object.keys(modifySchema.shape);

const httpPath = text(2_000).refine(
  (path) => !/[\\?#\p{Cc}]|^\/?\/\/|^[A-Za-z][A-Za-z0-9+.-]*:|(^|\/)\.\.?(\/|$)/u.test(path),
  {
    error: `must be a path below the hook's address, without "..", scheme, host, "?" or "#"; give a query in query`,
  },
);
const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'must be text, a number, true or false' });
/** Taken by the engine. */
const OUTPUT_NAMES_TAKEN = ['status', 'outcome', 'items'];

/** By kind: the fields of a step. `refresh`: `refreshSchemaFor` knows which of the two. */
export const ACTIONS = {
  clone: requestOf(cloneVolumeRequestSchema),
  group: requestOf(cloneGroupRequestSchema),
  fanOut: requestOf(cloneFanOutRequestSchema),
  copy: requestOf(copyVolumeRequestSchema),
  refresh: z.union([refreshOfOne, refreshOfGroup]),
  snapshot: z
    .strictObject({
      cluster,
      volumeID: volumeID.optional().describe('Either this or volumes.'),
      volumes: z
        .array(id('the ID of a volume'), must('a list of IDs of volumes'))
        .min(1, { error: 'must name at least one volume' })
        .max(32, { error: 'must be at most 32 volumes' })
        .refine((ids) => new Set(ids).size === ids.length, { error: 'must name each volume once' })
        .optional()
        .describe('A group snapshot: these volumes at the same moment.'),
      name: text(64).optional().describe(`Name of the snapshot. Default: that of the first volume.`),
      expiresIn: durationSchema(DAYS_MAX)
        .optional()
        .describe('The cluster removes the snapshot by itself after this. Default: "24h".'),
    })
    .refine(snapshotOf.check, snapshotOf.params)
    .meta(snapshotOf.meta),
  modify: z
    .strictObject({ cluster, volumeID, ...modifySchema.shape, force })
    .refine((m) => CHANGES.some((c) => (m as Record<string, unknown>)[c] !== undefined), {
      ...always,
      error: `must change something: give one of ${CHANGES.join(', ')}`,
    })
    .refine((m) => m.qos === undefined || m.qosPolicyID === undefined, {
      ...always,
      path: ['qos'],
      error: 'give either qos or qosPolicyID, not both',
    })
    .meta({ ...notBoth('qos', 'qosPolicyID'), anyOf: CHANGES.map((change) => ({ required: [change] })) }),
  grant: z.strictObject({ cluster, volumeID, volumeAccessGroups: volumeAccessGroupsSchema, force }),
  revoke: z.strictObject({ cluster, volumeID, volumeAccessGroups: volumeAccessGroupsSchema, force }),
  delete: z
    .strictObject({
      cluster,
      volumeID: volumeID.optional().describe('This, snapshotID or groupSnapshotID.'),
      snapshotID: id('the ID of the snapshot').optional(),
      groupSnapshotID: id('the ID of the group snapshot').optional(),
      force: force.describe('Also a volume that hosts are connected to. Default: false.'),
    })
    .refine(deleted.check, deleted.params)
    .meta(deleted.meta),
  lease: z
    .strictObject({
      cluster,
      volumeID,
      for: durationSchema(LEASE_DAYS_MAX).optional().describe('Starts a lease: delete the volume after this.'),
      extend: durationSchema(LEASE_DAYS_MAX).optional().describe('Extends the lease of the volume by this.'),
      release: z.literal(true, { error: 'must be true' }).optional().describe('Ends the lease; the volume stays.'),
    })
    .refine(leased.check, leased.params)
    .meta(leased.meta),
  wait: z
    .strictObject({
      for: durationSchema(DAYS_MAX).optional().describe('For how long.'),
      until: text(2_000)
        .optional()
        .describe('Until when (ISO 8601 with a zone); with volume, an expression that must become true.'),
      volume: z
        .strictObject({ cluster, volumeID }, must('an object such as {"volumeID": 42}'))
        .optional()
        .describe('The volume that until speaks of, as `volume`: what ListVolumes shows.'),
    })
    .superRefine((w, ctx) => {
      const fault = (path: string, message: string) => ctx.addIssue({ code: 'custom', path: [path], message });
      if (w.volume !== undefined && w.until === undefined)
        fault('until', 'is missing; say what must be true of the volume');
      if (w.for !== undefined && (w.until !== undefined || w.volume !== undefined))
        fault('for', 'give either for or until');
      if (w.for === undefined && w.until === undefined && w.volume === undefined)
        fault('for', 'is missing; give for or until');
      if (w.volume !== undefined || typeof w.until !== 'string' || w.until.includes('${')) return;
      const time = timeSchema.safeParse(w.until);
      if (!time.success) fault('until', time.error.issues[0]!.message);
    }, always)
    .meta({ oneOf: [{ required: ['for'] }, { required: ['until'] }], dependentRequired: { volume: ['until'] } }),
  approval: z
    .strictObject({
      from: z
        .array(text(64), must('a list of those who may decide'))
        .min(1, { error: 'must be a list of those who may decide' })
        .max(50, { error: 'must be at most 50' })
        .describe('Who may decide; one of them is enough.'),
      message: text(300).optional().describe('What is asked.'),
      timeout: durationSchema(DAYS_MAX).optional().describe('Until then it is waited. Default: until the run is over.'),
      onTimeout: z
        .enum(['fail', 'approve', 'skip'], { error: 'must be "fail", "approve" or "skip"' })
        .optional()
        .describe('What it counts as when nobody has decided in time. Default: "fail".'),
    })
    .refine((a) => a.onTimeout === undefined || a.timeout !== undefined, {
      ...always,
      path: ['onTimeout'],
      error: 'is for an approval with a timeout; give timeout too, or leave this out',
    })
    .meta({ dependentRequired: { onTimeout: ['timeout'] } }),
  http: z
    .strictObject({
      hook: hookNameSchema,
      path: httpPath.optional().describe(`Below the hook's address.`),
      method: z
        .enum(HTTP_METHODS, { error: `must be one of ${HTTP_METHODS.join(', ')}` })
        .optional()
        .describe('Default: "POST".'),
      query: recordOf(z.string().min(1).max(200), scalar, 100).optional().describe('Parameters of the query.'),
      body: anyJSON.optional().describe('Sent as JSON. No secrets: it is kept in the history.'),
      outputs: recordOf(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,40}$/),
        text(200).regex(/^[^.]+(\.[^.]+)*$/, {
          error: 'must be names and indexes with dots between, such as "data.items.0.id"',
        }),
        100,
      )
        .optional()
        .describe('Fields of the answer that become outputs, each by its place: `data.items.0.id`.'),
    })
    .superRefine((h, ctx) => {
      const isBodiless = h.method === 'GET' || h.method === 'HEAD';
      if (isBodiless && h.body !== undefined) {
        ctx.addIssue({
          code: 'custom',
          path: ['body'],
          message: `is not sent with ${h.method}; leave it out, or use another method`,
        });
      }
      for (const name of OUTPUT_NAMES_TAKEN) {
        if (h.outputs !== null && typeof h.outputs === 'object' && Object.hasOwn(h.outputs, name)) {
          ctx.addIssue({
            code: 'custom',
            path: ['outputs', name],
            message: 'is set by the run; give this output another name',
          });
        }
      }
    }, always),
  runbook: z.strictObject({
    document: z.record(z.string(), anyJSON, must('a document; in a file, name another one with file')),
    inputs: inputValuesSchema.optional().describe('Values of its inputs.'),
  }),
  workflow: z.strictObject({
    type: text(200).describe('Type of the workflow.'),
    taskQueue: text(200).optional().describe('Where its workers poll. Default: that of this service.'),
    workflowID: text(500).optional().describe('Default: made of the run and the step.'),
    input: anyJSON.optional().describe('Its one argument. Default: {}.'),
  }),
} satisfies Record<StepKind, z.ZodType>;

/** The schema that says of these fields what is wrong with them. */
export function schemaFor(kind: StepKind, fields: unknown): z.ZodType {
  if (kind !== 'refresh') return ACTIONS[kind];
  const clone = (fields as { clone?: unknown } | null)?.clone;
  const isGroup = clone !== null && typeof clone === 'object' && Object.hasOwn(clone, 'volumes');
  return isGroup ? refreshOfGroup : refreshOfOne;
}
