import { describe, expect, test } from 'vitest';
import { judge } from '../../../bench/chaos/check.ts';
import { holderOf, repeatOf } from '../../../bench/chaos/ids.ts';
import { keepLedger } from '../../../bench/chaos/ledger.ts';
import type { Outcome } from '../../../bench/chaos/outcomes.ts';
import { noDeeds } from '../../../bench/chaos/people.ts';
import type { PlannedOf } from '../../../bench/chaos/planned.ts';
import { FAULTS, type Evidence, type FaultClass, type Verdict } from '../../../bench/chaos/verdict.ts';
import type { LeftBehind } from '../../../contracts/failure.ts';
import { TAG_ATTRIBUTE } from '../../../contracts/names.ts';
import { formatTag, type OwnershipTag } from '../../../contracts/tag.ts';
import { makeCluster } from '../../../simulator/index.ts';

const GIB = 1_073_741_824;
const PLAN: PlannedOf<'clone'> = {
  kind: 'clone',
  index: 0,
  unique: 'n1',
  startsAtMs: 0,
  request: { cluster: 'lab', volumeID: 42, name: 'db-uat', access: 'readOnly', volumeAccessGroups: [3] },
  copySeconds: 1,
  copies: 'db-uat',
  repeatsAfterMs: 0,
  cancelsAfterMs: [],
  cancelsWhileUndoing: false,
};
const WORKFLOW = holderOf(PLAN);
const TAG: OwnershipTag = { request: 'run', workflowID: WORKFLOW, step: 'clone', sourceVolumeID: 42 };
const tagged = (tag: OwnershipTag) => ({ attributes: { [TAG_ATTRIBUTE]: formatTag(tag) } });
const SOURCE_ATTRIBUTES = { application: 'orders', tier: 'production' };

/** A cluster on which one clone has been made as the service makes it, up to the point before anything is cleaned up. */
function scene() {
  let now = 1_800_000_000_000;
  const cluster = makeCluster({
    password: 'p',
    clock: { now: () => now },
    behaviour: { cloneSeconds: 10, youngVolumeSeconds: 0, cancelledClone: 'remains' },
  });
  cluster.act('CreateVolume', { name: 'db-uat', accountID: 1, totalSize: GIB, enable512e: true });
  cluster.act('CreateSnapshot', { volumeID: 42, name: 'of-somebody' });
  const before = cluster.state();
  const decoy = before.volumes.find((v) => v.name === 'db-uat')!.volumeID;
  const made = keepLedger(cluster);
  const admin = cluster.login('admin', 'p')!;
  const call = (method: string, params: Record<string, unknown>) =>
    cluster.call({ version: '12.5', method, params, admin });
  const pass = (seconds: number) => (now += seconds * 1_000);

  const snapshotID = Number(
    call('CreateSnapshot', { volumeID: 42, ...tagged({ ...TAG, step: 'snapshot' }) })['snapshotID'],
  );
  /** CloneVolume under our tag. */
  const clone = () => {
    const tag = formatTag(TAG);
    const attributes = { ...SOURCE_ATTRIBUTES, [TAG_ATTRIBUTE]: tag };
    const params = { volumeID: 42, name: 'db-uat', snapshotID, access: 'readOnly', attributes };
    return call('CloneVolume', params) as { volumeID: number; asyncHandle: number; cloneID: number };
  };
  const own = clone();
  pass(10);
  const attributes = { ...SOURCE_ATTRIBUTES, [TAG_ATTRIBUTE]: formatTag({ ...TAG, volumeID: own.volumeID }) };
  call('ModifyVolume', { volumeID: own.volumeID, attributes });
  call('AddVolumesToVolumeAccessGroup', { volumeAccessGroupID: 3, volumes: [own.volumeID] });
  const cleanUp = () => {
    call('DeleteSnapshot', { snapshotID });
    call('GetAsyncResult', { asyncHandle: own.asyncHandle });
  };
  return { cluster, before, decoy, made, call, pass, clone, own, snapshotID, cleanUp, deeds: noDeeds(before) };
}
type Scene = ReturnType<typeof scene>;

const completed = ({ own, snapshotID }: Scene): Partial<Outcome> => ({
  ended: 'completed',
  result: { volumeID: own.volumeID, snapshotID, snapshotDeleted: true },
});
const failed = (leftBehind: LeftBehind[] = [], type = 'CloneFailed'): Partial<Outcome> => ({
  ended: 'failed',
  failure: {
    type,
    message: 'it failed',
    details: {
      cluster: 'lab',
      step: 'startClone',
      cancelled: false,
      undone: [],
      leftBehind,
    },
  },
});

