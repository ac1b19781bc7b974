import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import type { Dice } from './dice.ts';
import { destinationOf, GIVEN_SNAPSHOTS, hostsOf, SERIES, SOURCES, type Source } from './estate.ts';
import type { Kind } from './kinds.ts';
import { cloneWishes, modifyWishes, snapshotWishes } from './plan-wishes.ts';
import type { CopyFault, Planned } from './planned.ts';

interface Naming {
  index: number;
  /** Of the request; its volumes are called so, or begin with it. */
  name: string;
  requestId?: string;
}

type Asked = Pick<Planned, 'kind' | 'request' | 'copies'> & {
  /** What makes a fault of a copy meet those of this request. */
  aim: Pick<CopyFault, 'method' | 'match'>;
};

/** A request of that kind, its wishes drawn. */
export function askFor(kind: Kind, dice: Dice, naming: Naming): Asked {
  const order = naming.requestId === undefined ? {} : { requestId: naming.requestId };
  switch (kind) {
    case 'clone':
      return askForClone(kind, cloneWishes(dice, naming.name), naming.name, order);
    case 'lease':
      return askForClone(kind, { ...cloneWishes(dice, naming.name), ...leaseWishes(dice) }, naming.name, order);
    case 'group':
      return askForGroup(dice, naming, order);
    case 'fanOut':
      return askForFanOut(dice, naming, order);
    case 'copy':
      return askForCopy(dice, naming, order);
    case 'refresh':
      return askForRefresh(dice, naming, order);
  }
}

type Order = Pick<CloneVolumeRequest, 'requestId'>;

const askForClone = (
  kind: 'clone' | 'lease',
  wishes: Omit<CloneVolumeRequest, 'cluster'>,
  name: string,
  order: Order,
): Asked => ({
  kind,
  request: { cluster: 'lab', ...wishes, ...order },
  copies: name,
  aim: { method: 'CloneVolume', match: { name } },
});

const leaseWishes = (dice: Dice): Pick<CloneVolumeRequest, 'lease' | 'leaseMax' | 'leaseGrace'> => ({
  lease: `${dice.int(5, 40)}s`,
  leaseMax: '30d',
  ...(dice.chance(0.5) ? { leaseGrace: `${dice.int(5, 30)}s` } : {}),
});

const LETTERS = ['a', 'b', 'c', 'd'] as const;

/** So many different sources. */
function pickSources(dice: Dice, count: number): Source[] {
  const left = [...SOURCES];
  return Array.from({ length: count }, () => left.splice(dice.int(0, left.length - 1), 1)[0]!);
}

const groupWishes = (dice: Dice) =>
  dice.chance(0.5) ? { volumeAccessGroups: [dice.pick([2, 3, 4, 'reporting-hosts', 'dev-hosts'])] } : {};

const onFailure = (dice: Dice) =>
  dice.chance(0.5) ? { onFailure: dice.chance(0.9) ? ('cleanup' as const) : ('keep' as const) } : {};

function askForGroup(dice: Dice, { name }: Naming, order: Order): Asked {
  const sources = pickSources(dice, dice.int(2, 4));
  return {
    kind: 'group',
    request: {
      cluster: 'lab',
      volumes: sources.map((source, i) => ({
        volumeID: source.volumeID,
        name: `${name}-${LETTERS[i]!}`,
        ...(dice.chance(0.4) ? { modify: modifyWishes(dice, source, undefined) } : {}),
        ...groupWishes(dice),
      })),
      ...(dice.chance(0.3) ? { attributes: { purpose: `group ${name}` } } : {}),
      ...(dice.chance(0.3) ? { snapshot: snapshotWishes(dice) } : {}),
      ...(dice.chance(0.3) ? { onMemberFailure: 'keep' as const } : {}),
      ...(dice.chance(0.3) ? { priority: dice.int(1, 5) } : {}),
      ...onFailure(dice),
      ...order,
    },
    copies: `${name}-*`,
    aim: { method: 'CloneMultipleVolumes', match: { 'volumes.0.name': `${name}-a` } },
  };
}

function askForFanOut(dice: Dice, { name }: Naming, order: Order): Asked {
  const source = dice.pick(SOURCES);
  const clones = LETTERS.slice(0, dice.int(2, 4)).map((letter) => ({
    name: `${name}-${letter}`,
    ...(dice.chance(0.4) ? { modify: modifyWishes(dice, source, undefined) } : {}),
    ...groupWishes(dice),
  }));
  return {
    kind: 'fanOut',
    request: {
      cluster: 'lab',
      volumeID: source.volumeID,
      clones,
      ...(dice.chance(0.3) ? { attributes: { purpose: `fan-out ${name}` } } : {}),
      ...(dice.chance(0.3) ? { snapshot: snapshotWishes(dice) } : {}),
      ...(dice.chance(0.3) ? { onMemberFailure: dice.pick(['continue', 'stop'] as const) } : {}),
      ...onFailure(dice),
      ...order,
    },
    copies: `${name}-*`,
    aim: { method: 'CloneVolume', match: { name: dice.pick(clones).name } },
  };
}

/** Each onto a volume of its own, so that what it holds in the end is this copy's work alone. */
function askForCopy(dice: Dice, { index }: Naming, order: Order): Asked {
  const destination = destinationOf(index);
  const source = destination.source.volumeID;
  const given = dice.chance(0.3) ? GIVEN_SNAPSHOTS.find((s) => s.volumeID === source) : undefined;
  return {
    kind: 'copy',
    request: {
      cluster: 'lab',
      volumeID: source,
      dstVolumeID: destination.volumeID,
      // The volumes that are copied onto are none of this service's.
      force: true,
      ...(given === undefined ? {} : { snapshotID: given.snapshotID }),
      ...(given === undefined && dice.chance(0.3) ? { snapshot: snapshotWishes(dice) } : {}),
      ...(dice.chance(0.5) ? { undo: { expiresIn: dice.pick(['2h', '48h']) } } : {}),
      ...(dice.chance(0.3) ? { priority: dice.int(1, 5) } : {}),
      ...onFailure(dice),
      ...order,
    },
    copies: destination.name,
    aim: { method: 'CopyVolume', match: { dstVolumeID: destination.volumeID } },
  };
}

function askForRefresh(dice: Dice, { name }: Naming, order: Order): Asked {
  const series = dice.pick(SERIES);
  const keepsOnFailure = dice.chance(0.1);
  return {
    kind: 'refresh',
    request: {
      series: series.name,
      nameTemplate: `${name}-g{generation}`,
      ...(series.mode === 'copy' ? { mode: 'copy' as const } : { swap: dice.pick(['before', 'after'] as const) }),
      keep: series.keep,
      volumeAccessGroups: [hostsOf(series)],
      clone: {
        cluster: 'lab',
        volumeID: series.volumeID,
        ...(dice.chance(0.3) ? { modify: { attributes: { stage: series.name } } } : {}),
      },
      ...(keepsOnFailure ? { onFailure: 'keep' as const } : {}),
      ...order,
    },
    copies: `${name}-g*`,
    aim: { method: 'CloneVolume', match: { name: `${name}-g*` } },
  };
}
