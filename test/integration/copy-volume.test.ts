import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CopyFailureDetails } from '../../contracts/failure.ts';
import { SLOTS, type LineView } from '../../contracts/slots.ts';
import { workflowIDForUndo } from '../../contracts/workflow-id.ts';
import type { SimulatorOptions } from '../../simulator/index.ts';
import {
  contentOf,
  copy,
  copyRequest,
  DESTINATION,
  expectAsBefore,
  expectCopied,
  SOURCE,
  startCopy,
  startUndo,
  undone,
  waysBack,
} from '../support/copies.ts';
import { ending } from '../support/invariants.ts';
import { lineHandle } from '../support/line.ts';
import { startFleet, type ClusterOptions, type Fleet, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';
import { called, copying } from '../support/with-service.ts';

vi.setConfig({ maxConcurrency: 16, testTimeout: 180_000 });

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet?.stop());

/** A cluster of its own, whose copies take a second unless told otherwise. */
async function withCluster(
  simulator: SimulatorOptions,
  body: (service: Service) => Promise<void>,
  options: Omit<ClusterOptions, 'simulator'> = {},
) {
  const behaviour = { cloneSeconds: 1, youngVolumeSeconds: 0, ...simulator.behaviour };
  const service = await fleet.add({ ...options, simulator: { ...simulator, behaviour } });
  try {
    await body(service);
  } finally {
    await service.stop();
  }
}

const session = {
  volumeID: DESTINATION,
  initiatorName: 'iqn.1993-08.org.debian:01:181324777',
  initiatorIP: '10.1.1.1',
};
const lineOf = (service: Service) => lineHandle(service, service.alias).query<LineView>(SLOTS.line);
const callsOf = ({ simulator }: Service, method: string) => simulator.cluster.calls.counts().byMethod[method] ?? 0;
const paramsOf = ({ simulator }: Service, method: string) =>
  simulator.cluster.calls.log().flatMap((c) => (c.method === method ? [c.params] : []));

