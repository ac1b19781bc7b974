import { describe, expect, test } from 'vitest';
import { CloneClient, type OrphanView } from '../../client/index.ts';
import type { Fault, SimulatorOptions } from '../../simulator/index.ts';
import { quickly, volumesOf } from '../support/groups.ts';
import { ending, expectNothingLeft, ours } from '../support/invariants.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

const request = { volumes: volumesOf(2), volumeAccessGroups: [2] };

interface Lab extends Service {
  clones: CloneClient;
}

async function withLab<T>(simulator: SimulatorOptions, body: (lab: Lab) => Promise<T>): Promise<T> {
  const service = await startService({ simulator: quickly(2, simulator) });
  try {
    return await body({ ...service, clones: new CloneClient(service.client, { taskQueue: service.taskQueue }) });
  } finally {
    await service.stop();
  }
}

const called = ({ simulator }: Lab, method: string) =>
  waitFor(method, () => simulator.cluster.calls.counts().byMethod[method]);
const ofKind = (found: readonly OrphanView[], kind: OrphanView['kind']) => found.filter((o) => o.kind === kind);
const kinds = (found: readonly OrphanView[]) => found.map((o) => o.kind).toSorted();
const refused = (method: string): Fault => ({ kind: 'error', method, name: 'xDBVersionMismatch' });

describe('the rest of a terminated group is found and removed', () => {
  test.concurrent.each<
    [when: string, simulator: SimulatorOptions, until: (lab: Lab) => Promise<unknown>, left: string[]]
  >([
    [
      'after the group snapshot',
      { faults: [refused('CloneMultipleVolumes')] },
      (lab) => called(lab, 'CloneMultipleVolumes'),
      ['groupSnapshot'],
    ],
    [
      'while copying',
      { behaviour: { cloneSeconds: 600 } },
      (lab) => waitFor('both copies', () => lab.simulator.cluster.state().slots.running === 2),
      ['cloneJob', 'cloneJob', 'groupSnapshot', 'volume', 'volume'],
    ],
    [
      'after the copies: their result is listed once',
      { faults: [refused('ModifyVolume')] },
      (lab) => called(lab, 'ModifyVolume'),
      ['asyncResult', 'groupSnapshot', 'volume', 'volume'],
    ],
    [
      'before the group snapshot is deleted',
      { faults: [refused('DeleteGroupSnapshot')] },
      (lab) => called(lab, 'DeleteGroupSnapshot'),
      ['accessGroupMembership', 'accessGroupMembership', 'groupSnapshot', 'volume', 'volume'],
    ],
  ])('%s', (_when, simulator, until, left) =>
    withLab(simulator, async (lab) => {
      const handle = await lab.startGroup(request);
      await until(lab);
      expect(await lab.clones.orphans()).toMatchObject({ orphans: [] });
      await handle.terminate('test');

      const { orphans } = await lab.clones.orphans();
      expect(kinds(orphans)).toEqual(left);
      // Not before: an attempt may have been under way when the workflow was terminated.
      lab.simulator.cluster.faults.clear();
      expect(orphans.every((o) => o.verdict === 'orphan' && o.workflowID === handle.workflowId)).toBe(true);
      const [snapshot] = ofKind(orphans, 'groupSnapshot');
      expect(snapshot).toMatchObject({
        id: lab.simulator.cluster.state().groupSnapshots[0]!.groupSnapshotID,
        bytes: 2_147_483_648,
        reason: expect.stringMatching(/terminated.*expires by itself/),
      });

      const removal = await lab.clones.removeOrphans({ only: orphans });
      expect(removal).toMatchObject({ skipped: [], failed: [], more: false });
      expect(removal.removed.map((r) => r.kind).toSorted()).toEqual(left);
      expectNothingLeft(lab.simulator);
      expect(await lab.clones.orphans()).toMatchObject({ orphans: [] });
    }),
  );
});

test.concurrent(
  'a finished group is none, nor is its kept snapshot; what else has its tag and is not in its result is',
  () =>
    withLab({}, async (lab) => {
      const handle = await lab.startGroup({ ...request, snapshot: { retention: 'keep' } });
      const { groupSnapshotID, members } = await handle.result();
      expect(await lab.clones.orphans()).toMatchObject({ orphans: [], clusters: [{ volumes: 2, snapshots: 1 }] });

      // As a call of the group's would have made it that took effect too late: with the tag, though without the stamp.
      const { cluster } = lab.simulator;
      const made = cluster.calls.log().find((c) => c.method === 'CloneMultipleVolumes')!;
      cluster.act('CloneMultipleVolumes', made.params);
      const late = ours(cluster.state(), handle.workflowId).volumes.filter(
        (v) => !members.some((m) => m.volumeID === v.volumeID),
      );
      expect(late).toHaveLength(2);
      const { orphans } = await lab.clones.orphans();
      expect(ofKind(orphans, 'volume').map((o) => o.id)).toEqual(late.map((v) => v.volumeID));
      expect(ofKind(orphans, 'volume')[0]!.reason).toContain('comes of a call that took effect too late');
      await lab.clones.removeOrphans({ only: orphans });
      const left = ours(cluster.state(), handle.workflowId);
      expect(left.volumes.map((v) => v.volumeID)).toEqual(members.map((m) => m.volumeID));
      expect(left.groupSnapshots.map((g) => g.groupSnapshotID)).toEqual([groupSnapshotID]);
    }),
);

test.concurrent('of a failed group that was to be kept, everything is listed as kept', () =>
  withLab({ faults: [{ kind: 'error', method: 'ModifyVolume', name: 'xUnknownAccount' }] }, async (lab) => {
    const handle = await lab.startGroup({ ...request, onFailure: 'keep' });
    expect(await ending(handle)).toMatchObject({ ended: 'failed' });
    const { orphans } = await lab.clones.orphans();
    expect(kinds(orphans)).toEqual(['asyncResult', 'groupSnapshot', 'volume', 'volume']);
    expect(new Set(orphans.map((o) => o.verdict))).toEqual(new Set(['kept']));
    expect(await lab.clones.removeOrphans()).toMatchObject({ removed: [] });
    await lab.clones.removeOrphans({ include: ['kept'] });
    expectNothingLeft(lab.simulator);
  }),
);
