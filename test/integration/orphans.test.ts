import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CloneClient, type OrphanView } from '../../client/index.ts';
import { readTag, withTag, type OwnershipTag } from '../../contracts/tag.ts';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import type { Fault, SimulatorOptions } from '../../simulator/index.ts';
import { expectNothingLeft, expectOneClone, ours } from '../support/invariants.ts';
import { startService, type Service, type ServiceOptions } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

const request = { volumeID: 42, name: 'db-uat', volumeAccessGroups: [2, 'uat-hosts'] };
const quick = { cloneSeconds: 1, youngVolumeSeconds: 0 };

interface Lab extends Service {
  clones: CloneClient;
}

async function withLab<T>(
  { times, ...simulator }: SimulatorOptions & Pick<ServiceOptions, 'times'>,
  body: (lab: Lab) => Promise<T>,
): Promise<T> {
  const service = await startService({
    simulator: { behaviour: quick, ...simulator },
    ...(times === undefined ? {} : { times }),
  });
  try {
    return await body({ ...service, clones: new CloneClient(service.client, { taskQueue: service.taskQueue }) });
  } finally {
    await service.stop();
  }
}

const state = (lab: Lab) => lab.simulator.cluster.state();
const actOn =
  ({ simulator }: Lab) =>
  (method: string, params: Record<string, unknown>) =>
    simulator.cluster.act(method, params);
const calls = (lab: Lab) => lab.simulator.cluster.calls.counts().byMethod;
const called = (lab: Lab, method: string) => waitFor(method, () => calls(lab)[method]);
const copying = (lab: Lab) => waitFor('the copy to run', () => state(lab).slots.running > 0);
const volume = (lab: Lab, volumeID: number) => state(lab).volumes.find((v) => v.volumeID === volumeID);
const brief = (found: readonly OrphanView[]) => found.map(({ kind, id, verdict }) => `${verdict}: ${kind} ${id}`);
const kinds = (found: readonly OrphanView[]) => found.map((o) => o.kind).toSorted();

/** A clone whose workflow is terminated once `when` holds. */
async function terminated(lab: Lab, when: () => Promise<unknown>, more: Record<string, unknown> = {}) {
  const handle = await lab.start({ ...request, ...more });
  await when();
  await handle.terminate('test');
  return handle;
}

/** Terminated when everything but the verification is done. */
const VERIFY_FAILS: Fault = {
  kind: 'error',
  method: 'ListVolumes',
  match: { volumeName: 'db-uat' },
  name: 'xDBVersionMismatch',
};
const GRANT_FAILS: Fault = { kind: 'error', method: 'AddVolumesToVolumeAccessGroup', name: 'xDBVersionMismatch' };
const afterGrant = (lab: Lab, more: Record<string, unknown> = {}) =>
  terminated(
    lab,
    () => waitFor('the verification', () => lab.simulator.cluster.calls.log().some((c) => isVerify(c.params))),
    more,
  );
const isVerify = (params: unknown) => (params as { volumeName?: string } | undefined)?.volumeName === 'db-uat';

/** What a workflow that Temporal does not know has made: its snapshot, and its clone; whose volumeID is given back. */
function leaveBehind(lab: Lab, workflowID: string, { finished = false } = {}): number {
  const act = actOn(lab);
  const tag = { request: randomUUID(), workflowID: `${workflowID}-${randomUUID()}`, sourceVolumeID: 42 };
  act('CreateSnapshot', { volumeID: 42, attributes: withTag({}, { ...tag, step: 'snapshot' }) });
  const attributes = withTag({}, { ...tag, step: 'clone' });
  const { volumeID } = act('CloneVolume', { volumeID: 42, name: 'db-uat', attributes }) as { volumeID: number };
  if (finished) {
    act('ModifyVolume', { volumeID, attributes: withTag({}, { ...tag, step: 'clone', volumeID }) });
  }
  return volumeID;
}

