import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import type { Fault } from '../../simulator/index.ts';
import { makeDice, type Dice } from './dice.ts';
import { GIVEN_SNAPSHOTS, SOURCES, type Source } from './estate.ts';

/** What happens to the copy itself; meets every CloneVolume of this name. */
export type CopyFault = Extract<Fault, { kind: 'cloneFails' | 'cloneStalls' | 'loseAsyncResult' | 'loseSyncJob' }>;

/** One clone that will be asked for. Times are milliseconds: `startsAtMs` of the run, the others after its start. */
export interface PlannedClone {
  index: number;
  /** Keeps its workflow ID apart from others. */
  unique: string;
  startsAtMs: number;
  request: CloneVolumeRequest;
  copySeconds: number;
  copyFault?: CopyFault;
  /** Somebody asks for the same requestId in a workflow of another ID. */
  repeatsAfterMs?: number;
  cancelsAfterMs: number[];
  /** Cancels it once a step of its compensation is pending. */
  cancelsWhileUndoing: boolean;
  terminatesAfterMs?: number;
}

const MIB = 1_048_576;

/** N clones spread over the time, each with its own wishes and its own fate. */
export function planClones(seed: number, count: number, durationMs: number): PlannedClone[] {
  return Array.from({ length: count }, (_, index) => {
    // A stream for each clone, so that what is drawn for one changes no other.
    const dice = makeDice(seed, `clone ${index}`);
    const startsAtMs = Math.floor(((index + dice.share()) * durationMs) / count);
    const name = `chaos-${String(index + 1).padStart(3, '0')}`;
    const keyed = dice.chance(0.25);
    const request: CloneVolumeRequest = {
      cluster: 'lab',
      ...wishes(dice, name),
      ...(keyed ? { requestId: `key-${seed}-${index + 1}` } : {}),
    };
    const copyFault = drawCopyFault(dice);
    if (copyFault?.kind === 'cloneStalls' && copyFault.forSeconds === undefined) {
      request.deadline = `${dice.int(25, 60)}s`;
    }
    const fate = dice.weighted({ none: 82, cancel: 8, cancelTwice: 4, terminate: 3, cancelWhileUndoing: 3 });
    const firstCancel = dice.int(0, 18_000);
    return {
      index,
      unique: `s${seed}-n${index + 1}`,
      startsAtMs,
      request,
      copySeconds: dice.int(1, 15),
      ...(copyFault === undefined ? {} : { copyFault }),
      ...(keyed && dice.chance(0.6) ? { repeatsAfterMs: dice.int(0, 20_000) } : {}),
      cancelsAfterMs:
        fate === 'cancel'
          ? [firstCancel]
          : fate === 'cancelTwice'
            ? [firstCancel, firstCancel + dice.int(100, 6_000)]
            : [],
      cancelsWhileUndoing: fate === 'cancelWhileUndoing' || copyFault?.kind === 'cloneFails',
      ...(fate === 'terminate' ? { terminatesAfterMs: dice.int(500, 15_000) } : {}),
    };
  });
}

function drawCopyFault(dice: Dice): CopyFault | undefined {
  const atPercent = dice.int(5, 95);
  switch (dice.weighted({ none: 79, fails: 5, stalls: 3, resumes: 5, loseResult: 4, loseJob: 4 })) {
    case 'none':
      return undefined;
    case 'fails':
      return { kind: 'cloneFails', atPercent };
    case 'stalls':
      return { kind: 'cloneStalls', atPercent };
    case 'resumes':
      return { kind: 'cloneStalls', atPercent, forSeconds: dice.int(3, 20) };
    case 'loseResult':
      return { kind: 'loseAsyncResult' };
    case 'loseJob':
      return { kind: 'loseSyncJob' };
  }
}

type Wishes = Omit<CloneVolumeRequest, 'cluster'>;

/** A valid request, but for one in fifty, which names a volume that is not there. */
function wishes(dice: Dice, name: string): Wishes {
  const given = dice.chance(0.25) ? dice.pick(GIVEN_SNAPSHOTS) : undefined;
  const source = given === undefined ? dice.pick(SOURCES) : SOURCES.find((s) => s.volumeID === given.volumeID)!;
  const newSize = dice.chance(0.2) ? source.totalSize + dice.int(0, 3) * 100 * MIB : undefined;
  const groups = dice.chance(0.5)
    ? [...new Set([dice.pick([2, 'reporting-hosts']), dice.pick([3, 'dev-hosts', 4])])]
    : [];
  return {
    volumeID: dice.chance(0.02) ? 9_999 : source.volumeID,
    name,
    ...(given === undefined ? {} : { snapshotID: given.snapshotID }),
    ...(given === undefined && dice.chance(0.3) ? { snapshot: snapshotWishes(dice) } : {}),
    ...(dice.chance(0.2) ? { access: dice.pick(['readOnly', 'readWrite'] as const) } : {}),
    ...(dice.chance(0.3) ? { attributes: { purpose: `test ${name}`, round: dice.int(1, 9) } } : {}),
    ...(dice.chance(0.2) ? { enable512e: dice.chance(0.5) } : {}),
    ...(dice.chance(0.2) ? { newAccountID: dice.int(1, 3) } : {}),
    ...(newSize === undefined ? {} : { newSize }),
    ...(dice.chance(0.5) ? { modify: modifyWishes(dice, source, newSize) } : {}),
    ...(groups.length === 0 ? {} : { volumeAccessGroups: groups }),
    ...(dice.chance(0.3) ? { requestedBy: dice.pick(['nightly', 'ann', 'developer 7']) } : {}),
    ...(dice.chance(0.3) ? { priority: dice.int(1, 5) } : {}),
    ...(dice.chance(0.5) ? { onFailure: dice.chance(0.9) ? 'cleanup' : 'keep' } : {}),
  };
}

const snapshotWishes = (dice: Dice): NonNullable<Wishes['snapshot']> => ({
  ...(dice.chance(0.5) ? { name: 'before-the-test' } : {}),
  ...(dice.chance(0.3) ? { retention: 'keep' } : {}),
  ...(dice.chance(0.5) ? { expiresIn: dice.pick(['2h', '48h']) } : {}),
});

function modifyWishes(dice: Dice, source: Source, newSize: number | undefined): NonNullable<Wishes['modify']> {
  const quality = dice.weighted({ none: 1, qos: 1, policy: 1 });
  return {
    ...(quality === 'qos' ? { qos: { minIOPS: 100, maxIOPS: dice.int(1, 5) * 1_000, burstIOPS: 9_000 } } : {}),
    ...(quality === 'policy' ? { qosPolicyID: dice.int(1, 3) } : {}),
    ...(dice.chance(0.4) ? { access: dice.pick(['readOnly', 'readWrite', 'locked'] as const) } : {}),
    ...(dice.chance(0.3) ? { attributes: { stage: 'uat' } } : {}),
    ...(dice.chance(0.3) ? { accountID: dice.int(1, 3) } : {}),
    ...(dice.chance(0.3) ? { totalSize: (newSize ?? source.totalSize) + dice.int(0, 2) * 50 * MIB + 1 } : {}),
  };
}
