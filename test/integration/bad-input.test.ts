import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ending } from '../support/invariants.ts';
import { startService, type Service } from '../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
  const { cluster } = service.simulator;
  cluster.act('CreateVolumeAccessGroup', { name: 'twins' });
  cluster.act('CreateVolumeAccessGroup', { name: 'twins' });
});
afterAll(() => service?.stop());

/** Starts with exactly these arguments, as another SDK might, and expects a refusal that leaves no trace. */
async function refusal(args: unknown[], at: Service = service): Promise<{ message: string; faults: string[] }> {
  const handle = await at.client.workflow.start('cloneVolume', {
    workflowId: `bad-${randomUUID()}`,
    taskQueue: at.taskQueue,
    args,
    // A wedged workflow task would be retried for ever; this ends the test with something to see instead.
    workflowExecutionTimeout: '60s',
  });
  const end = await ending(handle);
  expect(end).toMatchObject({ ended: 'failed', type: 'InvalidRequest', message: expect.any(String) });
  if (end.ended !== 'failed') throw new Error('unreachable');
  const { events = [] } = await handle.fetchHistory();
  expect(events?.filter((e) => e.workflowTaskFailedEventAttributes)).toEqual([]);
  const { byMethod } = at.simulator.cluster.calls.counts();
  for (const creating of ['CreateSnapshot', 'CloneVolume', 'ModifyVolume']) expect(byMethod[creating]).toBeUndefined();
  const faults = end.details as string[];
  expect(Array.isArray(faults)).toBe(true);
  for (const fault of faults) expect(end.message).toContain(fault);
  expect(end.message).toContain('Nothing was created.');
  return { message: end.message, faults };
}

const good = { cluster: 'lab', volumeID: 42, name: 'x' };
const matching = (text: string) => expect.stringContaining(text) as unknown;

describe('what the cluster could not do is refused before anything is created', () => {
  test.concurrent.each<[string, object, string]>([
    ['no such volume', { volumeID: 999 }, 'volumeID: cluster lab has no volume 999'],
    ['no such snapshot', { snapshotID: 999 }, 'snapshotID: volume 42 has no snapshot 999'],
    ['no such account', { newAccountID: 999 }, 'newAccountID: cluster lab has no account 999'],
    [
      'no such account to modify to',
      { modify: { accountID: 998 } },
      'modify.accountID: cluster lab has no account 998',
    ],
    ['no such QoS policy', { modify: { qosPolicyID: 77 } }, 'modify.qosPolicyID: cluster lab has no QoS policy 77'],
    [
      'no such group by ID',
      { volumeAccessGroups: [999] },
      'volumeAccessGroups.0: the cluster has no volume access group 999',
    ],
    [
      'no such group by name',
      { volumeAccessGroups: [1, 'nope'] },
      'volumeAccessGroups.1: the cluster has no volume access group "nope"',
    ],
    ['a name that two groups have', { volumeAccessGroups: ['twins'] }, 'give the ID'],
    ['IOPS out of range', { modify: { qos: { minIOPS: 1 } } }, 'modify.qos.minIOPS: 1 is out of range'],
    ['IOPS that contradict the inherited ones', { modify: { qos: { maxIOPS: 100 } } }, 'inherited from the source'],
    [
      'a size that shrinks',
      { modify: { totalSize: 1_000_000_000 } },
      'modify.totalSize: 1000000000 bytes is less than',
    ],
    ['attributes too long', { attributes: { long: 'x'.repeat(990) } }, 'shorten them by'],
    [
      'modified attributes too long',
      { modify: { attributes: { long: 'é'.repeat(490) } } },
      'modify.attributes: with the ownership tag',
    ],
    ['an unknown cluster', { cluster: 'elsewhere' }, 'this worker knows no cluster "elsewhere" (it knows: lab)'],
    ['an extension that could never be made', { lease: '2h', leaseMax: '1h' }, 'leaseMax: must be at least the lease'],
  ])('%s', async (_what, fields, fault) => {
    const { faults } = await refusal([{ ...good, ...fields }]);
    expect(faults).toEqual([matching(fault)]);
  });

  test.concurrent('all of it at once, in one message', async () => {
    const { faults } = await refusal([
      {
        ...good,
        volumeID: 999,
        newAccountID: 998,
        modify: { qosPolicyID: 997 },
        volumeAccessGroups: ['nope', 'twins'],
      },
    ]);
    expect(faults).toHaveLength(5);
  });

  test.concurrent('a deleted volume, and a snapshot of another one', async () => {
    const { cluster } = service.simulator;
    cluster.act('DeleteVolume', { volumeID: 61 });
    const { snapshotID } = cluster.act('CreateSnapshot', { volumeID: 60 }) as { snapshotID: number };
    expect((await refusal([{ ...good, volumeID: 61 }])).faults).toEqual([matching('no volume 61, or it was deleted')]);
    expect((await refusal([{ ...good, snapshotID }])).faults).toEqual([matching(`has no snapshot ${snapshotID}`)]);
  });

  test.concurrent.each([
    ['stage 4', { behaviour: { fullnessStage: 4 } }, 'too full'],
    ['stage 5', { behaviour: { fullnessStage: 5 } }, 'too full'],
  ])('a cluster that is too full, %s', async (_stage, simulator, fault) => {
    const own = await startService({ simulator });
    try {
      expect((await refusal([good], own)).faults).toEqual([matching(fault)]);
    } finally {
      await own.stop();
    }
  });

  test.concurrent('an API version too old for the request', async () => {
    const own = await startService({ apiVersion: '9.0' });
    try {
      const request = { ...good, enableSnapMirrorReplication: true };
      const { faults } = await refusal([request], own);
      expect(faults).toEqual([matching('cluster: needs Element API'), matching('enableSnapMirrorReplication: needs')]);
    } finally {
      await own.stop();
    }
  });
});