describe('the rest of a terminated workflow is found and removed', () => {
  test.concurrent.each<
    [when: string, simulator: SimulatorOptions, end: (lab: Lab) => Promise<unknown>, left: string[]]
  >([
    [
      'after the snapshot',
      { faults: [{ kind: 'error', method: 'CloneVolume', name: 'xMaxClonesPerVolumeExceeded' }] },
      (lab) => terminated(lab, () => called(lab, 'CloneVolume')),
      ['snapshot'],
    ],
    [
      'while copying',
      { behaviour: { ...quick, cloneSeconds: 600 } },
      (lab) => terminated(lab, () => copying(lab)),
      ['cloneJob', 'snapshot', 'volume'],
    ],
    [
      'while copying, and a cancelled clone leaves its volume',
      { behaviour: { ...quick, cloneSeconds: 600, cancelledClone: 'remains' } },
      (lab) => terminated(lab, () => copying(lab)),
      ['cloneJob', 'snapshot', 'volume'],
    ],
    [
      'after the grant',
      { faults: [VERIFY_FAILS] },
      (lab) => afterGrant(lab),
      ['accessGroupMembership', 'accessGroupMembership', 'asyncResult', 'snapshot', 'volume'],
    ],
  ])('%s', (_when, simulator, end, left) =>
    withLab(simulator, async (lab) => {
      await end(lab);
      const before = volume(lab, 42);
      const report = await lab.clones.orphans();
      expect(kinds(report.orphans)).toEqual(left);
      expect(report).toMatchObject({ counts: { orphan: left.length, kept: 0 }, leftOut: 0, failed: [] });
      for (const o of report.orphans) {
        expect(o).toMatchObject({ cluster: 'lab', sourceVolumeID: 42, uiPath: expect.stringContaining(o.workflowID) });
      }
      expect(report.orphans.find((o) => o.kind === 'snapshot')?.reason).toMatch(/terminated.*expires by itself/);
      expect(lab.simulator.cluster.calls.log().filter((c) => /^(Delete|Cancel|Remove)/.test(c.method))).toEqual([]);

      const removal = await lab.clones.removeOrphans({ only: report.orphans });
      expect(removal).toMatchObject({ skipped: [], failed: [], failedClusters: [], more: false });
      expect(removal.removed.map((r) => r.kind)).toEqual(expect.arrayContaining(['snapshot']));
      expectNothingLeft(lab.simulator);
      expect(calls(lab)['PurgeDeletedVolume']).toBeUndefined();
      expect(volume(lab, 42)).toEqual(before);
      expect(await lab.clones.orphans()).toMatchObject({ orphans: [], counts: { orphan: 0 } });
    }),
  );

  test.concurrent('and it was reset before: the last run decides', () =>
    withLab({ faults: [VERIFY_FAILS] }, async (lab) => {
      const handle = await lab.start(request);
      await called(lab, 'AddVolumesToVolumeAccessGroup');
      const history = await handle.fetchHistory();
      const firstTask = history.events!.find((e) => e.workflowTaskCompletedEventAttributes)!;
      await lab.client.workflowService.resetWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId: handle.workflowId },
        reason: 'test',
        requestId: randomUUID(),
        workflowTaskFinishEventId: firstTask.eventId!,
      });
      // The run that the reset ended has the look of a terminated one.
      expect(await lab.clones.orphans()).toMatchObject({ orphans: [] });
      await lab.client.workflow.getHandle(handle.workflowId).terminate('test');
      expect(kinds((await lab.clones.orphans()).orphans)).toContain('volume');
      await lab.clones.removeOrphans();
      expectNothingLeft(lab.simulator);
    }),
  );
});