describe.concurrent('a copy', () => {
  test('overwrites the content and nothing else, and keeps a way back for as long as it was asked to', () =>
    withCluster({}, async (service) => {
      const { before } = service;
      const handle = await startCopy(service, { undo: { expiresIn: '2h' }, requestedBy: 'ann' });
      const end = await ending(handle);
      const result = expectCopied(service, end, before);
      expect(result).toEqual({
        cluster: service.alias,
        sourceVolumeID: SOURCE,
        dstVolumeID: DESTINATION,
        cloneID: expect.any(Number),
        snapshotID: expect.any(Number),
        snapshotDeleted: true,
        asyncHandle: expect.any(Number),
        undo: { snapshotID: expect.any(Number), expiresAt: expect.any(String) },
        volume: expect.objectContaining({ volumeID: DESTINATION, name: 'db-uat-old', volumeAccessGroups: [3] }),
        changes: [],
        startedAt: expect.any(String),
        finishedAt: expect.any(String),
        bytes: 4_294_967_296,
        apiCalls: expect.any(Number),
      });
      const [wayBack] = waysBack(service.simulator.cluster.state());
      expect(wayBack?.expirationTime).toBe(result.undo!.expiresAt);
      const kept = Date.parse(result.undo!.expiresAt) - service.simulator.cluster.clock.now();
      expect(kept).toBeGreaterThan(7_100_000);
      expect(kept).toBeLessThanOrEqual(7_201_000);
      expect(paramsOf(service, 'CopyVolume')).toEqual([
        { volumeID: SOURCE, dstVolumeID: DESTINATION, snapshotID: result.snapshotID },
      ]);
      const { searchAttributes } = await handle.describe();
      expect(searchAttributes).toMatchObject({
        ElementCluster: [service.alias],
        ElementPhase: ['done'],
        ElementSourceVolumeID: [SOURCE],
        ElementCloneVolumeID: [DESTINATION],
      });
    }));

  test('is of the moment at which it was asked for, whatever is written to the source while it waits and copies', () =>
    withCluster({ behaviour: { cloneSeconds: 3 } }, async (service) => {
      const handle = await startCopy(service);
      await called(service, 'CopyVolume');
      service.simulator.cluster.write(SOURCE);
      await handle.result();
      expect(contentOf(service.simulator.cluster.state(), DESTINATION)).toBe(contentOf(service.before, SOURCE));
    }));

  test('of a snapshot that is there leaves it there', () =>
    withCluster({}, async (service) => {
      const { cluster } = service.simulator;
      const { snapshotID } = cluster.act('CreateSnapshot', { volumeID: SOURCE, name: 'monday' });
      cluster.write(SOURCE);
      const before = cluster.state();
      const end = await ending(await startCopy(service, { snapshotID }));
      const result = expectCopied(service, end, before, { content: contentOf(service.before, SOURCE) });
      expect(result).toMatchObject({ snapshotID, snapshotDeleted: false });
    }));

  test('may keep the snapshot that it takes', () =>
    withCluster({}, async (service) => {
      const end = await ending(await startCopy(service, { snapshot: { name: 'kept', retention: 'keep' } }));
      expect(expectCopied(service, end, service.before, { kept: 1 }).snapshotDeleted).toBe(false);
    }));

  test('onto a finished clone of ours needs no force, and leaves its tag alone', () =>
    withCluster({ behaviour: { copyAttributes: 'copied' } }, async (service) => {
      const { volumeID: dstVolumeID } = await service.clone({
        volumeID: SOURCE,
        name: 'db-uat',
        modify: { qosPolicyID: 3, attributes: { stage: 'uat' } },
        volumeAccessGroups: [3],
      });
      const { cluster } = service.simulator;
      cluster.write(SOURCE);
      const looks = () => cluster.state().volumes.find((v) => v.volumeID === dstVolumeID)!;
      const was = looks();
      const result = await copy(service, { dstVolumeID, force: undefined });
      expect(looks()).toEqual({ ...was, content: contentOf(cluster.state(), SOURCE) });
      expect(result.changes).toEqual([`attributes: came along from volume ${SOURCE}, and set back`]);
      expect(result.volume.attributes).toEqual({ stage: 'uat' });
    }));

  test('names what somebody has changed on the destination meanwhile, and leaves it so', () =>
    withCluster({ behaviour: { cloneSeconds: 3 } }, async (service) => {
      const handle = await startCopy(service);
      await called(service, 'CopyVolume');
      service.simulator.cluster.act('ModifyVolume', { volumeID: DESTINATION, qosPolicyID: 2 });
      const { changes, volume } = await handle.result();
      expect(volume.qosPolicyID).toBe(2);
      expect(changes).toEqual([
        expect.stringMatching(/^qos was .*: changed by somebody while the copy ran, and left so$/),
        expect.stringMatching(/^qosPolicyID was 3 and is 2: changed/),
      ]);
    }));

  test('takes its turn in the line for clone slots, and its way back when it is its turn', () =>
    withCluster({ behaviour: { cloneSeconds: 4 }, limits: { cloneJobsPerVolumeMax: 1 } }, async (service) => {
      const clone = await service.start({ volumeID: SOURCE, name: 'first' });
      await copying(service);
      const handle = await startCopy(service);
      const line = await waitFor('its place in line', async () => {
        const view = await lineOf(service);
        return view.waiting.length > 0 && view;
      });
      expect(line.waiting).toMatchObject([{ workflowID: handle.workflowId, volumes: [SOURCE], place: 1 }]);
      const written = service.simulator.cluster.write(DESTINATION);
      await Promise.all([clone.result(), handle.result()]);
      const state = service.simulator.cluster.state();
      expect(waysBack(state)).toMatchObject([{ content: written }]);
      expect(contentOf(state, DESTINATION)).toBe(contentOf(service.before, SOURCE));
      expect(state.slots.peak.byVolume).toEqual({ [SOURCE]: 1 });
      expect(service.simulator.cluster.calls.counts().refused).toEqual({});
    }));

  test('by one requestId happens once', () =>
    withCluster({ behaviour: { cloneSeconds: 2 } }, async (service) => {
      const requestId = `key-${Math.random()}`;
      const both = await Promise.all([startCopy(service, { requestId }), startCopy(service, { requestId })]);
      const [one, two] = await Promise.all(both.map((h) => h.result()));
      expect(one).toEqual(two);
      expect(callsOf(service, 'CopyVolume')).toBe(1);
    }));
});

