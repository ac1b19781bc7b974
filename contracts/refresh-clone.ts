import { z } from 'zod';
import { cloneGroupRequestSchema, VOLUMES_MAX } from './clone-group.ts';
import { cloneVolumeRequestSchema } from './clone-volume.ts';
import { parseRequest } from './faults.ts';
import { always, must, notBoth, orderFields, seriesSchema, text, volumeAccessGroupsSchema } from './fields.ts';
import { hookSchema } from './hooks.ts';
import { isTimeZone, templateFaults } from './name-template.ts';
import { defaultTemplate, SERIES } from './series.ts';

/** Far more than anybody wants to look through. */
const KEEP_MAX = 1_000;

/** A field of a clone's request that a refresh sets itself. */
export const notHere = (why: string) => z.never({ error: why }).optional().describe(`Not here: it ${why}.`);

const setByRefresh = {
  requestId: notHere('is made by the refresh; give requestId beside clone for the refresh itself'),
  volumeAccessGroups: notHere('would let hosts see two generations at once; give volumeAccessGroups beside clone'),
  lease: notHere('is not for generations, of which keep says how many live; leave it out'),
  leaseMax: notHere('is not for generations; leave it out'),
  leaseGrace: notHere('is not for generations; leave it out'),
  series: notHere('is set by the refresh; leave it out'),
};

const snapshotFault = (field: string) => ({
  ...always,
  path: ['snapshot'],
  error: `is for a snapshot taken now; leave it out when ${field} is given`,
});

const cloneOfOne = z
  .strictObject({
    ...cloneVolumeRequestSchema.shape,
    name: notHere('comes from nameTemplate; leave it out'),
    ...setByRefresh,
  })
  .refine((r) => r.snapshotID === undefined || r.snapshot === undefined, snapshotFault('snapshotID'))
  .meta({ description: 'What a generation is: as for cloneVolume.', ...notBoth('snapshotID', 'snapshot') });

const groupShape = cloneGroupRequestSchema.shape;

const memberSchema = z.strictObject(
  {
    ...groupShape.volumes.element.shape,
    name: text(48)
      .optional()
      .describe('What `{name}` in nameTemplate stands for. Default: the volumeID of the source.'),
    volumeAccessGroups: setByRefresh.volumeAccessGroups,
    ...{ lease: setByRefresh.lease, leaseMax: setByRefresh.leaseMax, leaseGrace: setByRefresh.leaseGrace },
  },
  { error: ({ code }) => (code === 'invalid_type' ? 'must be an object such as {"volumeID": 42}' : undefined) },
);

const cloneOfGroup = z
  .strictObject({
    ...groupShape,
    volumes: z
      .array(memberSchema, must('a list of volumes such as [{"volumeID": 42}]'))
      .min(1, { error: 'must name at least one volume' })
      .max(VOLUMES_MAX, { error: `must be at most ${VOLUMES_MAX} volumes` })
      .describe('The volumes to clone, all at the same moment.'),
    onMemberFailure: notHere('is not for a generation, which is whole or not made; leave it out'),
    ...setByRefresh,
  })
  .superRefine(({ volumes }, ctx) => {
    for (const key of ['volumeID', 'name'] as const) {
      const seen = new Set<unknown>();
      for (const [i, member] of (Array.isArray(volumes) ? volumes : []).entries()) {
        const value: unknown = (member as Record<string, unknown> | null)?.[key];
        if (value !== undefined && seen.has(value)) {
          const message = `${JSON.stringify(value)} is named before; each volume has its own`;
          ctx.addIssue({ code: 'custom', path: ['volumes', i, key], message });
        }
        seen.add(value);
      }
    }
  }, always)
  .refine((r) => r.groupSnapshotID === undefined || r.snapshot === undefined, snapshotFault('groupSnapshotID'))
  .meta({ description: 'What a generation is: as for cloneGroup.', ...notBoth('groupSnapshotID', 'snapshot') });

/** What a refresh makes: `cloneVolume` or, with `volumes`, `cloneGroup`, without what the refresh sets itself. */
export type GenerationRequest = z.infer<typeof cloneOfOne> | z.infer<typeof cloneOfGroup>;

const refreshFields = {
  series: seriesSchema.describe(
    'Name of the series: what tells its generations from those of others on the cluster, and the lock on it.',
  ),
  nameTemplate: text(200)
    .optional()
    .describe(
      'Names of the new volumes: text with {yyyy} {MM} {dd} {HH} {mm} {ss} of the nominal time, {generation}, and {name} of the volume of a group. Default: "SERIES-{yyyy}{MM}{dd}-{HH}{mm}", for a group "SERIES-{name}-…".',
    ),
  timeZone: z
    .string(must('a time zone'))
    .max(64, { error: 'must be the IANA name of a time zone, such as "Europe/Berlin"' })
    .refine(isTimeZone, { error: 'must be the IANA name of a time zone, such as "Europe/Berlin"' })
    .optional()
    .describe('IANA name of the zone in which names tell the time. Default: "UTC".'),
  nominalTime: z.iso
    .datetime({ offset: true, error: 'must be a moment in ISO 8601, such as "2026-11-25T02:00:00Z"' })
    .optional()
    .describe(
      `The moment that this run is for (ISO 8601). Default: the schedule's nominal time, else the start of the workflow.`,
    ),
  keep: z
    .int(must(`how many generations stay, 1 to ${KEEP_MAX}`))
    .min(1, { error: 'must be at least 1: the new generation itself' })
    .max(KEEP_MAX, { error: `must be at most ${KEEP_MAX}` })
    .optional()
    .describe(
      'The newest generations that stay, the new one among them. Not needed with `retire: "keep"` and `mode: "copy"`.',
    ),
  volumeAccessGroups: volumeAccessGroupsSchema
    .optional()
    .describe('Groups that move from the old generation to the new one. Default: those that the old generation is in.'),
  retire: z
    .enum(['delete', 'keep'], { error: 'must be "delete" or "keep"' })
    .optional()
    .describe('What becomes of generations beyond `keep`. Deleted ones are never purged. Default: "delete".'),
  swap: z
    .enum(['before', 'after'], { error: 'must be "before" or "after"' })
    .optional()
    .describe(
      'When the old generation leaves a group: before the new one comes (hosts see none for a moment), or after (hosts see both for a moment, under two LUNs). Default: "before".',
    ),
  force: z
    .boolean({ error: 'must be true or false' })
    .optional()
    .describe('Also delete generations that somebody still uses: that have iSCSI sessions, or access. Default: false.'),
  hooks: z
    .strictObject({
      before: hookSchema.optional().describe('Before anything is made: quiesce.'),
      beforeSwap: hookSchema.optional().describe('Before access moves: unmount.'),
      after: hookSchema
        .optional()
        .describe(
          'When access has moved, and also when a run fails of which a hook was called before: remount, resume.',
        ),
    })
    .optional()
    .describe(`Hooks of the worker's configuration, called one after the other.`),
  ...orderFields,
};