describe('a call that takes effect after settleSeconds', () => {
  test.concurrent('leaves a second volume: it is removed, and the clone stays', () =>
    withLab(
      {
        times: { settleMs: 100 },
        faults: [{ kind: 'cutThenActLater', method: 'CloneVolume', delayMs: 15_000, count: 1 }],
      },
      async (lab) => {
        // With the snapshot gone, the cluster would refuse the late call.
        const { volumeID } = await lab.clone({ ...request, snapshot: { retention: 'keep' } });
        const both = await waitFor('the late volume', () => {
          const { volumes } = ours(state(lab));
          return volumes.length === 2 && volumes.every((v) => v.status === 'active') && volumes;
        });
        const stranger = both.find((v) => v.volumeID !== volumeID)!.volumeID;
        const report = await lab.clones.orphans();
        expect(brief(report.orphans)).toEqual([
          `orphan: volume ${stranger}`,
          expect.stringMatching(/^orphan: asyncResult \d+$/),
        ]);
        expect(report.orphans[0]!.reason).toContain(`has succeeded with volume ${volumeID}`);
        await lab.clones.removeOrphans();
        expectOneClone(lab.simulator, volumeID, { groups: ['reporting-hosts', 'uat-hosts'], snapshots: 1 });
      },
    ),
  );

  test.concurrent('leaves a second snapshot, which is removed', () =>
    withLab({}, async (lab) => {
      const { volumeID } = await lab.clone(request);
      const made = lab.simulator.cluster.calls.log().find((c) => c.method === 'CreateSnapshot')!;
      const late = lab.simulator.cluster.act('CreateSnapshot', made.params)['snapshotID'];
      const report = await lab.clones.orphans();
      expect(brief(report.orphans)).toEqual([`orphan: snapshot ${String(late)}`]);
      await lab.clones.removeOrphans();
      expectOneClone(lab.simulator, volumeID, { groups: ['reporting-hosts', 'uat-hosts'] });
    }),
  );
});

describe('what is no orphan', () => {
  const everything = (lab: Lab) => ({ volumes: state(lab).volumes, snapshots: state(lab).snapshots });

  test.concurrent('a running clone, a finished one, its kept snapshot, a copy of it, volumes of others', () =>
    withLab({ behaviour: { ...quick, copyRules: [{ name: 'slow', cloneSeconds: 600 }] } }, async (lab) => {
      const act = actOn(lab);
      const finished = await lab.clone({ ...request, snapshot: { retention: 'keep' } });
      act('CloneVolume', { volumeID: finished.volumeID, name: request.name });
      act('CreateVolume', { name: 'db-uat', accountID: 1, totalSize: 1_000_000_000, enable512e: true });
      const strange = { 'element-clone': 'v=2&step=clone&request=r&workflow=w&source=42' };
      act('CreateVolume', {
        name: 'db-uat',
        accountID: 1,
        totalSize: 1_000_000_000,
        enable512e: true,
        attributes: strange,
      });
      act('CreateSnapshot', { volumeID: 43, name: 'somebody', attributes: { who: 'somebody' } });
      const running = await lab.start({ ...request, name: 'slow' });
      await waitFor('the copy', () => state(lab).volumes.some((v) => v.name === 'slow'));
      await waitFor('the copy of the clone', () =>
        state(lab).volumes.every((v) => v.name === 'slow' || v.status === 'active'),
      );

      const before = everything(lab);
      const report = await lab.clones.orphans({ olderThan: '1s' });
      expect(report).toMatchObject({ orphans: [], clusters: [{ cluster: 'lab', volumes: 2, snapshots: 2 }] });
      expect(await lab.clones.removeOrphans()).toMatchObject({ removed: [], skipped: [] });
      expect(everything(lab)).toEqual(before);
      await running.terminate('test');
    }),
  );

  test.concurrent('what is named for removal is looked at again', () =>
    withLab({ behaviour: { ...quick, copyRules: [{ name: 'slow', cloneSeconds: 600 }] } }, async (lab) => {
      const finished = await lab.clone(request);
      const running = await lab.start({ ...request, name: 'slow' });
      const slow = await waitFor('the copy', () => state(lab).volumes.find((v) => v.name === 'slow'));
      const [snapshot] = ours(state(lab), running.workflowId).snapshots;
      const only = [
        { cluster: 'lab', kind: 'volume' as const, id: 42 },
        { cluster: 'lab', kind: 'volume' as const, id: finished.volumeID },
        { cluster: 'lab', kind: 'volume' as const, id: slow.volumeID },
        { cluster: 'lab', kind: 'snapshot' as const, id: snapshot!.snapshotID },
        { cluster: 'lab', kind: 'asyncResult' as const, id: state(lab).asyncResults[0]!.asyncHandle },
        { cluster: 'lab', kind: 'volume' as const, id: 9_999 },
      ];
      const before = everything(lab);
      const removal = await lab.clones.removeOrphans({ only, include: ['kept', 'unknown'] });
      expect(removal).toMatchObject({ removed: [], failed: [] });
      expect(removal.skipped.map(({ kind, id }) => ({ cluster: 'lab', kind, id }))).toEqual(only);
      expect(everything(lab)).toEqual(before);
      await running.terminate('test');
    }),
  );

  test.concurrent('the rest of an execution whose requestId runs again, and what that one makes of it', () =>
    withLab({ faults: [GRANT_FAILS] }, async (lab) => {
      const requestId = randomUUID();
      const workflowId = workflowIDForRequest(requestId);
      const first = await lab.start({ ...request, requestId }, { workflowId });
      await called(lab, 'AddVolumesToVolumeAccessGroup');
      await first.terminate('test');
      const report = await lab.clones.orphans();
      const [left] = ours(state(lab)).volumes;
      expect(brief(report.orphans)).toContain(`orphan: volume ${left!.volumeID}`);

      const second = await lab.start({ ...request, requestId }, { workflowId });
      expect(await lab.clones.orphans()).toMatchObject({ orphans: [] });
      // Seen before, and running by now.
      expect(await lab.clones.removeOrphans({ only: report.orphans })).toMatchObject({ removed: [] });
      lab.simulator.cluster.faults.clear();
      expect(await second.result()).toMatchObject({ volumeID: left!.volumeID });
      expect(await lab.clones.orphans()).toMatchObject({ orphans: [] });
    }),
  );
});