describe.concurrent('a copy is refused before anything is changed', () => {
  const refused = async (service: Service, request: object, ...faults: (string | RegExp)[]) => {
    const before = service.simulator.cluster.state();
    const end = await ending(await startCopy(service, { ...request }));
    expect(end).toMatchObject({
      ended: 'failed',
      type: 'InvalidRequest',
      details: faults.map((f) => expect.stringMatching(f)),
    });
    expect(service.simulator.cluster.state().volumes).toEqual(before.volumes);
    expect(service.simulator.cluster.state().snapshots).toEqual(before.snapshots);
  };

  test('onto a volume that is not ours and not named with force', () =>
    withCluster({}, (service) =>
      refused(
        service,
        { force: false },
        'dstVolumeID: volume 60 \\("db-uat-old"\\) was not made by this service; ask with force: true if it is to be overwritten',
      ),
    ));

  test('onto a copy that somebody made of our clone, and that has inherited the tag', () =>
    withCluster({}, async (service) => {
      const { volumeID } = await service.clone({ volumeID: SOURCE, name: 'ours' });
      const { volumeID: dstVolumeID } = service.simulator.cluster.act('CloneVolume', { volumeID, name: 'theirs' });
      await waitFor('the copy of our clone', () =>
        service.simulator.cluster.state().volumes.some((v) => v.volumeID === dstVolumeID && v.status === 'active'),
      );
      await refused(service, { dstVolumeID, force: false }, /^dstVolumeID: volume \d+ \("theirs"\) was not made/);
    }));

  test('onto a volume that hosts are connected to, whose names it says', () =>
    withCluster({}, async (service) => {
      const { volumeID } = await service.clone({ volumeID: SOURCE, name: 'ours' });
      service.simulator.cluster.setSessions([{ ...session, volumeID }]);
      await refused(
        service,
        { dstVolumeID: volumeID, force: false },
        `dstVolumeID: volume ${volumeID} is in use by iqn.1993-08.org.debian:01:181324777 \\(10.1.1.1\\): unmount it and log out there, or ask with force: true`,
      );
    }));

  test('onto a volume of another size, with the offer to grow the smaller one', () =>
    withCluster({}, async (service) => {
      await refused(
        service,
        { dstVolumeID: 61 },
        'volumeID: volume 61 has 10737418240 bytes, volume 42 has 4294967296; CopyVolume needs the same size: grow volume 42 by ModifyVolume to a totalSize of 10737418240',
      );
      await refused(
        service,
        { dstVolumeID: 43 },
        'dstVolumeID: volume 43 has 1073741824 bytes, .*: grow volume 43 by ModifyVolume to a totalSize of 4294967296',
      );
      const { cluster } = service.simulator;
      const { snapshotID } = cluster.act('CreateSnapshot', { volumeID: SOURCE });
      cluster.act('ModifyVolume', { volumeID: SOURCE, totalSize: 10_737_418_240 });
      await refused(
        service,
        { dstVolumeID: 61, snapshotID },
        `snapshotID: volume 61 has .*, snapshot ${String(snapshotID)} has 4294967296; .*: choose a snapshot of that size, or leave`,
      );
    }));

  test('with volumes and a snapshot that are not there, all at once', () =>
    withCluster({}, (service) =>
      refused(
        service,
        { volumeID: 998, dstVolumeID: 999 },
        /^volumeID: cluster lab-\d+ has no volume 998/,
        /^dstVolumeID: cluster lab-\d+ has no volume 999/,
      ),
    ));

  test('while somebody copies onto the destination, or clones from it as it is', () =>
    withCluster({ behaviour: { cloneSeconds: 600 } }, async (service) => {
      const { cluster } = service.simulator;
      cluster.act('CloneVolume', { volumeID: DESTINATION, name: 'of-now' });
      await refused(
        service,
        {},
        /^dstVolumeID: volume 60 is being cloned as it is now to volume \d+ \(clone job \d+\)/,
      );
      await startCopy(service, { dstVolumeID: DESTINATION }).then((h) => h.terminate());
      cluster.act('CopyVolume', { volumeID: SOURCE, dstVolumeID: DESTINATION });
      await refused(
        service,
        {},
        /^dstVolumeID: volume 60 is being cloned/,
        /^dstVolumeID: volume 42 is being copied onto volume 60 \(clone job \d+\)/,
      );
    }));

  test('while another copy of ours is at it', () =>
    withCluster({ behaviour: { cloneSeconds: 600 } }, async (service) => {
      const first = await startCopy(service);
      await called(service, 'CopyVolume');
      await refused(
        service,
        {},
        /^dstVolumeID: volume 42 is being copied onto volume 60/,
        `dstVolumeID: ${first.workflowId} is overwriting volume 60: wait until it is done, then ask again`,
      );
      await first.cancel();
      await ending(first);
    }));

  test('by a user who lacks an access type, which it names', () =>
    withCluster(
      { admins: [{ username: 'reader', password: 'simulator', access: ['read'] }] },
      async (service) => {
        const end = await ending(await startCopy(service));
        expect(end).toMatchObject({
          type: 'InvalidRequest',
          details: [
            expect.stringMatching(
              /lacks the access type volumes \(for CreateSnapshot, DeleteSnapshot, RollbackToSnapshot\)/,
            ),
          ],
        });
      },
      { credentials: { username: 'reader', password: 'simulator' } },
    ));
});