type Refined = {
  mode?: unknown;
  swap?: unknown;
  keep?: unknown;
  retire?: unknown;
  series?: unknown;
  nameTemplate?: unknown;
  clone?: unknown;
};

/** Checks that concern several fields. They run also beside other faults, so nothing is taken for granted. */
function checkTogether(request: Refined, ctx: z.RefinementCtx): void {
  const issue = (path: string, message: string) => ctx.addIssue({ code: 'custom', path: [path], message });
  if (request.mode === 'copy' && request.swap !== undefined) {
    issue('swap', 'is for mode "swap": a volume that is copied onto stays in its groups; leave it out');
  }
  if (request.keep === undefined && request.retire !== 'keep' && request.mode !== 'copy') {
    issue('keep', 'is missing; say how many generations stay, or retire: "keep" for all of them');
  }
  const { series, nameTemplate } = request;
  if (typeof series !== 'string' || !SERIES.test(series)) return;
  if (nameTemplate !== undefined && typeof nameTemplate !== 'string') return;
  const volumes = (request.clone as { volumes?: unknown } | null | undefined)?.volumes;
  const isGroup = Array.isArray(volumes);
  const template = nameTemplate ?? defaultTemplate(series, isGroup);
  const names = (isGroup ? (volumes as ({ name?: unknown; volumeID?: unknown } | null)[]) : []).flatMap((v) => {
    const name = v?.name ?? v?.volumeID;
    return typeof name === 'string' || typeof name === 'number' ? [String(name)] : [];
  });
  for (const fault of templateFaults(template, names)) issue('nameTemplate', fault);
  if (isGroup && volumes.length > 1 && !template.includes('{name}')) {
    issue('nameTemplate', 'must contain {name}, or all volumes of a generation would have the same name');
  }
  if (!isGroup && template.includes('{name}')) {
    issue('nameTemplate', '{name} is for groups, to tell their volumes apart; leave it out');
  }
}

/** What JSON Schema can say of `checkTogether`. */
const KEEP_GIVEN = { required: ['keep'] };
const ALL_KEPT = { required: ['retire'], properties: { retire: { const: 'keep' } } };
const IS_COPY = { required: ['mode'], properties: { mode: { const: 'copy' } } };
const KEEP_OR_COPY = {
  anyOf: [KEEP_GIVEN, ALL_KEPT, IS_COPY],
  not: { required: ['mode', 'swap'], properties: { mode: { const: 'copy' } } },
};

export const refreshOne = z
  .strictObject({
    ...refreshFields,
    mode: z
      .enum(['swap', 'copy'], { error: 'must be "swap" or "copy"' })
      .optional()
      .describe('A new volume for each generation, or new content in the one that there is. Default: "swap".'),
    clone: cloneOfOne,
  })
  .superRefine(checkTogether, always)
  .meta(KEEP_OR_COPY);

export const refreshGroup = z
  .strictObject({
    ...refreshFields,
    mode: z
      .enum(['swap', 'copy'], { error: 'must be "swap" or "copy"' })
      .optional()
      .describe(
        'New volumes for each generation, or new content, all of one moment, in those that there are. Default: "swap".',
      ),
    clone: cloneOfGroup,
  })
  .superRefine(checkTogether, always)
  .meta(KEEP_OR_COPY);

/**
 * What `refreshClone` is asked for: one run makes a new generation of a series, moves the volume access groups from the
 * old generation to it, and retires what is older than the newest `keep`.
 */
export const refreshCloneRequestSchema = z.union([refreshOne, refreshGroup]);

export type RefreshCloneRequest = z.infer<typeof refreshCloneRequestSchema>;

/** The request, checked. Throws `InvalidRequestError` with every fault at once. */
export function parseRefreshCloneRequest(input: unknown): RefreshCloneRequest {
  const clone = (input as { clone?: unknown } | null | undefined)?.clone;
  const isGroup = clone !== null && typeof clone === 'object' && 'volumes' in clone;
  return isGroup ? parseRequest(refreshGroup, input) : parseRequest(refreshOne, input);
}

export const isGroupRequest = (clone: GenerationRequest): clone is z.infer<typeof cloneOfGroup> => 'volumes' in clone;