describe('what a person wants is left alone', () => {
  test.concurrent('a volume that was removed as an orphan can be restored, and stays then', () =>
    withLab({ faults: [VERIFY_FAILS] }, async (lab) => {
      await afterGrant(lab);
      const [left] = ours(state(lab)).volumes;
      const { volumeID } = left!;
      await lab.clones.removeOrphans();
      expectNothingLeft(lab.simulator);
      lab.simulator.cluster.act('RestoreDeletedVolume', { volumeID });
      const report = await lab.clones.orphans();
      expect(brief(report.orphans)).toEqual([`doubtful: volume ${volumeID}`]);
      expect(report.orphans[0]!.reason).toContain('restored by somebody');
      expect(await lab.clones.removeOrphans({ include: ['kept', 'unknown'] })).toMatchObject({ removed: [] });
      expect(volume(lab, volumeID)).toMatchObject({ status: 'active', name: 'db-uat', content: left!.content });
    }),
  );

  test.concurrent('a volume that its own workflow deleted, and somebody restored', () =>
    withLab({ faults: [VERIFY_FAILS] }, async (lab) => {
      const handle = await lab.start(request);
      await called(lab, 'AddVolumesToVolumeAccessGroup');
      const { volumeID } = ours(state(lab)).volumes[0]!;
      await handle.cancel();
      await waitFor('the undoing', async () =>
        (await handle.describe()).raw.pendingActivities?.some((a) => a.activityType?.name === 'undoClone'),
      );
      expect(await lab.clones.orphans()).toMatchObject({ orphans: [] });
      lab.simulator.cluster.faults.clear();
      await handle.result().catch(() => {});
      expectNothingLeft(lab.simulator);
      lab.simulator.cluster.act('RestoreDeletedVolume', { volumeID });
      expect(brief((await lab.clones.orphans()).orphans)).toEqual([`doubtful: volume ${volumeID}`]);
      await lab.clones.removeOrphans();
      expect(volume(lab, volumeID)).toMatchObject({ status: 'active' });
    }),
  );

  test.concurrent('a volume that a host is connected to', () =>
    withLab({ faults: [VERIFY_FAILS] }, async (lab) => {
      await afterGrant(lab);
      const { volumeID } = ours(state(lab)).volumes[0]!;
      lab.simulator.cluster.setSessions([{ volumeID, initiatorName: 'iqn.1993-08.org.debian:01:host' }]);
      const report = await lab.clones.orphans();
      expect(report.orphans[0]).toMatchObject({
        kind: 'volume',
        verdict: 'doubtful',
        reason: expect.stringContaining('in use by iqn.1993-08.org.debian:01:host'),
      });
      await lab.clones.removeOrphans();
      expect(volume(lab, volumeID)).toMatchObject({ status: 'active', volumeAccessGroups: [2, 3] });
      expect(ours(state(lab)).snapshots).toEqual([]);
    }),
  );

  test.concurrent('a copy of what was not finished: it has inherited the tag, not the name', () =>
    withLab(
      {
        behaviour: { ...quick, copyRules: [{ name: 'mine', cloneSeconds: 600 }] },
        faults: [{ kind: 'error', method: 'ModifyVolume', name: 'xDBVersionMismatch' }],
      },
      async (lab) => {
        await terminated(lab, () => called(lab, 'ModifyVolume'));
        const { volumeID } = ours(state(lab)).volumes[0]!;
        const copy = actOn(lab)('CloneVolume', { volumeID, name: 'mine' })['volumeID'] as number;
        // While it is copied, the cluster itself says from where.
        expect((await lab.clones.orphans()).orphans.map((o) => o.volumeID)).not.toContain(copy);
        lab.simulator.cluster.clock.set({ advanceSeconds: 700 });
        expect(brief((await lab.clones.orphans()).orphans)).toContain(`doubtful: volume ${copy}`);
        await lab.clones.removeOrphans();
        expect(volume(lab, volumeID)).toMatchObject({ status: 'deleted' });
        expect(volume(lab, copy)).toMatchObject({ status: 'active' });
      },
    ),
  );

  test.concurrent('a snapshot that somebody clones from', () =>
    withLab(
      {
        behaviour: { ...quick, cloneSeconds: 600, copyRules: [{ name: 'db-uat', cloneSeconds: 1 }] },
        faults: [VERIFY_FAILS],
      },
      async (lab) => {
        await afterGrant(lab);
        const { snapshotID } = ours(state(lab)).snapshots[0]!;
        actOn(lab)('CloneVolume', { volumeID: 42, name: 'theirs', snapshotID });
        expect(brief((await lab.clones.orphans()).orphans)).toContain(`doubtful: snapshot ${snapshotID}`);
        expect(await lab.clones.removeOrphans()).toMatchObject({ failed: [] });
        expect(ours(state(lab))).toMatchObject({ volumes: [], snapshots: [{ snapshotID }] });
      },
    ),
  );

  test.concurrent('what onFailure kept, unless it is included', () =>
    withLab(
      { faults: [{ kind: 'error', method: 'AddVolumesToVolumeAccessGroup', name: 'xUnknownAccount' }] },
      async (lab) => {
        await lab.clone({ ...request, onFailure: 'keep' }).catch(() => {});
        const report = await lab.clones.orphans();
        expect(brief(report.orphans)).toEqual([
          expect.stringMatching(/^kept: volume/),
          expect.stringMatching(/^kept: asyncResult/),
          expect.stringMatching(/^kept: snapshot/),
        ]);
        expect(await lab.clones.removeOrphans({ only: report.orphans })).toMatchObject({ removed: [], skipped: [] });
        expect(ours(state(lab)).volumes).toHaveLength(1);
        const removal = await lab.clones.removeOrphans({ only: report.orphans, include: ['kept'] });
        expect(removal.removed).toHaveLength(3);
        expectNothingLeft(lab.simulator);
      },
    ),
  );

  test.concurrent('what belongs to a workflow that Temporal no longer knows, unless it is included', () =>
    withLab(
      { behaviour: { ...quick, cloneSeconds: 600 }, clock: { now: () => Date.now() - 40 * 3_600_000 } },
      async (lab) => {
        const gone = leaveBehind(lab, 'gone');
        const finished = leaveBehind(lab, 'finished', { finished: true });
        const report = await lab.clones.orphans();
        expect(report.orphans.map((o) => [o.verdict, o.kind, o.volumeID, o.runID])).toEqual([
          ['unknown', 'volume', gone, null],
          ['unknown', 'cloneJob', gone, null],
          ['unknown', 'snapshot', null, null],
          ['unknown', 'snapshot', null, null],
        ]);
        expect(report.orphans[0]).toMatchObject({ reason: expect.stringMatching(/no longer known.*being copied/) });
        expect(report.orphans[0]!.ageSeconds).toBeGreaterThan(39 * 3_600);
        expect(await lab.clones.orphans({ olderThan: '48h' })).toMatchObject({ orphans: [], counts: { unknown: 0 } });
        expect(await lab.clones.removeOrphans()).toMatchObject({ removed: [] });
        await lab.clones.removeOrphans({ include: ['unknown'] });
        expect(ours(state(lab))).toMatchObject({ volumes: [{ volumeID: finished }], snapshots: [] });
        expect(volume(lab, gone)?.status ?? 'deleted').toBe('deleted');
      },
    ),
  );

  test.concurrent('what belongs to an unknown workflow and is young: it may be of another Temporal', () =>
    withLab({ behaviour: { ...quick, cloneSeconds: 600 } }, async (lab) => {
      const made = leaveBehind(lab, 'gone');
      expect(await lab.clones.orphans()).toMatchObject({ orphans: [] });
      await waitFor('it to be old enough', async () =>
        brief((await lab.clones.orphans({ olderThan: '2s' })).orphans).includes(`unknown: volume ${made}`),
      );
    }),
  );
});

