import { asText } from './json-value.ts';
import { kindOfValue } from './shapes.ts';
import type { Json, StepKind } from './types.ts';
import { isObject } from '../json-object.ts';

type Fields = { readonly [field: string]: Json };

const member = (of: Json | undefined, name: string): Json | undefined => (isObject(of) ? of[name] : undefined);
const times = (of: Json | undefined) => (Array.isArray(of) ? ` × ${of.length}` : '');

/** What is done after a volume is there. */
const afterwards = (fields: Fields): string[] => [
  ...(fields['modify'] === undefined ? [] : ['ModifyVolume']),
  ...(fields['volumeAccessGroups'] === undefined
    ? []
    : [`AddVolumesToVolumeAccessGroup${times(fields['volumeAccessGroups'])}`]),
  ...(fields['lease'] === undefined ? [] : ['workflow cloneLease']),
];

const taken = (fields: Fields, id: string, create: string): string[] => (fields[id] === undefined ? [create] : []);
const dropped = (fields: Fields, id: string, remove: string): string[] =>
  fields[id] === undefined && member(fields['snapshot'], 'retention') !== 'keep' ? [remove] : [];

const generation = (fields: Fields): string[] => {
  const clone = fields['clone'];
  const of: Fields = clone !== undefined && kindOfValue(clone) === 'object' ? (clone as Fields) : {};
  if (fields['mode'] === 'copy') return ['workflow copyVolume'];
  return [of['volumes'] === undefined ? 'workflow cloneVolume' : 'workflow cloneGroup'];
};

const hooksOf = (hooks: Json | undefined, ...names: string[]): string[] =>
  names.flatMap((name) => {
    const hook = member(hooks, name);
    if (hook === undefined) return [];
    return [`hook ${asText(typeof hook === 'string' ? hook : member(hook, 'hook'))}`];
  });

/** What a step starts, changes and calls, in its order. Calls that only look are left out. */
export function plannedCalls(kind: StepKind, fields: Fields): string[] {
  switch (kind) {
    case 'clone':
      return [
        ...['workflow cloneVolume', ...taken(fields, 'snapshotID', 'CreateSnapshot'), 'CloneVolume'],
        ...[...afterwards(fields), ...dropped(fields, 'snapshotID', 'DeleteSnapshot')],
      ];
    case 'group':
      return [
        ...['workflow cloneGroup', ...taken(fields, 'groupSnapshotID', 'CreateGroupSnapshot')],
        ...['CloneMultipleVolumes', ...afterwards(fields)],
        ...dropped(fields, 'groupSnapshotID', 'DeleteGroupSnapshot'),
      ];
    case 'fanOut':
      return [
        ...['workflow cloneFanOut', ...taken(fields, 'snapshotID', 'CreateSnapshot')],
        ...[`workflow cloneVolume${times(fields['clones'])}`, `CloneVolume${times(fields['clones'])}`],
        ...[...afterwards(fields), ...dropped(fields, 'snapshotID', 'DeleteSnapshot')],
      ];
    case 'copy':
      return [
        ...['workflow copyVolume', ...taken(fields, 'snapshotID', 'CreateSnapshot (source)')],
        ...['CreateSnapshot (the way back)', 'CopyVolume', ...dropped(fields, 'snapshotID', 'DeleteSnapshot (source)')],
      ];
    case 'refresh':
      return [
        ...['workflow refreshClone', ...hooksOf(fields['hooks'], 'before'), ...generation(fields)],
        ...hooksOf(fields['hooks'], 'beforeSwap'),
        ...(fields['mode'] === 'copy' ? [] : ['RemoveVolumesFromVolumeAccessGroup', 'AddVolumesToVolumeAccessGroup']),
        ...hooksOf(fields['hooks'], 'after'),
        ...(fields['mode'] === 'copy' || fields['retire'] === 'keep' ? [] : ['DeleteVolume (older generations)']),
      ];
    case 'snapshot':
      return [fields['volumes'] === undefined ? 'CreateSnapshot' : 'CreateGroupSnapshot'];
    case 'modify':
      return ['ModifyVolume'];
    case 'grant':
      return [`AddVolumesToVolumeAccessGroup${times(fields['volumeAccessGroups'])}`];
    case 'revoke':
      return [`RemoveVolumesFromVolumeAccessGroup${times(fields['volumeAccessGroups'])}`];
    case 'delete':
      if (fields['groupSnapshotID'] !== undefined) return ['DeleteGroupSnapshot'];
      return fields['snapshotID'] === undefined
        ? ['RemoveVolumesFromVolumeAccessGroup', 'DeleteVolume']
        : ['DeleteSnapshot'];
    case 'lease': {
      if (fields['for'] !== undefined) return ['workflow cloneLease'];
      return [`update ${fields['extend'] === undefined ? 'release' : 'extend'} of the workflow cloneLease`];
    }
    case 'wait':
      return fields['volume'] === undefined ? [] : ['ListVolumes, until it holds'];
    case 'approval':
      return [];
    case 'http':
      return [
        `${asText(fields['method'] ?? 'POST')} to the hook ${asText(fields['hook'])}, below its address: ${asText(fields['path'] ?? '/')}`,
      ];
    case 'runbook':
      return ['workflow runbook'];
    case 'workflow':
      return [
        `workflow ${asText(fields['type'])}${fields['taskQueue'] === undefined ? '' : ` on task queue ${asText(fields['taskQueue'])}`}`,
      ];
  }
}
