import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { RefreshFailureDetails } from '../../contracts/failure.ts';
import type { RefreshCloneResult } from '../../contracts/refresh-clone-result.ts';
import type { Fault } from '../../simulator/index.ts';
import { expectForeignUntouched } from '../support/foreign.ts';
import { ending, ours, type Ending } from '../support/invariants.ts';
import { lastingFor, passingFor, type Trouble } from '../support/matrix/faults.ts';
import { inGroup, quick, seriesOf, UAT_HOSTS } from '../support/refresh.ts';
import { startFleet, type Fleet, type Service } from '../support/service.ts';

// All cells share one worker, and wait most of the time.
vi.setConfig({ maxConcurrency: 32, testTimeout: 300_000 });

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet?.stop());

/** The volume of the first generation and of the second: the first IDs that the simulator gives. */
const [OLD, NEW] = [62, 63];

/** A call of the second refresh of a series, which moves a group and retires the first generation. */
interface Row {
  call: string;
  method: string;
  aim?: Pick<Fault, 'match' | 'skip'>;
  /** Other trouble in the same run. */
  under?: Fault[];
  /** How the run ends when the call is refused for good. */
  refused: 'completed' | 'failed';
  step?: string;
}

/** Every list of the series, and two looks by name: before the clone is made, and when it is verified. */
const lists = (skip: number) => ({ match: { includeVirtualVolumes: false }, skip });

const rows: Row[] = [
  {
    call: 'ListVolumes of the series',
    method: 'ListVolumes',
    aim: lists(0),
    refused: 'failed',
    step: 'preflightRefresh',
  },
  { call: 'ListVolumeAccessGroups', method: 'ListVolumeAccessGroups', refused: 'failed', step: 'preflightRefresh' },
  { call: 'ListVolumes before the swap', method: 'ListVolumes', aim: lists(3), refused: 'failed', step: 'swapAccess' },
  {
    call: 'ListVolumeAccessGroups before the swap',
    method: 'ListVolumeAccessGroups',
    aim: { skip: 1 },
    refused: 'failed',
    step: 'swapAccess',
  },
  {
    call: 'RemoveVolumesFromVolumeAccessGroup',
    method: 'RemoveVolumesFromVolumeAccessGroup',
    refused: 'failed',
    step: 'swapAccess',
  },
  {
    call: 'AddVolumesToVolumeAccessGroup',
    method: 'AddVolumesToVolumeAccessGroup',
    aim: { match: { volumes: [NEW] } },
    refused: 'failed',
    step: 'swapAccess',
  },
  {
    call: 'ListVolumeAccessGroups after the swap',
    method: 'ListVolumeAccessGroups',
    aim: { skip: 2 },
    refused: 'failed',
    step: 'swapAccess',
  },
  {
    call: 'ModifyVolume that marks the generation',
    method: 'ModifyVolume',
    aim: { match: { 'attributes.element-clone': '*served=*' } },
    refused: 'failed',
    step: 'swapAccess',
  },
  { call: 'ListVolumes before retiring', method: 'ListVolumes', aim: lists(4), refused: 'completed' },
  { call: 'ListISCSISessions', method: 'ListISCSISessions', refused: 'completed' },
  { call: 'DeleteVolume of the old generation', method: 'DeleteVolume', refused: 'completed' },
];

/** The mark is refused for good when the group has moved: all of it is undone. */
const unmarked: Fault = {
  kind: 'error',
  method: 'ModifyVolume',
  match: { volumeID: NEW, 'attributes.element-clone': '*served=*' },
  name: 'xUnknownAPIMethod',
};

const undoing: Row[] = [
  { call: 'ListVolumeAccessGroups in undoing', method: 'ListVolumeAccessGroups', aim: { skip: 3 } },
  { call: 'taking the new one out', method: 'RemoveVolumesFromVolumeAccessGroup', aim: { match: { volumes: [NEW] } } },
  { call: 'putting the old one back', method: 'AddVolumesToVolumeAccessGroup', aim: { match: { volumes: [OLD] } } },
  { call: 'ListISCSISessions of the new one', method: 'ListISCSISessions' },
  { call: 'DeleteVolume of the new one', method: 'DeleteVolume', aim: { match: { volumeID: NEW } } },
].map((row) => ({ ...row, under: [unmarked], refused: 'failed' as const }));

type End = Ending<RefreshCloneResult>;

