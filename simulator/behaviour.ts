import { z } from 'zod';

/** How long copies take: for all clones, or by the first rule that matches one. */
export interface CopyRule {
  /** Only copies from this volume. */
  volumeID?: number;
  /** Only clones of this name; `*` stands for anything. */
  name?: string;
  /** Exact duration from start to finish, in simulated seconds. Wins over `bytesPerSecond`. */
  cloneSeconds?: number;
  /** Bytes copied per simulated second once the data stage has begun. */
  bytesPerSecond?: number;
}

/**
 * What can be switched while the simulator runs (`POST /options`). A field marked *inferred* chooses among
 * behaviours that no document of the vendor decides.
 */
export interface Behaviour {
  /** Bytes a clone job copies per simulated second. @default 150_000_000 */
  bytesPerSecond: number;
  /** Exact duration of every copy in simulated seconds, null for what `bytesPerSecond` gives. @default null */
  cloneSeconds: number | null;
  /** The first rule that matches a copy decides its duration. @default [] */
  copyRules: CopyRule[];
  /** Simulated seconds of the `metadata` stage, in which no progress is reported. @default 2 */
  metadataSeconds: number;
  /** Spread of the copy rate, as a share of it, drawn from the seed. @default 0 */
  rateJitter: number;
  /** Fullness stage of the cluster, 1 to 5. At 4 and 5 snapshots and clones are refused. @default 1 */
  fullnessStage: number;
  /** *Inferred.* For this many simulated seconds ModifyVolume of a new clone gives xSliceNotRegistered. @default 1 */
  youngVolumeSeconds: number;
  /** *Inferred.* Whether ModifyVolume works on a volume still in `init` (Cinder does it). @default true */
  modifyDuringInit: boolean;
  /** *Inferred.* Given attributes replace the source's, or are merged into them. @default 'replace' */
  cloneAttributes: 'replace' | 'merge';
  /** *Inferred.* Whether a clone stays associated with the QoS policy of its source. @default true */
  cloneInheritsQoSPolicy: boolean;
  /** *Inferred.* What CancelClone leaves of the half-made volume. @default 'removed' */
  cancelledClone: 'removed' | 'remains';
  /** *Inferred.* What a failed clone leaves of the half-made volume, still in `init`. @default 'remains' */
  failedClone: 'removed' | 'remains';
  /** *Inferred.* What a copy that did not end leaves in its destination: a mixture, or what was there. @default 'mixed' */
  abortedCopy: 'mixed' | 'unchanged';
  /** *Inferred.* Whether CopyVolume leaves the destination's attributes alone. @default 'kept' */
  copyAttributes: 'kept' | 'copied';
  /** *Inferred.* Where the attributes given to CreateGroupSnapshot are found. @default 'groupAndMembers' */
  groupSnapshotAttributes: 'groupAndMembers' | 'group' | 'members';
  /** *Inferred.* What the result of a group of clones names: its volumes, or the groupCloneID alone. @default 'members' */
  groupResult: 'members' | 'groupCloneID';
  /** *Inferred.* What DeleteVolume of the source does to a running clone. @default 'continues' */
  deleteSourceDuringClone: 'continues' | 'fails' | 'refused';
  /** *Inferred.* Which node runs a clone job. @default 'leastLoaded' */
  cloneNode: 'leastLoaded' | 'sourceVolume';
  /** *Inferred.* Parameters that a method does not have: xInvalidAPIParameter, or nothing. @default 'refuse' */
  unknownParameters: 'refuse' | 'ignore';
  /** *Inferred.* Numbers and booleans sent as text, as the vendor's command line tool does. @default 'accept' */
  textValues: 'accept' | 'refuse';
  /** *Inferred.* Allow only letters, digits and hyphens in volume names, as Trident assumes. @default false */
  strictVolumeNames: boolean;
  /** Whether ListSyncJobs also shows jobs of types `slice` and `remote`, which have nothing to do with clones. @default true */
  noiseSyncJobs: boolean;
  /** Hours between DeleteVolume and the purge. @default 8 */
  purgeHours: number;
}

export const defaultBehaviour: Behaviour = {
  bytesPerSecond: 150_000_000,
  cloneSeconds: null,
  copyRules: [],
  metadataSeconds: 2,
  rateJitter: 0,
  fullnessStage: 1,
  youngVolumeSeconds: 1,
  modifyDuringInit: true,
  cloneAttributes: 'replace',
  cloneInheritsQoSPolicy: true,
  cancelledClone: 'removed',
  failedClone: 'remains',
  abortedCopy: 'mixed',
  copyAttributes: 'kept',
  groupSnapshotAttributes: 'groupAndMembers',
  groupResult: 'members',
  deleteSourceDuringClone: 'continues',
  cloneNode: 'leastLoaded',
  unknownParameters: 'refuse',
  textValues: 'accept',
  strictVolumeNames: false,
  noiseSyncJobs: true,
  purgeHours: 8,
};

const remains = z.enum(['removed', 'remains']);

/** Checks a change of behaviour that came over the control port. */
export const behaviourChange = z
  .strictObject({
    bytesPerSecond: z.number().positive(),
    cloneSeconds: z.number().nonnegative().nullable(),
    copyRules: z.array(
      z
        .strictObject({
          volumeID: z.int().positive(),
          name: z.string(),
          cloneSeconds: z.number().nonnegative(),
          bytesPerSecond: z.number().positive(),
        })
        .partial(),
    ),
    metadataSeconds: z.number().nonnegative(),
    rateJitter: z.number().min(0).max(0.9),
    fullnessStage: z.int().min(1).max(5),
    youngVolumeSeconds: z.number().nonnegative(),
    modifyDuringInit: z.boolean(),
    cloneAttributes: z.enum(['replace', 'merge']),
    cloneInheritsQoSPolicy: z.boolean(),
    cancelledClone: remains,
    failedClone: remains,
    abortedCopy: z.enum(['mixed', 'unchanged']),
    copyAttributes: z.enum(['kept', 'copied']),
    groupSnapshotAttributes: z.enum(['groupAndMembers', 'group', 'members']),
    groupResult: z.enum(['members', 'groupCloneID']),
    deleteSourceDuringClone: z.enum(['continues', 'fails', 'refused']),
    cloneNode: z.enum(['leastLoaded', 'sourceVolume']),
    unknownParameters: z.enum(['refuse', 'ignore']),
    textValues: z.enum(['accept', 'refuse']),
    strictVolumeNames: z.boolean(),
    noiseSyncJobs: z.boolean(),
    purgeHours: z.number().nonnegative(),
  })
  .partial();