describe('a malformed request of another SDK is refused and never wedges a workflow task', () => {
  test.concurrent.each<[string, unknown[]]>([
    ['no argument', []],
    ['null', [null]],
    ['a text', ['42']],
    ['a number', [42]],
    ['a list', [[good]]],
    ['an empty object', [{}]],
    ['true', [true]],
  ])('%s', async (_what, args) => {
    await refusal(args);
  });

  test.concurrent.each<[string, Record<string, unknown>, string]>([
    ['an unknown field', { nmae: 'y' }, 'nmae: unknown field'],
    ['an unknown field below', { modify: { QOS: {} } }, 'modify.QOS: unknown field'],
    ['volumeID as text', { volumeID: '42' }, 'volumeID:'],
    ['volumeID 0', { volumeID: 0 }, 'volumeID:'],
    ['volumeID beyond 2^53', { volumeID: 2 ** 60 }, 'volumeID:'],
    ['a fraction of a volume', { volumeID: 4.2 }, 'volumeID:'],
    ['no name', { name: '' }, 'name:'],
    ['a name of 65 characters', { name: 'x'.repeat(65) }, 'name:'],
    ['name as an object', { name: { toString: 1 } }, 'name:'],
    ['cluster as a number', { cluster: 7 }, 'cluster:'],
    ['a cluster as long as a novel', { cluster: 'x'.repeat(5_000) }, 'cluster:'],
    ['a name as long as a novel', { name: 'x'.repeat(100_000) }, 'name:'],
    ['volumeID as an object', { volumeID: { toString: 1 } }, 'volumeID:'],
    [
      'a valid requestId, but a name as an object',
      { requestId: `key-${randomUUID()}`, name: { toString: 1 } },
      'name:',
    ],
    ['cluster as an address', { cluster: 'https://10.0.0.5' }, 'cluster:'],
    ['modify as a text', { modify: 'x' }, 'modify:'],
    ['modify as null', { modify: null }, 'modify:'],
    ['snapshot as a list', { snapshot: [] }, 'snapshot:'],
    ['both snapshot and snapshotID', { snapshot: {}, snapshotID: 1 }, 'snapshot:'],
    ['both qos and qosPolicyID', { modify: { qosPolicyID: 1, qos: { minIOPS: 100 } } }, 'modify.qos:'],
    ['the tag as an attribute', { attributes: { 'element-clone': 'mine' } }, 'attributes:'],
    ['groups as a text', { volumeAccessGroups: 'uat-hosts' }, 'volumeAccessGroups:'],
    ['a group twice', { volumeAccessGroups: [1, 1] }, 'volumeAccessGroups:'],
    ['deadline as a number', { deadline: 60 }, 'deadline:'],
    ['deadline without a unit', { deadline: '60' }, 'deadline:'],
    ['deadline in the past', { deadline: '-5s' }, 'deadline:'],
    ['deadline of a century', { deadline: '100y' }, 'deadline:'],
    ['onFailure unknown', { onFailure: 'panic' }, 'onFailure:'],
    ['priority 9', { priority: 9 }, 'priority:'],
    ['requestedBy as a number', { requestedBy: 5 }, 'requestedBy:'],
    ['requestId as a number', { requestId: 5 }, 'requestId:'],
    ['requestId as an object', { requestId: {} }, 'requestId:'],
    ['an empty requestId', { requestId: '' }, 'requestId:'],
    ['a requestId with spaces', { requestId: 'a b c' }, 'requestId:'],
    ['a requestId as long as a novel', { requestId: 'x'.repeat(5_000) }, 'requestId:'],
  ])('%s', async (_what, fields, fault) => {
    const { faults } = await refusal([{ ...good, ...fields }]);
    expect(faults).toContainEqual(matching(fault));
  });

  test.concurrent('every fault of the shape in one message', async () => {
    const { faults } = await refusal([
      { cluster: 'lab', volumeID: -1, name: 5, access: 'all', wrong: 1, deadline: 'x' },
    ]);
    expect(faults).toHaveLength(5);
  });

  test.concurrent('a lone surrogate or a NUL in a text', async () => {
    await refusal([{ ...good, volumeID: 999, name: 'a\u0000b', requestedBy: '\ud800' }]);
  });
});
