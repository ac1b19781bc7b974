import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
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
const calls = (lab: Lab) => lab.simulator.cluster.calls.counts().byMethod;
const called = (lab: Lab, method: string) => waitFor(method, () => calls(lab)[method]);
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
const afterGrant = (lab: Lab, more: Record<string, unknown> = {}) =>
  terminated(
    lab,
    () => waitFor('the verification', () => lab.simulator.cluster.calls.log().some((c) => isVerify(c.params))),
    more,
  );
const isVerify = (params: unknown) => (params as { volumeName?: string } | undefined)?.volumeName === 'db-uat';

/** Ends the workflow as if the retention were over. */
async function forget(lab: Lab, handle: WorkflowHandle) {
  await lab.client.workflowService.deleteWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId },
  });
  await waitFor('Temporal to forget the workflow', () =>
    handle.describe().then(
      () => false,
      (err: unknown) => err instanceof Error && err.name === 'WorkflowNotFoundError',
    ),
  );
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
      (lab) => terminated(lab, () => called(lab, 'ListSyncJobs')),
      ['cloneJob', 'snapshot', 'volume'],
    ],
    [
      'while copying, and a cancelled clone leaves its volume',
      { behaviour: { ...quick, cloneSeconds: 600, cancelledClone: 'remains' } },
      (lab) => terminated(lab, () => called(lab, 'ListSyncJobs')),
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
      const late = lab.simulator.cluster.act('CreateSnapshot', made.params as Record<string, unknown>)['snapshotID'];
      const report = await lab.clones.orphans();
      expect(brief(report.orphans)).toEqual([`orphan: snapshot ${String(late)}`]);
      await lab.clones.removeOrphans();
      expectOneClone(lab.simulator, volumeID, { groups: ['reporting-hosts', 'uat-hosts'] });
    }),
  );
});