describe('what is left of a clone that is done', () => {
  test.concurrent('a snapshot that could not be deleted, and a result that could not be released', () =>
    withLab(
      {
        faults: [
          { kind: 'error', method: 'DeleteSnapshot', name: 'xUnknownAccount' },
          { kind: 'error', method: 'GetAsyncResult', match: { keepResult: false }, name: 'xUnknownAccount' },
        ],
      },
      async (lab) => {
        const { volumeID } = await lab.clone(request);
        const report = await lab.clones.orphans();
        expect(brief(report.orphans)).toEqual([
          expect.stringMatching(/^orphan: asyncResult/),
          expect.stringMatching(/^orphan: snapshot/),
        ]);
        lab.simulator.cluster.faults.clear();
        expect((await lab.clones.removeOrphans({ only: report.orphans })).removed).toHaveLength(2);
        expectOneClone(lab.simulator, volumeID, { groups: ['reporting-hosts', 'uat-hosts'] });
      },
    ),
  );

  test.concurrent('a result of somebody who copied onto the clone is not ours', () =>
    withLab({}, async (lab) => {
      const { volumeID } = await lab.clone(request);
      const { cluster } = lab.simulator;
      cluster.clock.set({ advanceSeconds: 120 });
      cluster.act('CopyVolume', { volumeID: 42, dstVolumeID: volumeID });
      await waitFor('the copy', () => state(lab).asyncResults.every((r) => r.completed));
      expect(await lab.clones.orphans()).toMatchObject({ orphans: [] });
      expect(state(lab).asyncResults).toHaveLength(1);
    }),
  );
});

