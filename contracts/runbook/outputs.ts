import {
  cloneFanOutResultSchema,
  cloneGroupResultSchema,
  cloneVolumeResultSchema,
  copyVolumeResultSchema,
  refreshCloneResultSchema,
} from '../result-schemas.ts';
import { fieldsOf, type Fields, type Shape } from './shapes.ts';
import type { StepKind } from './types.ts';

/** Of each step that calls a cluster. */
const onCluster: Fields = { cluster: 'string', apiCalls: 'int' };
const onVolume: Fields = { ...onCluster, volumeID: 'int' };

const FIXED: { [K in StepKind]?: Fields } = {
  clone: fieldsOf(cloneVolumeResultSchema),
  group: fieldsOf(cloneGroupResultSchema),
  fanOut: fieldsOf(cloneFanOutResultSchema),
  copy: fieldsOf(copyVolumeResultSchema),
  refresh: fieldsOf(refreshCloneResultSchema),
  modify: onVolume,
  grant: { ...onVolume, volumeAccessGroups: { list: 'int' } },
  revoke: { ...onVolume, volumeAccessGroups: { list: 'int' } },
  approval: { decision: 'string', who: 'dyn', comment: 'dyn', decidedAt: 'string' },
};

const has = (fields: unknown, name: string) =>
  fields !== null && typeof fields === 'object' && Object.hasOwn(fields, name);

const member: Shape = { fields: { volumeID: 'int', snapshotID: 'int' } };
const BY_FIELDS: { [K in StepKind]?: (fields: unknown) => Fields } = {
  snapshot: (fields) =>
    has(fields, 'volumes')
      ? { ...onCluster, groupSnapshotID: 'int', name: 'string', members: { list: member } }
      : { ...onVolume, snapshotID: 'int', name: 'string' },
  delete: (fields) => {
    const what = ['snapshotID', 'groupSnapshotID'].find((name) => has(fields, name)) ?? 'volumeID';
    return { ...onCluster, [what]: 'int', deleted: 'bool' };
  },
  lease: (fields) => ({
    ...{ ...onVolume, leaseID: 'string', endsAt: 'string' },
    ...(has(fields, 'for') ? {} : { released: 'bool' }),
  }),
  wait: (fields) => (has(fields, 'volume') ? { ...onVolume, volume: 'dyn' } : { until: 'string' }),
  http: (fields) => {
    const { outputs } = fields as { outputs?: unknown };
    const chosen = outputs !== null && typeof outputs === 'object' ? Object.keys(outputs) : [];
    return { status: 'int', ...Object.fromEntries(chosen.map((name) => [name, 'dyn' as const])) };
  },
};

/** What a step puts out, by name; undefined when that is not known before. `nested`: the outputs of a nested runbook. */
export function outputsOf(kind: StepKind, fields: unknown, nested: Fields | undefined): Fields | undefined {
  return kind === 'runbook' ? nested : (BY_FIELDS[kind]?.(fields) ?? FIXED[kind]);
}