const outcomeOf = (workflowID: string, how: Partial<Outcome>): Outcome => ({
  workflowID,
  runID: workflowID,
  type: 'cloneVolume',
  request: PLAN.request,
  memo: {},
  children: [],
  ended: 'completed',
  strangersRemoved: [],
  learnt: [],
  ...how,
});
const nothingElse: Pick<Evidence, 'runs' | 'leases'> = { runs: new Map(), leases: new Map() };

/** What the check says of the scene as it is, when the workflow, and the one that repeated it, ended so. */
function verdict(it: Scene, outcome: Partial<Outcome>, repeat: Partial<Outcome> = { ended: 'cancelled' }): Verdict {
  const outcomes = new Map<string, Outcome>();
  for (const [workflowID, how] of [
    [WORKFLOW, outcome],
    [repeatOf(PLAN), repeat],
  ] as const) {
    outcomes.set(workflowID, outcomeOf(workflowID, { learnt: [it.own.volumeID], ...how }));
  }
  const { before, deeds, made, cluster } = it;
  return judge({ ...nothingElse, requests: [PLAN], outcomes, before, after: cluster.state(), deeds, made });
}

/** Only this class has findings, and they name these. */
function expectOnly(found: Verdict, fault: FaultClass | 'none', ...words: (string | number)[]) {
  expect(FAULTS.filter((f) => found[f].length > 0)).toEqual(fault === 'none' ? [] : [fault]);
  if (fault === 'none') return;
  for (const word of words) expect(found[fault].join('\n')).toContain(String(word));
}

test('a clone that is there once, as asked for, with nothing beside it, is sound', () => {
  const it = scene();
  it.cleanUp();
  expectOnly(verdict(it, completed(it), completed(it)), 'none');
});

test('so is one that was undone, deleted volume and all', () => {
  const it = scene();
  it.cleanUp();
  it.call('DeleteVolume', { volumeID: it.own.volumeID });
  for (const outcome of [failed(), { ended: 'cancelled' as const }]) expectOnly(verdict(it, outcome), 'none');
});

