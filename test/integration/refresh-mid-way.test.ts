import { expect, onTestFinished, test } from 'vitest';
import type { Fault } from '../../simulator/index.ts';
import { ending } from '../support/invariants.ts';
import { expectInService, idsOf, inGroup, quick, seriesOf, UAT_HOSTS } from '../support/refresh.ts';
import { reset } from '../support/reset.ts';
import { startFleet, startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';
import { kill, workerProcesses } from '../support/worker-processes.ts';

/** Until the refresh has reached its step on a busy machine, and no longer than the client's time-out. */
const HOLD_MS = 20_000;
const held = (method: string, match: Record<string, unknown> = {}): Fault => ({
  ...{ kind: 'slowAnswer', method, match, delayMs: HOLD_MS, count: 1 },
});
const request = { series: 'uat-db', keep: 1, volumeAccessGroups: [UAT_HOSTS] };
/** The volumes of the first two generations: the first IDs that the simulator gives. */
const [OLD, NEW] = [62, 63];

const isHeld = (service: Service) =>
  waitFor('the call to be held', () => service.simulator.cluster.calls.log().some((c) => c.fault === 'slowAnswer'));

test.each<[where: string, fault: Fault]>([
  ['between taking the old generation out and putting the new one in', held('RemoveVolumesFromVolumeAccessGroup')],
  ['when the new one is in', held('AddVolumesToVolumeAccessGroup', { volumes: [NEW] })],
  ['while it marks the new one', held('ModifyVolume', { 'attributes.element-clone': '*served=*' })],
  ['while it deletes the old one', held('DeleteVolume')],
])(
  'a worker is killed in the swap, %s: the next one ends it, with one generation in service',
  async (_where, fault) => {
    const service = await startService({ worker: false, simulator: quick });
    onTestFinished(() => service.stop());
    const startWorker = await workerProcesses(service);
    const first = startWorker();
    await (await service.startRefresh(request)).result();
    service.simulator.cluster.faults.append([fault]);
    const run = await service.startRefresh(request);
    await isHeld(service);
    await kill(first);
    startWorker();
    expect(await ending(run)).toMatchObject({
      ended: 'completed',
      result: { generation: 2, retired: [{ generation: 1 }] },
    });
    expectInService(service, [NEW], [2]);
  },
);

test('a refresh that is reset to any point of its way ends with one new generation, in service', async () => {
  const fleet = await startFleet();
  onTestFinished(() => fleet.stop());
  const resetAt = async (nth: number): Promise<boolean> => {
    const service = await fleet.add({ simulator: quick });
    const { cluster } = service.simulator;
    try {
      await (await service.startRefresh(request)).result();
      cluster.faults.append([
        { ...held('ModifyVolume', { 'attributes.element-clone': '*served=*' }), delayMs: 3_000 } as Fault,
      ]);
      const outer = await service.startRefresh(request);
      await isHeld(service);
      const series = service.client.workflow.getHandle(`refresh-uat-db@${service.alias}`);
      const { events } = await series.fetchHistory();
      if (events!.filter((e) => e.workflowTaskCompletedEventAttributes).length <= nth) return false;
      const again = await reset(service.client, series, nth);
      expect({ nth, ...(await ending(again)) }).toMatchObject({ nth, ended: 'completed', result: { generation: 2 } });
      expectInService(service, [NEW], [2]);
      await outer.result().catch(() => {});
      return true;
    } finally {
      await service.stop();
    }
  };
  let nth = 0;
  while (await resetAt(nth)) nth += 1;
  expect(nth).toBeGreaterThan(3);
}, 300_000);

test('an outer workflow that is reset finds its own run in the series, and makes no second generation', async () => {
  const fleet = await startFleet();
  onTestFinished(() => fleet.stop());
  const service = await fleet.add({ simulator: { behaviour: { cloneSeconds: 4, youngVolumeSeconds: 0 } } });
  onTestFinished(() => service.stop());
  const outer = await service.startRefresh(request);
  await waitFor('the clone', () => service.simulator.cluster.calls.counts().byMethod['CloneVolume']);
  const again = await reset(service.client, outer, 0);
  expect(await ending(again)).toMatchObject({ ended: 'completed', result: { generation: 1 } });
  expectInService(service, [OLD], [1]);
  expect(seriesOf(service)).toHaveLength(1);
});

test('a cancellation that comes while old generations are retired changes nothing any more', async () => {
  const fleet = await startFleet();
  onTestFinished(() => fleet.stop());
  const service = await fleet.add({ simulator: quick });
  onTestFinished(() => service.stop());
  const { cluster } = service.simulator;
  await (await service.startRefresh(request)).result();
  cluster.faults.append([{ ...held('DeleteVolume'), delayMs: 3_000 } as Fault]);
  const run = await service.startRefresh(request);
  await isHeld(service);
  await run.cancel();
  const end = await ending(run);
  if (end.ended === 'completed') expect(idsOf(end.result)).toEqual([NEW]);
  await waitFor('the end of the series run', async () => {
    const { status } = await service.client.workflow.getHandle(`refresh-uat-db@${service.alias}`).describe();
    return status.name === 'COMPLETED';
  });
  expect(inGroup(service)).toEqual([NEW]);
  expectInService(service, [NEW], [2]);
});
