import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import type { Dice } from './dice.ts';
import { GIVEN_SNAPSHOTS, SOURCES, type Source } from './estate.ts';

const MIB = 1_048_576;

type Wishes = Omit<CloneVolumeRequest, 'cluster'>;

/** A valid request, but for one in fifty, which names a volume that is not there. */
export function cloneWishes(dice: Dice, name: string): Wishes {
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

export const snapshotWishes = (dice: Dice): NonNullable<Wishes['snapshot']> => ({
  ...(dice.chance(0.5) ? { name: 'before-the-test' } : {}),
  ...(dice.chance(0.3) ? { retention: 'keep' } : {}),
  ...(dice.chance(0.5) ? { expiresIn: dice.pick(['2h', '48h']) } : {}),
});

export function modifyWishes(dice: Dice, source: Source, newSize: number | undefined): NonNullable<Wishes['modify']> {
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