describe.concurrent('right before it would be overwritten, the destination is looked at once more', () => {
  const oneSlot: SimulatorOptions = { behaviour: { cloneSeconds: 4 }, limits: { cloneJobsPerVolumeMax: 1 } };

  test('a host that has connected while the copy was in line is not robbed of its volume', () =>
    withCluster(oneSlot, async (service) => {
      const { volumeID: dstVolumeID } = await service.clone({ volumeID: SOURCE, name: 'ours' });
      const other = await service.start({ volumeID: SOURCE, name: 'other' });
      await copying(service);
      const handle = await startCopy(service, { dstVolumeID, force: false });
      await waitFor('its place in line', async () => (await lineOf(service)).waiting.length > 0);
      service.simulator.cluster.setSessions([{ ...session, volumeID: dstVolumeID }]);
      const before = contentOf(service.simulator.cluster.state(), dstVolumeID);
      const end = await ending(handle);
      expect(end).toMatchObject({
        ended: 'failed',
        type: 'CloneFailed',
        message: expect.stringMatching(
          /failed in step startCopy: volume \d+ is in use by iqn.*It is not overwritten\./,
        ),
        details: { step: 'startCopy', dstVolumeID, sourceVolumeID: SOURCE, leftBehind: [] },
      });
      expect(callsOf(service, 'CopyVolume')).toBe(0);
      const state = service.simulator.cluster.state();
      expect(contentOf(state, dstVolumeID)).toBe(before);
      expect(waysBack(state)).toEqual([]);
      await other.result();
    }));

  test('of two copies onto one volume that come at the same moment, one goes ahead and the other says why not', () =>
    withCluster(
      { behaviour: { cloneSeconds: 3 }, faults: [{ kind: 'slow', method: 'CreateSnapshot', delayMs: 1_500 }] },
      async (service) => {
        const both = await Promise.all([startCopy(service), startCopy(service, { volumeID: SOURCE })]);
        const ends = await Promise.all(both.map((h) => ending(h)));
        expect(ends.map((e) => e.ended).toSorted()).toEqual(['completed', 'failed']);
        const failed = ends.find((e) => e.ended === 'failed')!;
        const winner = both[ends.findIndex((e) => e.ended === 'completed')]!;
        expect(failed).toMatchObject({
          message: expect.stringContaining(`${winner.workflowId} is overwriting volume 60`),
        });
        expectCopied(
          service,
          ends.find((e) => e.ended === 'completed')!,
          service.before,
        );
      },
    ));
});

