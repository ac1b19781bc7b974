import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import { expectWholeGroup, sources, volumesOf } from '../support/groups.ts';
import { ending, ours } from '../support/invariants.ts';
import { reset } from '../support/reset.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({
    simulator: {
      state: { volumes: [...sources(40), { volumeID: 200, name: 'app-1', totalSize: 4_294_967_296 }] },
      behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0, copyRules: [{ name: 'slow-*', cloneSeconds: 5 }] },
    },
  });
});
afterAll(() => service?.stop());

const matching = (text: string) => expect.stringContaining(text) as unknown;

/** Starts with exactly these arguments, as another SDK might, and expects a refusal that leaves no trace. */
async function refusal(args: unknown[], at: Service = service): Promise<string[]> {
  const handle = await at.client.workflow.start('cloneGroup', {
    workflowId: `bad-${randomUUID()}`,
    taskQueue: at.taskQueue,
    args,
    // A wedged workflow task would be retried for ever; this ends the test with something to see instead.
    workflowExecutionTimeout: '60s',
  });
  const end = await ending(handle);
  expect(end).toMatchObject({ ended: 'failed', type: 'InvalidRequest', message: matching('Nothing was created.') });
  const { events } = await handle.fetchHistory();
  expect(events?.filter((e) => e.workflowTaskFailedEventAttributes)).toEqual([]);
  return (end as { details: string[] }).details;
}

const good = { cluster: 'lab', volumes: volumesOf(2) };

describe.concurrent('what the cluster could not do is refused before anything is created', () => {
  test.each<[string, object, string]>([
    [
      'no such volume',
      { volumes: [{ volumeID: 101 }, { volumeID: 999 }] },
      'volumes.1.volumeID: cluster lab has no volume 999',
    ],
    ['no such account', { newAccountID: 999 }, 'newAccountID: cluster lab has no account 999'],
    [
      'no such account of one',
      { volumes: [{ volumeID: 101, newAccountID: 999 }, { volumeID: 102 }] },
      'volumes.0.newAccountID: cluster lab has no account 999',
    ],
    ['no such QoS policy', { modify: { qosPolicyID: 77 } }, 'modify.qosPolicyID: cluster lab has no QoS policy 77'],
    [
      'no such group',
      { volumeAccessGroups: ['nope'] },
      'volumeAccessGroups.0: the cluster has no volume access group "nope"',
    ],
    ['no such group snapshot', { groupSnapshotID: 999 }, 'groupSnapshotID: cluster lab has no group snapshot 999'],
    [
      'names that are the same by default',
      { volumes: [{ volumeID: 101 }, { volumeID: 200 }] },
      'volumes.1.name: volumes.0 is called "app-1-clone" already, by default for volumes.0 and volumes.1',
    ],
    [
      'a size that one of them cannot shrink to',
      { modify: { totalSize: 1_500_000_000 }, volumes: [{ volumeID: 101 }, { volumeID: 200, name: 'big' }] },
      'modify.totalSize: 1500000000 bytes is less than the clone',
    ],
    [
      'more volumes than a group snapshot takes',
      { volumes: volumesOf(33) },
      'volumes: 33 volumes are too many, cluster lab takes at most 32 in one group snapshot (volumesPerGroupSnapshotMax)',
    ],
    ['an unknown cluster', { cluster: 'elsewhere' }, 'this worker knows no cluster "elsewhere"'],
  ])('%s', async (_what, fields, fault) => {
    expect(await refusal([{ ...good, ...fields }])).toEqual([matching(fault)]);
  });

  test('all of it at once', async () => {
    const faults = await refusal([
      {
        ...good,
        volumes: [{ volumeID: 998 }, { volumeID: 101, newAccountID: 997 }, { volumeID: 999 }],
        modify: { accountID: 996 },
        volumeAccessGroups: ['nope'],
      },
    ]);
    expect(faults.map((f) => f.slice(0, f.indexOf(': '))).toSorted()).toEqual(
      [
        'modify.accountID',
        'volumeAccessGroups.0',
        'volumes.0.volumeID',
        'volumes.1.newAccountID',
        'volumes.2.volumeID',
      ].toSorted(),
    );
  });

  test('a group snapshot that lacks one of them', async () => {
    const { groupSnapshotID } = service.simulator.cluster.act('CreateGroupSnapshot', { volumes: [101, 103] });
    expect(await refusal([{ ...good, groupSnapshotID }])).toEqual([
      `volumes.1.volumeID: group snapshot ${String(groupSnapshotID)} has no snapshot of volume 102`,
    ]);
    service.simulator.cluster.act('DeleteGroupSnapshot', { groupSnapshotID, saveMembers: false });
  });

  test('an API version too old, and a cluster that is too full', async () => {
    const own = await startService({ apiVersion: '9.0', simulator: { behaviour: { fullnessStage: 4 } } });
    try {
      const request = { cluster: 'lab', volumes: [{ volumeID: 42 }], enableSnapMirrorReplication: true };
      expect(await refusal([request], own)).toEqual([
        matching('cluster: needs Element API'),
        matching('enableSnapMirrorReplication: needs'),
        matching('cluster: lab is too full'),
      ]);
    } finally {
      await own.stop();
    }
  });
});

