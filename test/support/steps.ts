import type { Fault } from '../../simulator/index.ts';

/** How a clone of this source and name is held in a step: by its last fault, when that has met a call. */
export interface HeldStep {
  faults: (volumeID: number, name: string, delayMs: number) => Fault[];
  /** What the request needs to come by that step. */
  request?: Record<string, unknown>;
  /** True when nothing in the call tells whose it is: one clone at a time may come so far. */
  alone?: true;
}

type Held = 'slow' | 'slowAnswer';
const hold = (kind: Held, method: string, match: Record<string, unknown>, delayMs: number, skip = 0): Fault => ({
  kind,
  method,
  match,
  delayMs,
  count: 1,
  ...(skip === 0 ? {} : { skip }),
});
const copyFails = (name: string): Fault => ({ kind: 'cloneFails', match: { name }, count: 1 });

/** Every step that calls the cluster, in order; a call that makes or changes something before and after it has acted. */
export const HELD_STEPS: Record<string, HeldStep> = {
  checking: { faults: (volumeID, _name, ms) => [hold('slow', 'ListVolumes', { volumeIDs: [volumeID] }, ms)] },
  'before-the-snapshot': { faults: (volumeID, _name, ms) => [hold('slow', 'CreateSnapshot', { volumeID }, ms)] },
  'after-the-snapshot': { faults: (volumeID, _name, ms) => [hold('slowAnswer', 'CreateSnapshot', { volumeID }, ms)] },
  'before-the-clone': { faults: (_volumeID, name, ms) => [hold('slow', 'CloneVolume', { name }, ms)] },
  'after-the-clone': { faults: (_volumeID, name, ms) => [hold('slowAnswer', 'CloneVolume', { name }, ms)] },
  modifying: {
    faults: (volumeID, _name, ms) => [
      hold('slow', 'ModifyVolume', { 'attributes.element-clone': `*source=${volumeID}*` }, ms),
    ],
  },
  granting: {
    // Only the clone that is held here has this group.
    request: { volumeAccessGroups: [4] },
    faults: (_volumeID, _name, ms) => [
      hold('slowAnswer', 'AddVolumesToVolumeAccessGroup', { volumeAccessGroupID: 4 }, ms),
    ],
    alone: true,
  },
  verifying: { faults: (_volumeID, name, ms) => [hold('slow', 'ListVolumes', { volumeName: name }, ms)] },
  'cleaning-up': { faults: (_volumeID, _name, ms) => [hold('slowAnswer', 'DeleteSnapshot', {}, ms)], alone: true },
  'undoing-the-clone': {
    faults: (_volumeID, name, ms) => [copyFails(name), hold('slow', 'ListVolumes', { volumeName: name }, ms)],
  },
  'undoing-the-grant': {
    // Only this clone has these groups.
    request: { volumeAccessGroups: [2, 3] },
    faults: (_volumeID, _name, ms) => [
      {
        kind: 'error',
        method: 'AddVolumesToVolumeAccessGroup',
        name: 'xUnknownAccount',
        match: { volumeAccessGroupID: 3 },
      },
      hold('slowAnswer', 'RemoveVolumesFromVolumeAccessGroup', { volumeAccessGroupID: 2 }, ms),
    ],
    alone: true,
  },
  'having-undone-the-clone': {
    faults: (_volumeID, name, ms) => [copyFails(name), hold('slowAnswer', 'DeleteVolume', {}, ms)],
    alone: true,
  },
  'undoing-the-snapshot': {
    // No volume is made, or its DeleteVolume could be taken for that of the step before.
    faults: (volumeID, name, ms) => [
      { kind: 'error', method: 'CloneVolume', name: 'xUnknownAccount', match: { name } },
      hold('slow', 'ListSnapshots', { volumeID }, ms),
    ],
  },
};