describe.concurrent('what fails or is cancelled is rolled back', () => {
  test('a copy that the cluster gives up', () =>
    withCluster({ faults: [{ kind: 'cloneFails', atPercent: 50 }] }, async (service) => {
      const end = await ending(await startCopy(service));
      expect(end).toMatchObject({
        ended: 'failed',
        type: 'CloneFailed',
        message: expect.stringMatching(
          /^Copying volume 42 of cluster lab-\d+ onto volume 60 failed in step awaitCopy: the cluster gave up copying to volume 60: xCloneFailed: .* Undone: volume 60 rolled back to snapshot \d+; snapshot \d+ deleted; snapshot \d+ deleted\./,
        ),
        details: { step: 'awaitCopy', method: 'CopyVolume', apiName: 'xCloneFailed', leftBehind: [] },
      });
      expectAsBefore(service, service.before);
    }));

  test.each<[when: string, method: string, match?: Record<string, unknown>, after?: string]>([
    ['while it is checked', 'GetClusterFullThreshold'],
    ['while the snapshot is taken', 'CreateSnapshot'],
    ['while the way back is taken', 'CreateSnapshot', { volumeID: DESTINATION }],
    ['while the copy is asked for', 'CopyVolume'],
    ['while a look is under way', 'ListSyncJobs', {}, 'CopyVolume'],
    ['while the way back is let go', 'ModifySnapshot'],
    ['while the snapshot is removed', 'DeleteSnapshot'],
  ])('a copy that is cancelled %s', async (_when, method, match = {}, after) =>
    withCluster(
      {
        behaviour: { cloneSeconds: 2 },
        faults: [{ kind: 'slow', method, match, delayMs: 5_000, count: 1, ...(after === undefined ? {} : { after }) }],
      },
      async (service) => {
        const handle = await startCopy(service);
        await waitFor(method, () => service.simulator.cluster.faults.list()[0]!.fired > 0);
        await handle.cancel();
        expect(await ending(handle)).toEqual({ ended: 'cancelled' });
        expectAsBefore(service, service.before);
      },
    ),
  );

  test('a copy that is cancelled while it runs', () =>
    withCluster({ behaviour: { cloneSeconds: 600 } }, async (service) => {
      const handle = await startCopy(service);
      await called(service, 'CopyVolume');
      expect(contentOf(service.simulator.cluster.state(), DESTINATION)).not.toBe(
        contentOf(service.before, DESTINATION),
      );
      await handle.cancel();
      expect(await ending(handle)).toEqual({ ended: 'cancelled' });
      expectAsBefore(service, service.before);
    }));

  test('in line nothing was begun, and the end is at once', () =>
    withCluster(
      { behaviour: { cloneSeconds: 600 }, limits: { cloneJobsPerVolumeMax: 1 } },
      async (service) => {
        const other = await service.start({ volumeID: SOURCE, name: 'other' });
        await copying(service);
        const handle = await startCopy(service);
        await waitFor('its place in line', async () => (await lineOf(service)).waiting.length > 0);
        await handle.cancel();
        expect(await ending(handle)).toEqual({ ended: 'cancelled' });
        expect(callsOf(service, 'RollbackToSnapshot')).toBe(0);
        expect((await lineOf(service)).waiting).toEqual([]);
        await other.terminate();
      },
      // Waiting for what a lost call may do would outlast the test.
      { times: { settleMs: 3_600_000 } },
    ));

  test('unless the request asks to keep it: then the failure says how to go back', () =>
    withCluster({ faults: [{ kind: 'cloneFails' }] }, async (service) => {
      const end = await ending(await startCopy(service, { onFailure: 'keep' }));
      const state = service.simulator.cluster.state();
      const [wayBack] = waysBack(state);
      expect(end).toMatchObject({
        type: 'CloneFailed',
        message: expect.stringContaining(
          `Still on the cluster: content of volume 60 (may be a mixture of old and new, kept, as onFailure says; RollbackToSnapshot to snapshot ${wayBack?.snapshotID} gives back what it held before)`,
        ),
      });
      const { leftBehind } = (end as { details: CopyFailureDetails }).details;
      expect(leftBehind.map(({ kind, id }) => [kind, id])).toEqual(
        expect.arrayContaining([
          ['content', DESTINATION],
          ['snapshot', wayBack?.snapshotID],
        ]),
      );
      expect(contentOf(state, DESTINATION)).not.toBe(contentOf(service.before, DESTINATION));
    }));

  test('and where the cluster refuses to roll back, the way back stays and is named', () =>
    withCluster(
      { faults: [{ kind: 'cloneFails' }, { kind: 'error', method: 'RollbackToSnapshot', name: 'xUnknownAccount' }] },
      async (service) => {
        const end = await ending(await startCopy(service));
        const [wayBack] = waysBack(service.simulator.cluster.state());
        expect(end).toMatchObject({
          details: {
            apiName: 'xCloneFailed',
            leftBehind: [
              {
                kind: 'content',
                id: DESTINATION,
                reason: expect.stringMatching(
                  `could not be rolled back: .*xUnknownAccount.*; RollbackToSnapshot to snapshot ${wayBack?.snapshotID} gives back`,
                ),
              },
              { kind: 'snapshot', id: wayBack?.snapshotID, reason: expect.stringMatching(/expires by itself/) },
            ],
          },
        });
        expect(wayBack?.content).toBe(contentOf(service.before, DESTINATION));
      },
    ));

  test('a destination that somebody deletes meanwhile is said to be gone', () =>
    withCluster({ behaviour: { cloneSeconds: 600 } }, async (service) => {
      const handle = await startCopy(service);
      await called(service, 'CopyVolume');
      service.simulator.cluster.act('DeleteVolume', { volumeID: DESTINATION });
      const end = await ending(handle);
      expect(end).toMatchObject({
        type: 'CloneFailed',
        details: {
          step: 'awaitCopy',
          leftBehind: [
            { kind: 'content', id: DESTINATION, reason: expect.stringMatching(/^the volume was deleted by somebody/) },
            { kind: 'snapshot' },
          ],
        },
      });
    }));
});