describe.concurrent('a malformed request of another SDK is refused and never wedges a workflow task', () => {
  test.each<[string, unknown[]]>([
    ['no argument', []],
    ['null', [null]],
    ['a text', ['42']],
    ['a list', [[good]]],
    ['an empty object', [{}]],
    ['volumes as null', [{ ...good, volumes: null }]],
    ['volumes as a text', [{ ...good, volumes: '42' }]],
    ['a volume as null', [{ ...good, volumes: [null, { volumeID: 101 }] }]],
    ['a volume as a number', [{ ...good, volumes: [101] }]],
    ['volumeID as an object', [{ ...good, volumes: [{ volumeID: { toString: 1 } }] }]],
    ['a name as long as a novel', [{ ...good, volumes: [{ volumeID: 101, name: 'x'.repeat(100_000) }] }]],
    ['a cluster as a number', [{ ...good, cluster: 7 }]],
    ['the request of one clone', [{ cluster: 'lab', volumeID: 101, name: 'x' }]],
    ['a deadline in the past', [{ ...good, deadline: '-5s' }]],
    ['a requestId as an object', [{ ...good, requestId: {} }]],
  ])('%s', async (_what, args) => {
    expect((await refusal(args)).length).toBeGreaterThan(0);
  });
});

let last = 0;
const newRequest = (prefix = 'keyed') => {
  last += 2;
  const volumes = [last, last + 1].map((i) => ({ volumeID: 100 + i, name: `${prefix}-${i}` }));
  return { volumes, requestId: `key-${randomUUID()}` };
};
const clonesOf = ({ volumes }: { volumes: { volumeID: number; name: string }[] }) =>
  ours(service.simulator.cluster.state()).volumes.filter((v) => volumes.some((m) => m.name === v.name));
const execute = async (request: Record<string, unknown>) => (await service.startGroup(request)).result();

describe.concurrent('the same requestId never clones twice', () => {
  test('two workflows at once, and a third one later, share one group', async () => {
    const request = newRequest();
    const [a, b] = await Promise.all([execute(request), execute(request)]);
    expect(b).toEqual(a);
    expect(await execute(request)).toEqual(a);
    expect(await service.client.workflow.getHandle(workflowIDForRequest(request.requestId)).result()).toEqual(a);
    expectWholeGroup(service, a, { workflowID: workflowIDForRequest(request.requestId) });
    expect(clonesOf(request)).toHaveLength(2);
  });

  test('for a different group, or for a single clone, it is refused', async () => {
    const request = newRequest('slow');
    const holder = await service.startGroup(request, { workflowId: workflowIDForRequest(request.requestId) });
    const lock = service.client.workflow.getHandle(workflowIDForRequest(request.requestId));
    await waitFor('the holder of the key', async () => (await lock.describe()).status.name === 'RUNNING');
    const conflict = {
      ended: 'failed',
      type: 'RequestConflict',
      message: matching('was used before for a different request'),
    };
    const single = { volumeID: request.volumes[0]!.volumeID, name: 'another', requestId: request.requestId };
    expect(await ending(await service.start(single))).toMatchObject(conflict);
    await holder.result();
    expect(await ending(await service.start(single))).toMatchObject(conflict);
    expect(clonesOf(request)).toHaveLength(2);
  });
});

describe('a workflow that is reset clones once', () => {
  test.concurrent.each([0, 1, 2, 3, -1])('when it is done, to workflow task %i', async (nth) => {
    const { requestId: _none, ...request } = newRequest();
    const handle = await service.startGroup(request);
    const first = await handle.result();
    const again = (await (await reset(service.client, handle, nth)).result()) as typeof first;
    expect(again.members).toEqual(first.members);
    expectWholeGroup(service, first, { workflowID: handle.workflowId });
  });

  test.concurrent('while it copies, to its beginning', async () => {
    const { requestId: _none, ...request } = newRequest('slow');
    const handle = await service.startGroup(request);
    await waitFor('the result of startGroup', async () =>
      (await handle.describe()).raw.pendingActivities?.some((a) => a.activityType?.name === 'awaitGroup'),
    );
    const again = await (await reset(service.client, handle, 0)).result();
    expectWholeGroup(service, again as never, { workflowID: handle.workflowId });
  });

  test.concurrent('when somebody has deleted a clone since: it is refused, and the others are left alone', async () => {
    const { requestId: _none, ...request } = newRequest();
    const handle = await service.startGroup(request);
    const { members } = await handle.result();
    service.simulator.cluster.act('DeleteVolume', { volumeID: members[0]!.volumeID });
    const end = await ending(await reset(service.client, handle, 0));
    expect(end).toMatchObject({
      ended: 'failed',
      message: matching(`an earlier run of this request made the volumes ${members[1]!.volumeID}`),
      // Finished once, it may be in use.
      details: { step: 'startGroup', leftBehind: [{ kind: 'volume', id: members[1]!.volumeID }] },
    });
    expect(clonesOf(request).map((v) => v.volumeID)).toEqual([members[1]!.volumeID]);
  });
});