describe('of a clone that is done', () => {
  /** What is done to the cluster after the clean-up, and which finding it must be. */
  const tampering: Record<string, [(it: Scene) => unknown, FaultClass, string]> = {
    'a second volume': [
      (it) => {
        it.call('CloneVolume', { volumeID: 42, name: 'db-uat', ...tagged(TAG) });
        it.pass(10);
        it.call('GetAsyncResult', { asyncHandle: it.cluster.state().asyncResults[0]!.asyncHandle });
      },
      'duplicates',
      'beside',
    ],
    'its volume deleted': [(it) => it.call('DeleteVolume', { volumeID: it.own.volumeID }), 'lost', 'is not there'],
    'its access another': [
      (it) => it.call('ModifyVolume', { volumeID: it.own.volumeID, access: 'locked' }),
      'lost',
      'access is "locked" instead of "readOnly"',
    ],
    'its attributes others': [
      (it) => it.call('ModifyVolume', { volumeID: it.own.volumeID, ...tagged({ ...TAG, volumeID: it.own.volumeID }) }),
      'lost',
      'attributes is {} instead of',
    ],
    'its stamp missing': [
      (it) => {
        const attributes = { ...SOURCE_ATTRIBUTES, [TAG_ATTRIBUTE]: formatTag(TAG) };
        it.call('ModifyVolume', { volumeID: it.own.volumeID, attributes });
      },
      'lost',
      'not stamped',
    ],
    'its data others': [(it) => it.cluster.write(it.own.volumeID), 'lost', 'does not hold the data'],
    'its access group missing': [
      (it) => it.call('RemoveVolumesFromVolumeAccessGroup', { volumeAccessGroupID: 3, volumes: [it.own.volumeID] }),
      'lost',
      'volumeAccessGroups',
    ],
    'a snapshot of it': [
      (it) => it.call('CreateSnapshot', { volumeID: 42, ...tagged({ ...TAG, step: 'snapshot' }) }),
      'orphans',
      'left snapshot',
    ],
    'a volume that nobody asked for': [
      (it) => {
        it.call('CloneVolume', { volumeID: 42, name: 'x', ...tagged({ ...TAG, workflowID: 'unknown', request: 'u' }) });
        it.pass(10);
      },
      'orphans',
      'never asked for',
    ],
    'a volume without a tag': [
      (it) => it.call('CreateVolume', { name: 'x', accountID: 1, totalSize: GIB, enable512e: true }),
      'orphans',
      "is nobody's",
    ],
    'the source changed': [(it) => it.call('ModifyVolume', { volumeID: 42, access: 'locked' }), 'foreign', 'volume 42'],
    'the data of the source changed': [(it) => it.cluster.write(42), 'foreign', 'content of volume 42'],
    'a volume of its name deleted': [
      (it) => it.call('DeleteVolume', { volumeID: it.decoy }),
      'foreign',
      'status of volume',
    ],
    "somebody's snapshot deleted": [
      (it) => it.call('DeleteSnapshot', { snapshotID: 1 }),
      'foreign',
      'snapshot 1 is gone',
    ],
    'the source taken out of its access group': [
      (it) => it.call('RemoveVolumesFromVolumeAccessGroup', { volumeAccessGroupID: 1, volumes: [42] }),
      'foreign',
      'no longer in access group prod-hosts',
    ],
    'another volume put into an access group': [
      (it) => it.call('AddVolumesToVolumeAccessGroup', { volumeAccessGroupID: 3, volumes: [it.decoy] }),
      'foreign',
      'was put into access group uat-hosts',
    ],
  };
  test.each(Object.entries(tampering))('%s is found', (_what, [tamper, fault, words]) => {
    const it = scene();
    it.cleanUp();
    tamper(it);
    expectOnly(verdict(it, completed(it)), fault, words);
  });

  test('a snapshot that was to be kept is missed, unless somebody has deleted it', () => {
    const it = scene();
    it.cleanUp();
    const request = { ...PLAN.request, snapshot: { retention: 'keep' as const } };
    const outcomes = new Map(
      [WORKFLOW, repeatOf(PLAN)].map((id) => [id, outcomeOf(id, { request, ...completed(it) })]),
    );
    const evidence = { ...it, ...nothingElse, requests: [{ ...PLAN, request }], outcomes, after: it.cluster.state() };
    expectOnly(judge(evidence), 'lost', `snapshot ${it.snapshotID}, which it was to keep`);
    it.deeds.snapshotsDeleted.push(it.snapshotID);
    expectOnly(judge(evidence), 'none');
  });

  test('a snapshot and a result that were not removed are found', () => {
    const it = scene();
    expectOnly(
      verdict(it, completed(it)),
      'orphans',
      `left snapshot ${it.snapshotID}`,
      `left async result ${it.own.asyncHandle}`,
    );
  });

  test('a job that runs still is found', () => {
    const it = scene();
    it.cleanUp();
    it.call('CloneVolume', { volumeID: 42, name: 'db-uat', ...tagged(TAG) });
    const found = verdict(it, completed(it));
    expect(found.orphans.join('\n')).toContain('left clone job');
    expect(found.duplicates).toHaveLength(1);
  });

  test('whoever asked once more must have got the same volume', () => {
    const it = scene();
    it.cleanUp();
    const other = { ...completed(it), result: { volumeID: 999 } };
    expectOnly(verdict(it, completed(it), other), 'duplicates', 999, it.own.volumeID);
    expect(verdict(it, failed(), completed(it)).duplicates).toHaveLength(1);
  });
});