/** One refresh in which one call meets one trouble. */
async function meet({ method, aim, under = [] }: Row, trouble: Trouble, check: (end: End, service: Service) => void) {
  const service = await fleet.add({
    simulator: quick,
    ...(trouble.times === undefined ? {} : { times: trouble.times }),
  });
  try {
    const { cluster } = service.simulator;
    const request = { series: 'uat-db', keep: 1, volumeAccessGroups: [UAT_HOSTS] };
    await (await service.startRefresh(request)).result();
    expect(inGroup(service)).toEqual([OLD]);
    const fault = { ...trouble.fault, ...aim, method };
    cluster.faults.append([...under, fault]);
    const end = await ending(await service.startRefresh(request));
    // A cell whose call was never made would prove nothing.
    expect(cluster.faults.list().at(-1)).toMatchObject({ fault, fired: expect.toSatisfy((n) => n > 0) });
    const { jobs, snapshots } = ours(cluster.state());
    expect({ jobs, snapshots }).toEqual({ jobs: [], snapshots: [] });
    expectForeignUntouched(service.simulator, service.before);
    check(end, service);
  } finally {
    await service.stop();
  }
}

const live = (service: Service) => seriesOf(service).map((v) => v.volumeID);

describe.concurrent('whatever call of a refresh meets a fault that passes, the new generation is in service', () => {
  for (const row of rows) {
    test.for(passingFor(row.method).map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))(
      '%s',
      async ([, trouble]) =>
        meet(row, trouble, (end, service) => {
          expect(end).toMatchObject({
            ended: 'completed',
            result: { generation: 2, retired: [{ generation: 1 }], keptBack: [], generations: [2] },
          });
          expect(inGroup(service)).toEqual([NEW]);
          expect(live(service)).toEqual([NEW]);
        }),
    );
  }
});

describe.concurrent('whatever call of undoing meets one, the old generation is in service again', () => {
  for (const row of undoing) {
    test.for(passingFor(row.method).map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))(
      '%s',
      async ([, trouble]) =>
        meet(row, trouble, (end, service) => {
          expect(end).toMatchObject({ ended: 'failed', details: { step: 'swapAccess', leftBehind: [] } });
          expect(inGroup(service)).toEqual([OLD]);
          expect(live(service)).toEqual([OLD]);
        }),
    );
  }
});

describe.concurrent(
  'whatever call is refused for good, one generation is in service, and the failure names the rest',
  () => {
    for (const row of [...rows, ...undoing]) {
      test.for(lastingFor(row.method).map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))(
        '%s',
        async ([, trouble]) =>
          meet(row, trouble, (end, service) => {
            expect(end.ended).toBe(row.refused);
            if (end.ended === 'completed') {
              expect(inGroup(service)).toEqual([NEW]);
              expect(live(service)).toEqual([OLD, NEW]);
              const { keptBack, retirementFailed } = end.result;
              expect(retirementFailed ?? keptBack[0]!.reason).toContain(trouble.lasting.apiName);
            } else if (end.ended === 'failed') {
              const { leftBehind, step } = end.details as RefreshFailureDetails;
              if (row.step !== undefined) expect(step).toBe(row.step);
              const named = (kind: string) => leftBehind.filter((l) => l.kind === kind).map((l) => l.id);
              const groups = named('accessGroupMembership');
              if (groups.length === 0) expect(inGroup(service)).toEqual([OLD]);
              else expect(groups).toEqual([UAT_HOSTS]);
              // Hosts are never left with less than what was in the group, or what is named.
              expect(live(service)).toEqual([OLD, ...named('volume')]);
              for (const { id } of leftBehind) expect(end.message).toContain(String(id));
            }
          }),
      );
    }

    test('a group that takes no volume any more: the new generation stays, since hosts may have no other', async () =>
      meet(
        { call: 'Add', method: 'AddVolumesToVolumeAccessGroup', refused: 'failed' },
        { what: 'is refused', fault: { kind: 'error', name: 'xUnknownAPIMethod' } },
        (end, service) => {
          expect(end).toMatchObject({
            ended: 'failed',
            message: expect.stringMatching(/volume 62 put back into volume access group 3 \(uat-hosts\) failed: /),
            details: {
              leftBehind: [
                { kind: 'accessGroupMembership', id: UAT_HOSTS },
                { kind: 'volume', id: NEW, reason: expect.stringContaining('it may be all that hosts have') },
              ],
            },
          });
          expect(live(service)).toEqual([OLD, NEW]);
        },
      ));
  },
);