describe.concurrent('whatever becomes of the call', () => {
  test('a lost answer costs no second copy', () =>
    withCluster(
      { behaviour: { cloneSeconds: 3 }, faults: [{ kind: 'actThenCut', method: 'CopyVolume', count: 1 }] },
      async (service) => {
        expectCopied(service, await ending(await startCopy(service)), service.before);
        expect(callsOf(service, 'CopyVolume')).toBe(1);
      },
    ));

  test('nor does it when the copy is over before anybody looks', () =>
    withCluster(
      { behaviour: { cloneSeconds: 0 }, faults: [{ kind: 'actThenCut', method: 'CopyVolume', count: 1 }] },
      async (service) => {
        expectCopied(service, await ending(await startCopy(service)), service.before);
        expect(callsOf(service, 'CopyVolume')).toBe(1);
      },
    ));

  const lost = { kind: 'actThenCut', method: 'CopyVolume', count: 1 } as const;
  /** A second copy of the same begins when the first is over and its answer was lost: what a late call would do. */
  const actLate = async (service: Service, cloneSeconds: number) => {
    const { cluster } = service.simulator;
    const handle = await startCopy(service);
    await waitFor('verify', async () =>
      (await handle.describe()).raw.pendingActivities?.some((a) => a.activityType?.name === 'verifyCopy'),
    );
    const [first] = cluster.state().cloneJobs;
    cluster.setBehaviour({ cloneSeconds });
    const params = { volumeID: SOURCE, dstVolumeID: DESTINATION, snapshotID: first!.snapshotID! };
    return { handle, late: cluster.act('CopyVolume', params) as { cloneID: number } };
  };

  test('one that acts late copies the same once more, and is waited for', () =>
    withCluster(
      { behaviour: { cloneSeconds: 0 }, faults: [lost] },
      async (service) => {
        const { handle } = await actLate(service, 3);
        expectCopied(service, await ending(handle), service.before);
        expect(service.simulator.cluster.state().cloneJobs.map((j) => j.status)).toEqual(['complete', 'complete']);
      },
      { times: { settleMs: 8_000 } },
    ));

  test('a second copy that is stopped half-way is made once more', () =>
    withCluster(
      { behaviour: { cloneSeconds: 0 }, faults: [lost] },
      async (service) => {
        const { handle, late } = await actLate(service, 600);
        await waitFor('verify to see it', async () =>
          (await handle.describe()).raw.pendingActivities?.some((a) =>
            a.lastFailure?.message?.includes('copies the same once more'),
          ),
        );
        service.simulator.cluster.setBehaviour({ cloneSeconds: 0 });
        service.simulator.cluster.act('CancelClone', { cloneID: late.cloneID });
        expectCopied(service, await ending(handle), service.before);
        expect(callsOf(service, 'CopyVolume')).toBe(2);
      },
      { times: { settleMs: 8_000 } },
    ));

  test('one that acts after its repetition is done, and fails, is rolled back with it', () =>
    withCluster(
      {
        behaviour: { cloneSeconds: 0 },
        faults: [
          { kind: 'overtaken', method: 'CopyVolume', count: 1 },
          { kind: 'cloneFails', count: 1 },
        ],
      },
      async (service) => {
        const end = await ending(await startCopy(service));
        expect(service.simulator.cluster.state().cloneJobs.map((j) => j.status)).toEqual(['complete', 'failed']);
        expect(end).toMatchObject({ details: { step: 'verifyCopy', apiName: 'xCloneFailed', leftBehind: [] } });
        expectAsBefore(service, service.before);
      },
    ));

  test('a second way back that the cluster refuses to delete expires, and keeps nothing else there', () =>
    withCluster(
      {
        behaviour: { cloneSeconds: 0 },
        faults: [
          { kind: 'overtaken', method: 'CreateSnapshot', match: { volumeID: DESTINATION }, count: 1 },
          { kind: 'error', method: 'DeleteSnapshot', name: 'xUnknownAccount', count: 1 },
        ],
      },
      async (service) => {
        const end = await ending(await startCopy(service));
        expect(end).toMatchObject({ ended: 'completed', result: { snapshotDeleted: false } });
        const state = service.simulator.cluster.state();
        expect(waysBack(state)).toEqual([
          expect.objectContaining({ expirationTime: expect.any(String) }),
          expect.objectContaining({ expirationTime: expect.any(String) }),
        ]);
        expect({ snapshots: state.snapshots.length, asyncResults: state.asyncResults }).toEqual({
          snapshots: 2,
          asyncResults: [],
        });
      },
    ));

  test('a copy whose result somebody else has taken is made once more: nothing else tells whether it is whole', () =>
    withCluster({ faults: [{ kind: 'loseAsyncResult', count: 1 }] }, async (service) => {
      expectCopied(service, await ending(await startCopy(service)), service.before);
      expect(callsOf(service, 'CopyVolume')).toBe(2);
    }));

  test('and after three the copy is given up and rolled back', () =>
    withCluster({ faults: [{ kind: 'loseAsyncResult' }] }, async (service) => {
      const end = await ending(await startCopy(service));
      expect(end).toMatchObject({
        details: { step: 'awaitCopy', leftBehind: [] },
        message: expect.stringMatching(/nothing tells how the copy onto volume 60 ended: clone job \d+ is gone/),
      });
      expect(callsOf(service, 'CopyVolume')).toBe(3);
      expectAsBefore(service, service.before);
    }));

  test('a snapshot that is gone before the cluster accepts the copy is taken anew', () =>
    withCluster(
      { faults: [{ kind: 'error', method: 'CopyVolume', name: 'xSnapshotIDDoesNotExist', count: 1 }] },
      async (service) => {
        const end = await ending(await startCopy(service));
        expect(end.ended).toBe('completed');
        expect(waysBack(service.simulator.cluster.state())).toHaveLength(1);
      },
    ));
});

