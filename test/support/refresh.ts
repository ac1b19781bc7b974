import { expect } from 'vitest';
import type { Generation, RefreshCloneResult } from '../../contracts/refresh-clone-result.ts';
import { readTag } from '../../contracts/tag.ts';
import type { SimulatorOptions } from '../../simulator/index.ts';
import { expectForeignUntouched } from './foreign.ts';
import { ours } from './invariants.ts';
import type { Service } from './service.ts';

export const SERIES = 'uat-db';
/** Of the cluster that the simulator begins with. */
export const UAT_HOSTS = 3;

export const quick: SimulatorOptions = { behaviour: { cloneSeconds: 0, youngVolumeSeconds: 0 } };

export const idsOf = ({ volumes }: Generation) => volumes.map((v) => v.volumeID);

/** Live volumes of the series, each with its generation, and whether retention counts it. */
export const seriesOf = ({ simulator }: Service, series = SERIES) =>
  ours(simulator.cluster.state()).volumes.flatMap((v) => {
    const tag = readTag(v['attributes']);
    if (tag?.series !== series) return [];
    return [{ volumeID: v.volumeID, generation: tag.generation!, counts: tag.served !== undefined }];
  });

/** IDs of the volumes of ours in a group. */
export function inGroup({ simulator }: Service, volumeAccessGroupID = UAT_HOSTS): number[] {
  const state = simulator.cluster.state();
  const own = new Set(ours(state).volumes.map((v) => v.volumeID));
  const group = state.accessGroups.find((g) => g.volumeAccessGroupID === volumeAccessGroupID)!;
  return group.volumes.filter((id) => own.has(id));
}

/** The changes of one group since the start, in order: `+62` came, `-62` went. */
export const changesOf = ({ simulator }: Service, volumeAccessGroupID = UAT_HOSTS): string[] =>
  simulator.cluster.calls
    .log()
    .filter((c) => c.params['volumeAccessGroupID'] === volumeAccessGroupID && c.outcome === 'ok')
    .map((c) => `${c.method.startsWith('Add') ? '+' : '-'}${String(c.params['volumes'])}`);

/**
 * What holds after every end of a refresh: exactly one generation is in the group, whole; nothing but finished, stamped
 * volumes of the series is left; nothing was purged; nothing that is not ours has changed.
 */
export function expectInService(service: Service, inService: readonly number[], generations: readonly number[]): void {
  const { cluster } = service.simulator;
  expect(inGroup(service).toSorted((a, b) => a - b)).toEqual([...inService].toSorted((a, b) => a - b));
  const series = seriesOf(service);
  expect([...new Set(series.map((v) => v.generation))].toSorted((a, b) => a - b)).toEqual(
    [...generations].toSorted((a, b) => a - b),
  );
  expect(series.every((v) => v.counts)).toBe(true);
  const { volumes, snapshots, jobs, asyncResults } = ours(cluster.state());
  expect({ snapshots, jobs, asyncResults }).toEqual({ snapshots: [], jobs: [], asyncResults: [] });
  expect(volumes).toHaveLength(series.length);
  expect(cluster.calls.counts().byMethod['PurgeDeletedVolume']).toBeUndefined();
  expectForeignUntouched(service.simulator, service.before);
}

export const expectResult = (result: RefreshCloneResult, more: object) =>
  expect(result).toMatchObject({ cluster: expect.any(String), series: SERIES, ...more });