describe('faults', () => {
  test.concurrent.each<[what: string, faults: Fault[]]>([
    ['DeleteVolume acts and loses the answer', [{ kind: 'actThenCut', method: 'DeleteVolume', count: 1 }]],
    ['DeleteSnapshot acts and loses the answer', [{ kind: 'actThenCut', method: 'DeleteSnapshot', count: 1 }]],
    ['CancelClone is cut', [{ kind: 'cutBefore', method: 'CancelClone', count: 1 }]],
    ['the cluster is loaded', [{ kind: 'error', name: 'xDBVersionMismatch', probability: 0.1 }]],
    ['the lists fail for a moment', [{ kind: 'http503', method: ['ListVolumes', 'ListAsyncResults'], count: 2 }]],
    ['a note cannot be left', [{ kind: 'error', method: 'ModifyVolume', name: 'xUnknownAccount' }]],
  ])('%s: all is removed', (_what, faults) =>
    withLab({ behaviour: { ...quick, cloneSeconds: 600 } }, async (lab) => {
      await terminated(lab, () => copying(lab));
      const { only } = { only: (await lab.clones.orphans()).orphans };
      lab.simulator.cluster.faults.append(faults);
      const removal = await lab.clones.removeOrphans({ only });
      expect(removal).toMatchObject({ failed: [], skipped: [] });
      lab.simulator.cluster.faults.clear();
      expectNothingLeft(lab.simulator);
    }),
  );

  test.concurrent('what the cluster will not give up is named with its reason, and the rest is removed', () =>
    withLab({ faults: [VERIFY_FAILS] }, async (lab) => {
      await afterGrant(lab);
      const { volumeID } = ours(state(lab)).volumes[0]!;
      lab.simulator.cluster.faults.append([
        { kind: 'error', method: 'DeleteVolume', name: 'xUnknownAccount', message: 'not today' },
      ]);
      const removal = await lab.clones.removeOrphans();
      expect(removal.failed).toEqual([
        { cluster: 'lab', kind: 'volume', id: volumeID, volumeID, reason: expect.stringContaining('not today') },
      ]);
      expect(ours(state(lab))).toMatchObject({ snapshots: [], memberships: [] });
      // The note of its removal is taken back with it: nobody restored it.
      expect(brief((await lab.clones.orphans()).orphans)).toContain(`orphan: volume ${volumeID}`);
      lab.simulator.cluster.faults.clear();
      await lab.clones.removeOrphans();
      expectNothingLeft(lab.simulator);
    }),
  );

  test.concurrent('a refusal that may pass is believed after a few tries', () =>
    withLab({ behaviour: { ...quick, cloneSeconds: 600 } }, async (lab) => {
      await terminated(lab, () => copying(lab));
      lab.simulator.cluster.faults.append([{ kind: 'error', method: 'DeleteSnapshot', name: 'xPermissionDenied' }]);
      const removal = await lab.clones.removeOrphans();
      expect(removal.failed).toMatchObject([
        { kind: 'snapshot', reason: expect.stringContaining('xPermissionDenied') },
      ]);
      expect(ours(state(lab)).volumes).toEqual([]);
    }),
  );

  test.concurrent('a cluster that refuses to be read is named, and nothing of it is reported', () =>
    withLab({ faults: [{ kind: 'error', method: 'ListSnapshots', name: 'xUnknownAPIMethod' }] }, async (lab) => {
      const report = await lab.clones.orphans();
      expect(report).toMatchObject({
        orphans: [],
        clusters: [],
        failed: [{ cluster: 'lab', reason: expect.stringContaining('xUnknownAPIMethod') }],
      });
      expect(await lab.clones.removeOrphans()).toMatchObject({ removed: [], failedClusters: [{ cluster: 'lab' }] });
    }),
  );

  test.concurrent('a request with faults is refused, by the client and by the worker', () =>
    withLab({}, async (lab) => {
      await expect(lab.clones.orphans({ olderThan: '5 apples' })).rejects.toMatchObject({
        name: 'InvalidRequestError',
        faults: [expect.stringMatching(/^olderThan: /)],
      });
      await expect(lab.clones.orphans({ cluster: 'nowhere' })).rejects.toMatchObject({
        name: 'InvalidRequestError',
        faults: [expect.stringMatching(/^cluster: "nowhere" .*this worker knows: lab/)],
      });
      const wrong = lab.client.workflow.execute('removeOrphans', {
        workflowId: `test-${randomUUID()}`,
        taskQueue: lab.taskQueue,
        args: [{ include: ['doubtful'], everything: true }],
      });
      await expect(wrong).rejects.toMatchObject({ cause: { type: 'InvalidRequest' } });
    }),
  );
});

