// What the simulated cluster holds before the first clone: sources, snapshots of them, and volumes that look like ours.
import { TAG_ATTRIBUTE } from '../../contracts/names.ts';
import { formatTag, type OwnershipTag } from '../../contracts/tag.ts';
import type { SeedState, SeedVolume } from '../../simulator/index.ts';
import { isClone, isOf, type Planned, type PlannedClone } from './planned.ts';

const GIB = 1_073_741_824;

export interface Source extends SeedVolume {
  totalSize: number;
}

export const SOURCES: readonly Source[] = Array.from({ length: 12 }, (_, i) => ({
  volumeID: 101 + i,
  name: `source-${String(i + 1).padStart(2, '0')}`,
  accountID: 1 + (i % 3),
  totalSize: (1 + (i % 4)) * GIB,
  volumeAccessGroups: i % 2 === 0 ? [1] : [1, 2],
  ...(i % 3 === 0 ? { qosPolicyID: 2 } : {}),
  ...(i % 4 === 1 ? { access: 'readOnly' as const } : {}),
  ...(i % 2 === 0 ? { attributes: { application: `app-${i}`, tier: 'production' } } : {}),
}));

/** Snapshots that somebody has taken of the first sources, in the order in which they are taken. */
export const GIVEN_SNAPSHOTS = SOURCES.slice(0, 6).map(({ volumeID }, i) => ({ volumeID, snapshotID: i + 1 }));

/** A series that several requests refresh. All of them keep as many generations. */
export interface Series {
  name: string;
  volumeID: number;
  keep: number;
  mode: 'swap' | 'copy';
  volumeAccessGroupID: number;
}

export const SERIES: readonly Series[] = (['swap', 'swap', 'swap', 'copy'] as const).map((mode, i) => ({
  name: `series-${i + 1}`,
  volumeID: SOURCES[i]!.volumeID,
  keep: 1 + (i % 3),
  mode,
  volumeAccessGroupID: 11 + i,
}));

/** The access group that moves from generation to generation. */
export const hostsOf = ({ name }: Pick<Series, 'name'>): string => `hosts-of-${name}`;

export const ACCESS_GROUPS: NonNullable<SeedState['accessGroups']> = [
  { volumeAccessGroupID: 1, name: 'prod-hosts' },
  { volumeAccessGroupID: 2, name: 'reporting-hosts' },
  { volumeAccessGroupID: 3, name: 'uat-hosts' },
  { volumeAccessGroupID: 4, name: 'dev-hosts' },
  ...SERIES.map((series) => ({ volumeAccessGroupID: series.volumeAccessGroupID, name: hostsOf(series) })),
];

/** The volume that the copy of this number overwrites, and the one that it reads. */
export function destinationOf(index: number): SeedVolume & { source: Source } {
  const source = SOURCES[index % SOURCES.length]!;
  return {
    volumeID: 10_001 + index,
    name: `copied-onto-${index + 1}`,
    accountID: 1 + (index % 3),
    totalSize: source.totalSize,
    volumeAccessGroups: [1 + (index % 4)],
    attributes: { owner: `team ${index % 5}` },
    source,
  };
}

/** The volumes that copies overwrite: none of this service's, but for their content. */
export const destinationsFor = (requests: readonly Planned[]): SeedVolume[] =>
  requests.filter(isOf('copy')).map(({ index }) => {
    const { source: _source, ...volume } = destinationOf(index);
    return volume;
  });

const tagged = (tag: OwnershipTag) => ({ [TAG_ATTRIBUTE]: formatTag(tag) });

/** Attributes of a volume that has the name of a clone to come, and is none of ours. */
const DISGUISES: readonly ((clone: PlannedClone, own: OwnershipTag) => Record<string, unknown>)[] = [
  () => ({}),
  (_c, own) => tagged({ ...own, request: 'another-request' }),
  // A copy that somebody made of a clone of the same key, which has been deleted since: stamped with another ID.
  (_c, own) => tagged({ ...own, volumeID: 999_999 }),
  (_c, own) => tagged({ ...own, step: 'snapshot' }),
  (_c, own) => tagged({ ...own, sourceVolumeID: own.sourceVolumeID + 1_000 }),
  (_c, own) => ({ [TAG_ATTRIBUTE]: formatTag(own).replace('v=1', 'v=2') }),
  (_c, own) => ({ [`${TAG_ATTRIBUTE}-old`]: formatTag(own) }),
];

const EVERY = 5;

/** One volume for every fifth clone, each with its clone's name. */
export const decoysFor = (requests: readonly Planned[]): SeedVolume[] =>
  requests
    .filter(isClone)
    .filter((clone) => clone.index % EVERY === 0)
    .map((clone, i) => {
      const key = clone.request.requestId ?? `unknown-${clone.index}`;
      const own: OwnershipTag = {
        request: key,
        // Known to nobody: what names a workflow of ours is ours to remove.
        workflowID: 'another-workflow',
        step: 'clone',
        sourceVolumeID: clone.request.volumeID,
      };
      return {
        volumeID: 2_001 + i,
        name: clone.request.name,
        accountID: 1 + (i % 3),
        totalSize: GIB,
        volumeAccessGroups: [1 + (i % 4)],
        attributes: DISGUISES[i % DISGUISES.length]!(clone, own),
      };
    });

/** A copy that somebody made of a generation, which hosts use beside it: it has inherited the tag, and the number. */
export const decoyGenerations: readonly SeedVolume[] = SERIES.map((series, i) => ({
  volumeID: 9_001 + i,
  name: `${series.name}-by-hand`,
  totalSize: GIB,
  volumeAccessGroups: [series.volumeAccessGroupID],
  attributes: tagged({
    request: 'refresh.another-run.1',
    workflowID: 'another-workflow',
    step: 'clone',
    sourceVolumeID: series.volumeID,
    volumeID: 999_999,
    series: series.name,
    generation: 1,
    served: '2026-01-01T00:00:00.000Z',
  }),
}));

/** A snapshot beside the sources' own, with a tag of somebody else. */
export const decoySnapshots = SOURCES.slice(6).map(({ volumeID, name }, i) => ({
  volumeID,
  name,
  attributes:
    i % 2 === 0
      ? {}
      : tagged({
          request: 'another-request',
          workflowID: 'another-workflow',
          step: 'snapshot',
          sourceVolumeID: volumeID,
        }),
}));