describe('of a clone that failed', () => {
  test('what it left is found, unless the failure names it', () => {
    const it = scene();
    expectOnly(
      verdict(it, failed()),
      'orphans',
      `left volume ${it.own.volumeID}`,
      `left snapshot ${it.snapshotID}`,
      `left async result ${it.own.asyncHandle}`,
    );
    const named = failed([
      { kind: 'volume', id: it.own.volumeID, reason: '' },
      { kind: 'snapshot', id: it.snapshotID, reason: '' },
      { kind: 'asyncResult', id: it.own.asyncHandle, reason: '' },
    ]);
    const found = verdict(it, named);
    expectOnly(found, 'none');
    expect(found.named).toMatchObject({ volumes: 1, snapshots: 1, jobs: 0, asyncResults: 1 });
  });

  test('the result of a volume that the cluster has forgotten is found', () => {
    const it = scene();
    it.call('DeleteSnapshot', { snapshotID: it.snapshotID });
    it.call('DeleteVolume', { volumeID: it.own.volumeID });
    it.call('PurgeDeletedVolume', { volumeID: it.own.volumeID });
    expectOnly(verdict(it, failed()), 'orphans', `${WORKFLOW} failed and left async result ${it.own.asyncHandle}`);
    const named = verdict(it, failed([{ kind: 'asyncResult', id: it.own.asyncHandle, reason: '' }]));
    expectOnly(named, 'none');
    expect(named).toMatchObject({ namedOnly: 1, named: { asyncResults: 0 } });
  });

  test('but not when the answer with its handle was lost: nothing says whose it is', () => {
    const it = scene();
    it.call('DeleteSnapshot', { snapshotID: it.snapshotID });
    it.call('DeleteVolume', { volumeID: it.own.volumeID });
    const lost = { ...failed(), learnt: [] };
    expectOnly(verdict(it, lost), 'orphans', `async result ${it.own.asyncHandle}`);
    it.call('PurgeDeletedVolume', { volumeID: it.own.volumeID });
    expectOnly(verdict(it, lost), 'none');
    expect(verdict(it, lost).unknowable).toBe(1);
  });

  test('the result of a volume that may exist must be named, too, if without its handle', () => {
    const it = scene();
    it.call('DeleteSnapshot', { snapshotID: it.snapshotID });
    const volume: LeftBehind = { kind: 'volume', id: null, reason: 'may exist' };
    const result: LeftBehind = { kind: 'asyncResult', id: null, reason: 'may be kept' };
    expectOnly(verdict(it, { ...failed([volume]), learnt: [] }), 'orphans', `async result ${it.own.asyncHandle}`);
    expectOnly(verdict(it, { ...failed([volume, result]), learnt: [] }), 'none');
  });

  test('two volumes are found even if both are named', () => {
    const it = scene();
    const second = it.clone();
    it.pass(10);
    const named = [it.own, second].map(({ volumeID: id }) => ({ kind: 'volume' as const, id, reason: '' }));
    expect(verdict(it, failed(named)).duplicates).toHaveLength(1);
  });

  test('a failure that says nothing is found', () => {
    const it = scene();
    it.cleanUp();
    it.call('DeleteVolume', { volumeID: it.own.volumeID });
    expectOnly(verdict(it, failed([], 'TypeError')), 'lost', 'TypeError');
  });
});

test('a workflow that has not ended is stuck, and one that Temporal does not know is lost', () => {
  const it = scene();
  expectOnly(verdict(it, { ended: 'running', waitsFor: 'awaitClone, attempt 7' }), 'stuck', WORKFLOW, 'attempt 7');
  expectOnly(verdict(it, { ended: 'missing' }), 'lost', WORKFLOW);
  expectOnly(verdict(it, { ended: 'timedOut' }), 'lost', WORKFLOW);
});

test('what a terminated workflow left is counted apart', () => {
  const it = scene();
  const found = verdict(it, { ended: 'terminated' });
  expectOnly(found, 'none');
  expect(found.byTerminated).toMatchObject({ volumes: 1, snapshots: 1, jobs: 0, asyncResults: 1 });
});

describe('what people made by hand', () => {
  /** Somebody clones the finished clone; its tag goes with it. */
  const copied = () => {
    const it = scene();
    it.cleanUp();
    const { volumeID, asyncHandle, cloneID } = it.cluster.act('CloneVolume', {
      volumeID: it.own.volumeID,
      name: 'db-uat',
    }) as { volumeID: number; asyncHandle: number; cloneID: number };
    it.deeds.volumes.push(it.cluster.state().volumes.find((v) => v.volumeID === volumeID)!);
    return { it, volumeID, asyncHandle, cloneID };
  };

  test('is left alone: nothing is found', () => {
    const { it } = copied();
    it.pass(10);
    expectOnly(verdict(it, completed(it)), 'none');
  });

  test('may not be deleted, cancelled or have its result read', () => {
    const deleted = copied();
    deleted.it.pass(10);
    deleted.it.call('DeleteVolume', { volumeID: deleted.volumeID });
    expectOnly(verdict(deleted.it, completed(deleted.it)), 'foreign', `volume ${deleted.volumeID}, made by hand`);

    const cancelled = copied();
    cancelled.it.call('CancelClone', { cloneID: cancelled.cloneID });
    expectOnly(verdict(cancelled.it, completed(cancelled.it)), 'foreign', `clone ${cancelled.cloneID}`);

    const read = copied();
    read.it.pass(10);
    read.it.call('GetAsyncResult', { asyncHandle: read.asyncHandle });
    expectOnly(verdict(read.it, completed(read.it)), 'foreign', `async result ${read.asyncHandle}`);
  });

  test('data that a host wrote is no change of ours', () => {
    const it = scene();
    it.cleanUp();
    it.deeds.contents.get(42)!.push(it.cluster.write(42));
    expectOnly(verdict(it, completed(it)), 'none');
  });
});