describe.concurrent('a copy is taken back', () => {
  test('by rolling the volume back to what it held before; the snapshot stays', () =>
    withCluster({}, async (service) => {
      const handle = await startCopy(service);
      const { undo } = await handle.result();
      expect(await undone(service, handle.workflowId)).toMatchObject({
        ended: 'completed',
        result: { dstVolumeID: DESTINATION, snapshotID: undo!.snapshotID, workflowID: handle.workflowId },
      });
      const state = service.simulator.cluster.state();
      expect(state.volumes).toEqual(service.before.volumes);
      expect(waysBack(state)).toHaveLength(1);
      expect(paramsOf(service, 'RollbackToSnapshot')).toEqual([
        { volumeID: DESTINATION, snapshotID: undo!.snapshotID, saveCurrentState: false },
      ]);
    }));

  test('a lost answer is waited for and the call repeated, so that none acts when hosts write again', () =>
    withCluster(
      { faults: [{ kind: 'cutThenActLater', method: 'RollbackToSnapshot', delayMs: 1_000, count: 1 }] },
      async (service) => {
        const handle = await startCopy(service);
        await handle.result();
        expect((await undone(service, handle.workflowId)).ended).toBe('completed');
        const [lost, repeated] = service.simulator.cluster.calls
          .log()
          .filter((c) => c.method === 'RollbackToSnapshot')
          .map((c) => c.realMs);
        expect(repeated! - lost!).toBeGreaterThanOrEqual(2_000);
        expect(contentOf(service.simulator.cluster.state(), DESTINATION)).toBe(contentOf(service.before, DESTINATION));
      },
    ));

  const refusal = (fault: string | RegExp) => ({
    ended: 'failed',
    type: 'InvalidRequest',
    details: [expect.stringMatching(fault)],
  });

  test('not while hosts are connected, unless forced', () =>
    withCluster({}, async (service) => {
      const handle = await startCopy(service);
      await handle.result();
      service.simulator.cluster.setSessions([session]);
      expect(await undone(service, handle.workflowId)).toMatchObject(
        refusal(/^dstVolumeID: volume 60 is in use by iqn/),
      );
      expect((await undone(service, handle.workflowId, { force: true })).ended).toBe('completed');
    }));

  test('not while it runs, nor once its snapshot has expired', () =>
    withCluster({ behaviour: { cloneSeconds: 5 } }, async (service) => {
      const handle = await startCopy(service, { undo: { expiresIn: '1h' } });
      await called(service, 'CopyVolume');
      expect(await undone(service, handle.workflowId)).toMatchObject({
        details: expect.arrayContaining([expect.stringMatching(/is still running; cancel it/)]),
      });
      await handle.result();
      service.simulator.cluster.clock.set({ advanceSeconds: 3_700 });
      expect(await undone(service, handle.workflowId)).toMatchObject(
        refusal(/^workflowID: volume 60 has no snapshot from before test-copy-.*: it has expired or was deleted/),
      );
    }));

  test('not past a later copy, unless forced', () =>
    withCluster({}, async (service) => {
      const first = await startCopy(service);
      await first.result();
      const second = await startCopy(service);
      await second.result();
      expect(await undone(service, first.workflowId)).toMatchObject(
        refusal(`^workflowID: volume 60 has been copied onto since, by ${second.workflowId}`),
      );
      expect((await undone(service, first.workflowId, { force: true })).ended).toBe('completed');
      expect(contentOf(service.simulator.cluster.state(), DESTINATION)).toBe(contentOf(service.before, DESTINATION));
    }));

  test('and while it is, nothing is copied onto the volume', () =>
    withCluster(
      { faults: [{ kind: 'slow', method: 'RollbackToSnapshot', delayMs: 6_000, count: 1 }] },
      async (service) => {
        const first = await startCopy(service);
        await first.result();
        const undo = await startUndo(service, first.workflowId);
        await called(service, 'RollbackToSnapshot');
        expect(await ending(await startCopy(service))).toMatchObject(
          refusal(`^dstVolumeID: ${workflowIDForUndo(first.workflowId)} is rolling volume 60 back: wait`),
        );
        await undo.result();
      },
    ));

  test('a way back that a failed undo leaves is there still, and the failure says so', () =>
    withCluster(
      { faults: [{ kind: 'error', method: 'RollbackToSnapshot', name: 'xUnknownAccount' }] },
      async (service) => {
        const handle = await startCopy(service);
        await handle.result();
        expect(await undone(service, handle.workflowId)).toMatchObject({
          ended: 'failed',
          type: 'CloneFailed',
          message: expect.stringMatching(
            /^Taking back the copy onto volume 60 of cluster lab-\d+ failed in step rollBackCopy: .*xUnknownAccount/,
          ),
          details: { step: 'rollBackCopy', apiName: 'xUnknownAccount', dstVolumeID: DESTINATION, leftBehind: [] },
        });
        expect(waysBack(service.simulator.cluster.state())).toHaveLength(1);
      },
    ));
});

test('what it asks for in a request that is no request is refused like any other', () =>
  withCluster({}, async (service) => {
    const end = await ending(await startCopy(service, { ...copyRequest, volumeID: 'x', wrong: 1 }));
    expect(end).toMatchObject({ type: 'InvalidRequest' });
    expect(await undone(service, 'nothing', { dstVolumeID: 'x' })).toMatchObject({ type: 'InvalidRequest' });
  }));