test('without a worker the caller is told so', async () => {
  const service = await startService({ worker: false });
  try {
    const clones = new CloneClient(service.client, { taskQueue: service.taskQueue });
    await expect(clones.orphans({ timeoutMs: 500 })).rejects.toMatchObject({
      name: 'TaskFailedError',
      code: 'TASK_FAILED',
      message: expect.stringMatching(/No worker has answered.*element-clone doctor/),
    });
    const stop = AbortSignal.abort(new Error('enough'));
    await expect(clones.inventory({ signal: stop })).rejects.toThrow('enough');
  } finally {
    await service.stop();
  }
});

test('hundreds of orphans are removed, and none of the hundreds beside them', () =>
  withLab({ limits: { volumesPerAccountCountMax: 4_000 } }, async (lab) => {
    const { volumeID } = await lab.clone(request);
    // The longest ID that Temporal takes on PostgreSQL makes long rows: they do not all fit into one report.
    const handle = await lab.start(request, { workflowId: `${'x'.repeat(218)}-${randomUUID()}` });
    await waitFor('a snapshot', () => ours(state(lab)).snapshots[0]);
    await handle.terminate('test');
    const { runId } = await handle.describe();
    const make = (attributes: Record<string, unknown>) =>
      lab.simulator.cluster.act('CreateVolume', {
        name: request.name,
        accountID: 2,
        totalSize: 1_000_000_000,
        enable512e: true,
        attributes,
      })['volumeID'] as number;
    const tag: OwnershipTag = { request: runId, workflowID: handle.workflowId, step: 'clone', sourceVolumeID: 42 };
    const left = Array.from({ length: 1_300 }, () => make(withTag({}, tag)));
    const good = volume(lab, volumeID)!['attributes'] as Record<string, unknown>;
    // Copies of the finished clone, and volumes of others.
    const others = Array.from({ length: 300 }, (_, i) => make(i % 2 === 0 ? good : { who: 'somebody' }));

    const report = await lab.clones.orphans();
    const listed = report.orphans.filter((o) => o.kind === 'volume').map((o) => o.id);
    expect(listed.length).toBeGreaterThan(300);
    expect(listed.filter((id) => others.includes(id) || id === volumeID)).toEqual([]);
    expect(report.leftOut).toBeGreaterThan(0);
    expect(report.counts.orphan).toBe(report.orphans.length + report.leftOut);
    expect(await lab.clones.removeOrphans()).toMatchObject({ failed: [], skipped: [], more: false });
    const alive = new Set(
      state(lab)
        .volumes.filter((v) => v.status !== 'deleted')
        .map((v) => v.volumeID),
    );
    expect(left.filter((id) => alive.has(id))).toEqual([]);
    expect(others.filter((id) => !alive.has(id))).toEqual([]);
    expect(alive.has(volumeID)).toBe(true);
    expect(readTag(good)).toMatchObject({ volumeID });
  }));

test('the report runs on a schedule, without an argument', () =>
  withLab({ behaviour: { ...quick, cloneSeconds: 600 } }, async (lab) => {
    const handle = await terminated(lab, () => copying(lab));
    const scheduleId = `orphans-${randomUUID()}`;
    const schedule = await lab.client.schedule.create({
      scheduleId,
      spec: { intervals: [{ every: '1d' }] },
      action: { type: 'startWorkflow', workflowType: 'findOrphans', taskQueue: lab.taskQueue, workflowId: scheduleId },
    });
    try {
      await schedule.trigger();
      const started = await waitFor('the report to be started', async () => {
        const { info } = await schedule.describe();
        return info.recentActions[0]?.action.workflow.workflowId;
      });
      const report = (await lab.client.workflow.getHandle(started).result()) as { orphans: OrphanView[] };
      expect(report.orphans.map((o) => o.workflowID)).toContain(handle.workflowId);
    } finally {
      await schedule.delete();
    }
  }));
