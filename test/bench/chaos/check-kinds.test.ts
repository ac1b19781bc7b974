import { describe, expect, test } from 'vitest';
import { judge } from '../../../bench/chaos/check.ts';
import { ACCESS_GROUPS, SERIES, SOURCES } from '../../../bench/chaos/estate.ts';
import { holderOf } from '../../../bench/chaos/ids.ts';
import type { Kind } from '../../../bench/chaos/kinds.ts';
import { keepLedger } from '../../../bench/chaos/ledger.ts';
import type { Outcome } from '../../../bench/chaos/outcomes.ts';
import { noDeeds } from '../../../bench/chaos/people.ts';
import type { Planned, PlannedOf } from '../../../bench/chaos/planned.ts';
import { FAULTS, type FaultClass, type Verdict } from '../../../bench/chaos/verdict.ts';
import type { LeftBehind } from '../../../contracts/failure.ts';
import { TAG_ATTRIBUTE } from '../../../contracts/names.ts';
import { seriesWorkflowID } from '../../../contracts/series.ts';
import { formatTag, type OwnershipTag } from '../../../contracts/tag.ts';
import { workflowIDForRequest } from '../../../contracts/workflow-id.ts';
import { makeCluster } from '../../../simulator/index.ts';

const [FIRST, SECOND] = [SOURCES[0]!.volumeID, SOURCES[1]!.volumeID];
const DESTINATION = 10_001;
const HOSTS = SERIES[0]!.volumeAccessGroupID;

const plan = <K extends Kind>(kind: K, request: PlannedOf<K>['request']): PlannedOf<K> => ({
  kind,
  index: 0,
  unique: 'n1',
  startsAtMs: 0,
  request,
  copySeconds: 1,
  copies: '*',
  cancelsAfterMs: [],
  cancelsWhileUndoing: false,
});

type Params = Record<string, unknown>;

/** The cluster that chaos begins with, and calls to it as the service makes them. */
function stage() {
  let now = 1_800_000_000_000;
  const volumes = [...SOURCES, { volumeID: DESTINATION, name: 'copied-onto', totalSize: SOURCES[0]!.totalSize }];
  const cluster = makeCluster({
    password: 'p',
    clock: { now: () => now },
    state: { volumes, accessGroups: ACCESS_GROUPS },
    behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0 },
  });
  const before = cluster.state();
  const made = keepLedger(cluster);
  const admin = cluster.login('admin', 'p')!;
  const call = (method: string, params: Params): Params => {
    const answer = cluster.call({ version: '12.5', method, params, admin });
    if (['CloneVolume', 'CloneMultipleVolumes', 'CopyVolume'].includes(method)) now += 2_000;
    return answer;
  };
  const attributesOf = (volumeID: number, tag: OwnershipTag) => ({
    ...(before.volumes.find((v) => v.volumeID === volumeID)!['attributes'] as object),
    [TAG_ATTRIBUTE]: formatTag(tag),
  });
  /** A clone from its call to its clean-up; without `stamped`, one of a call too much. */
  const clone = (name: string, tag: OwnershipTag, { stamped = true } = {}): number => {
    const { sourceVolumeID } = tag;
    const attributes = attributesOf(sourceVolumeID, tag);
    const { volumeID, asyncHandle } = call('CloneVolume', { volumeID: sourceVolumeID, name, attributes }) as {
      volumeID: number;
      asyncHandle: number;
    };
    call('GetAsyncResult', { asyncHandle });
    if (stamped) call('ModifyVolume', { volumeID, attributes: attributesOf(sourceVolumeID, { ...tag, volumeID }) });
    return volumeID;
  };
  return { cluster, before, made, call, attributesOf, clone, deeds: noDeeds(before) };
}
type Stage = ReturnType<typeof stage>;

const outcomeOf = (workflowID: string, type: string, how: Partial<Outcome>): Outcome => ({
  workflowID,
  runID: workflowID,
  type,
  request: undefined,
  memo: {},
  children: [],
  ended: 'completed',
  strangersRemoved: [],
  learnt: [],
  ...how,
});

interface Told {
  planned: Planned;
  outcome: Outcome;
  children?: Outcome[];
  leases?: [string, 'extend' | 'release'][];
}

/** Children are known by their place. */
function verdictOf(it: Stage, { planned, outcome, children = [], leases = [] }: Told): Verdict {
  const { before, deeds, made, cluster } = it;
  return judge({
    requests: [planned],
    outcomes: new Map([[outcome.workflowID, { ...outcome, request: planned.request }]]),
    runs: new Map(children.map((child, i) => [`run-${i}`, child])),
    before,
    after: cluster.state(),
    deeds,
    leases: new Map(leases),
    made,
  });
}
const childrenOf = (...children: Outcome[]) => children.map(({ workflowID }, i) => ({ workflowID, runID: `run-${i}` }));

/** Only this class has findings, and they contain the words. */
function expectOnly(found: Verdict, fault: FaultClass | 'none', words = ''): void {
  const all = Object.fromEntries(FAULTS.filter((f) => found[f].length > 0).map((f) => [f, found[f].join('\n')]));
  expect(all).toEqual(fault === 'none' ? {} : { [fault]: expect.stringContaining(words) });
}

const failed = (leftBehind: LeftBehind[] = []): Partial<Outcome> => ({
  ended: 'failed',
  failure: {
    type: 'CloneFailed',
    message: 'it failed',
    details: { cluster: 'lab', step: 'x', cancelled: false, undone: [], leftBehind },
  },
});

describe('a group', () => {
  const planned = plan('group', {
    cluster: 'lab',
    volumes: [
      { volumeID: FIRST, name: 'g-a' },
      { volumeID: SECOND, name: 'g-b' },
    ],
  });
  const workflowID = holderOf(planned);
  const tag = (sourceVolumeID: number, step: OwnershipTag['step'] = 'clone'): OwnershipTag => ({
    request: 'run',
    workflowID,
    step,
    sourceVolumeID,
  });

  function scene() {
    const it = stage();
    const { groupSnapshotID } = it.call('CreateGroupSnapshot', {
      volumes: [FIRST, SECOND],
      attributes: { [TAG_ATTRIBUTE]: formatTag(tag(FIRST, 'groupSnapshot')) },
    }) as { groupSnapshotID: number };
    const { members, asyncHandle } = it.call('CloneMultipleVolumes', {
      groupSnapshotID,
      volumes: planned.request.volumes.map(({ volumeID, name }) => ({
        volumeID,
        name,
        attributes: it.attributesOf(volumeID, tag(volumeID)),
      })),
    }) as { members: { srcVolumeID: number; volumeID: number }[]; asyncHandle: number };
    it.call('GetAsyncResult', { asyncHandle });
    for (const { srcVolumeID, volumeID } of members) {
      const attributes = it.attributesOf(srcVolumeID, { ...tag(srcVolumeID), volumeID });
      it.call('ModifyVolume', { volumeID, attributes });
    }
    const result = {
      groupSnapshotID,
      groupSnapshotDeleted: true,
      members: members.map((m) => ({ sourceVolumeID: m.srcVolumeID, volumeID: m.volumeID })),
    };
    const ids = members.map((m) => m.volumeID);
    const cleanUp = () => it.call('DeleteGroupSnapshot', { groupSnapshotID, saveMembers: false });
    return { ...it, groupSnapshotID, ids, result, cleanUp };
  }
  type Scene = ReturnType<typeof scene>;
  const done = (it: Scene, result: object = it.result) =>
    verdictOf(it, { planned, outcome: outcomeOf(workflowID, 'cloneGroup', { result }) });

  test('that is whole is sound', () => {
    const it = scene();
    it.cleanUp();
    expectOnly(done(it), 'none');
  });

  test('with a member missing is lost, with one too many a duplicate', () => {
    const it = scene();
    it.cleanUp();
    it.clone('g-a', tag(FIRST), { stamped: false });
    expectOnly(done(it), 'duplicates', 'beside those of its result');
    const other = scene();
    other.cleanUp();
    other.call('DeleteVolume', { volumeID: other.ids[1] });
    expectOnly(done(other), 'lost', `volume ${other.ids[1]} is not there`);
    const silent = scene();
    silent.cleanUp();
    silent.call('DeleteVolume', { volumeID: silent.ids[1] });
    expectOnly(
      done(silent, { ...silent.result, members: silent.result.members.slice(0, 1) }),
      'lost',
      'says nothing of',
    );
  });

  test('whose group snapshot is there still has left it', () => {
    const it = scene();
    expectOnly(done(it), 'orphans', `group snapshot ${it.groupSnapshotID}`);
  });

  test('that failed has left what it does not name', () => {
    const it = scene();
    const fail = (named: LeftBehind[]) =>
      verdictOf(it, { planned, outcome: outcomeOf(workflowID, 'cloneGroup', failed(named)) });
    expectOnly(fail([]), 'orphans', `volume ${it.ids[0]}`);
    const named = fail([
      { kind: 'groupSnapshot', id: it.groupSnapshotID, reason: '' },
      ...it.ids.map((id) => ({ kind: 'volume' as const, id, reason: '' })),
    ]);
    expectOnly(named, 'none');
    expect(named.named).toMatchObject({ volumes: 2, groupSnapshots: 1, snapshots: 0 });
  });
});

describe('a fan-out', () => {
  const planned = plan('fanOut', { cluster: 'lab', volumeID: FIRST, clones: [{ name: 'f-a' }, { name: 'f-b' }] });
  const workflowID = holderOf(planned);

  function scene() {
    const it = stage();
    const members = planned.request.clones.map(({ name }) => {
      const id = workflowIDForRequest(name);
      const tag: OwnershipTag = { request: name, workflowID: id, step: 'clone', sourceVolumeID: FIRST };
      const volumeID = it.clone(name, tag);
      const result = { volumeID, snapshotID: 7, snapshotDeleted: false };
      return outcomeOf(id, 'cloneVolume', {
        request: { cluster: 'lab', volumeID: FIRST, name, snapshotID: 7 },
        result,
      });
    });
    const told = members.map((m) => ({
      workflowID: m.workflowID,
      volumeID: (m.result as Params)['volumeID'] as number,
    }));
    return { ...it, members, told };
  }
  type Scene = ReturnType<typeof scene>;
  const end = (it: Scene, how: Partial<Outcome>) =>
    verdictOf(it, {
      planned,
      outcome: outcomeOf(workflowID, 'cloneFanOut', { children: childrenOf(...it.members), ...how }),
      children: it.members,
    });
  const succeeded = (it: Scene, told = it.told) =>
    end(it, { result: { snapshotID: 7, snapshotDeleted: true, succeeded: told, failed: [] } });

  test('whose clones are as it says is sound', () => expectOnly(succeeded(scene()), 'none'));

  test('that names another volume, or one too few, is lost', () => {
    const it = scene();
    expectOnly(succeeded(it, [{ ...it.told[0]!, volumeID: 999 }, it.told[1]!]), 'lost', 'made 999');
    expect(succeeded(it, it.told.slice(1)).lost).toContainEqual(expect.stringContaining('tells of 1 clones'));
  });

  test('whose shared snapshot is there still has left it', () => {
    const it = scene();
    const attributes = {
      [TAG_ATTRIBUTE]: formatTag({ request: 'run', workflowID, step: 'snapshot', sourceVolumeID: FIRST }),
    };
    const { snapshotID } = it.call('CreateSnapshot', { volumeID: FIRST, attributes });
    expectOnly(succeeded(it), 'orphans', `left snapshot ${String(snapshotID)}`);
  });

  test('that failed must name the clones that are ready', () => {
    const it = scene();
    const named = it.told.map(({ volumeID: id }): LeftBehind => ({ kind: 'volume', id, reason: 'is ready' }));
    expectOnly(end(it, failed(named)), 'none');
    expectOnly(end(it, failed(named.slice(1))), 'orphans', `volume ${it.told[0]!.volumeID}`);
  });

  test('one of whose clones is there twice has a duplicate', () => {
    const it = scene();
    const { request: name } = { request: 'f-a' };
    const tag: OwnershipTag = {
      request: name,
      workflowID: workflowIDForRequest(name),
      step: 'clone',
      sourceVolumeID: FIRST,
    };
    it.clone(name, tag, { stamped: false });
    expectOnly(succeeded(it), 'duplicates', 'beside');
  });
});

describe('a copy', () => {
  const planned = plan('copy', { cluster: 'lab', volumeID: FIRST, dstVolumeID: DESTINATION, force: true });
  const workflowID = holderOf(planned);
  const tag = (step: OwnershipTag['step'], sourceVolumeID: number) => ({
    attributes: { [TAG_ATTRIBUTE]: formatTag({ request: 'run', workflowID, step, sourceVolumeID }) },
  });

  function scene() {
    const it = stage();
    const wayBack = () => {
      const taken = it.call('CreateSnapshot', {
        volumeID: DESTINATION,
        retention: '24:00:00',
        ...tag('undo', DESTINATION),
      });
      return taken['snapshotID'] as number;
    };
    const undo = wayBack();
    const snapshotID = it.call('CreateSnapshot', { volumeID: FIRST, ...tag('snapshot', FIRST) })[
      'snapshotID'
    ] as number;
    const copy = () => it.call('CopyVolume', { volumeID: FIRST, dstVolumeID: DESTINATION, snapshotID });
    const { asyncHandle } = copy();
    const cleanUp = () => {
      it.call('GetAsyncResult', { asyncHandle });
      it.call('DeleteSnapshot', { snapshotID });
    };
    return { ...it, undo, wayBack, snapshotID, copy, cleanUp };
  }
  type Scene = ReturnType<typeof scene>;
  const end = (it: Scene, how: Partial<Outcome>) =>
    verdictOf(it, { planned, outcome: outcomeOf(workflowID, 'copyVolume', how) });
  const done = (it: Scene) =>
    end(it, { result: { snapshotID: it.snapshotID, snapshotDeleted: true, undo: { snapshotID: it.undo } } });

  test('that is whole, with its way back, is sound', () => {
    const it = scene();
    it.cleanUp();
    const found = done(it);
    expectOnly(found, 'none');
    expect(found.waysBack).toBe(1);
  });

  test('that holds something else, or has no way back, is lost', () => {
    const it = scene();
    it.cleanUp();
    it.cluster.write(DESTINATION);
    expectOnly(done(it), 'lost', 'does not hold what volume');
    const other = scene();
    other.cleanUp();
    other.call('DeleteSnapshot', { snapshotID: other.undo });
    expectOnly(done(other), 'lost', 'its way back');
  });

  test('has left a second way back, and the result of a second copy', () => {
    const it = scene();
    const second = it.wayBack();
    const { asyncHandle } = it.copy();
    it.cleanUp();
    expectOnly(done(it), 'orphans', `snapshot ${second}`);
    expect(done(it).orphans).toContainEqual(expect.stringContaining(`async result ${String(asyncHandle)}`));
  });

  test('that failed has given the content back, or names it', () => {
    const it = scene();
    it.cleanUp();
    it.call('DeleteSnapshot', { snapshotID: it.undo });
    expectOnly(end(it, failed()), 'lost', 'without a word');
    expectOnly(end(it, failed([{ kind: 'content', id: DESTINATION, reason: '' }])), 'none');
  });

  test('changes nothing of another volume, and of its own the content alone', () => {
    const it = scene();
    it.cleanUp();
    it.cluster.write(SECOND);
    expectOnly(done(it), 'foreign', `content of volume ${SECOND}`);
    const renamed = scene();
    renamed.cleanUp();
    renamed.call('ModifyVolume', { volumeID: DESTINATION, access: 'locked' });
    expectOnly(done(renamed), 'foreign', `access of volume ${DESTINATION}`);
  });

  test('that was terminated has left what nobody can find, and a way back that expires', () => {
    const it = scene();
    const found = end(it, { ended: 'terminated' });
    expectOnly(found, 'none');
    expect(found).toMatchObject({ byTerminated: { snapshots: 1, asyncResults: 0 }, unknowable: 1, waysBack: 1 });
  });
});

describe('a series', () => {
  const { name: series, volumeID: sourceVolumeID } = SERIES[0]!;
  const planned = plan('refresh', {
    series,
    keep: 1,
    volumeAccessGroups: [HOSTS],
    clone: { cluster: 'lab', volumeID: sourceVolumeID },
  });
  const workflowID = holderOf(planned);

  function scene() {
    const it = stage();
    const generation = (number: number) => {
      const request = `refresh.run-${number}.1`;
      const id = workflowIDForRequest(request);
      const tag: OwnershipTag = { request, workflowID: id, step: 'clone', sourceVolumeID, series, generation: number };
      const volumeID = it.clone(`${series}-${number}`, tag);
      const outcome = outcomeOf(id, 'cloneVolume', { request: { requestId: request }, result: { volumeID } });
      return { volumeID, outcome };
    };
    const own = generation(1);
    it.call('AddVolumesToVolumeAccessGroup', { volumeAccessGroupID: HOSTS, volumes: [own.volumeID] });
    return { ...it, own, generation };
  }
  type Scene = ReturnType<typeof scene>;
  const resultOf = (it: Scene) => ({
    nominalTime: '2026-11-25T00:00:00.000Z',
    finishedAt: '2026-11-25T00:01:00.000Z',
    volumes: [{ volumeID: it.own.volumeID }],
    generations: [1],
    keptBack: [],
  });
  const end = (it: Scene, how: Partial<Outcome>, children = [it.own.outcome]) => {
    const run = outcomeOf(seriesWorkflowID('lab', series), 'refreshClone', {
      children: childrenOf(...children),
      ...how,
    });
    return verdictOf(it, {
      planned,
      outcome: outcomeOf(workflowID, 'refreshClone', { ...how, children: [] }),
      children: [...children, run],
    });
  };
  const done = (it: Scene, children?: Outcome[]) => end(it, { result: resultOf(it) }, children);

  test('whose newest generation is in service is sound', () => expectOnly(done(scene()), 'none'));

  test('whose group has another volume, or none, is lost', () => {
    const it = scene();
    const group = { volumeAccessGroupID: HOSTS, volumes: [it.own.volumeID] };
    it.call('RemoveVolumesFromVolumeAccessGroup', group);
    expectOnly(done(it), 'lost', `has volumes none, and in service for series ${series} is ${it.own.volumeID}`);
  });

  test('whose generation is gone is lost', () => {
    const it = scene();
    it.call('RemoveVolumesFromVolumeAccessGroup', { volumeAccessGroupID: HOSTS, volumes: [it.own.volumeID] });
    it.call('DeleteVolume', { volumeID: it.own.volumeID });
    expect(done(it).lost).toContainEqual(expect.stringContaining(`volume ${it.own.volumeID}, in service`));
  });

  test('that keeps a generation too many, or has one twice', () => {
    const it = scene();
    const more = it.generation(2);
    const found = done(it, [it.own.outcome, more.outcome]);
    expectOnly(found, 'orphans', `volume ${more.volumeID} of generation 2, of no run that succeeded`);
    expect(found.orphans).toContainEqual(expect.stringContaining('is to keep 1'));
    const twice = scene();
    twice.generation(1);
    expect(done(twice).duplicates).toContainEqual(expect.stringContaining('generation 1'));
  });

  test('whose only run failed is in service no more, unless that is named', () => {
    const it = scene();
    const found = end(it, failed());
    expect(found.lost).toContainEqual(expect.stringContaining(`in service for series ${series} is none`));
    expect(found.orphans).toContainEqual(expect.stringContaining(`volume ${it.own.volumeID}`));
    const named: LeftBehind[] = [
      { kind: 'volume', id: it.own.volumeID, reason: '' },
      { kind: 'accessGroupMembership', id: HOSTS, reason: '' },
    ];
    expectOnly(end(it, failed(named)), 'none');
  });

  test('has the last run in service that succeeded, for whatever moment it was', () => {
    const it = scene();
    const later = { ...resultOf(it), nominalTime: '2026-11-25T00:00:30.000Z', finishedAt: '2026-11-25T00:00:45.000Z' };
    const before = outcomeOf(seriesWorkflowID('lab', series), 'refreshClone', {
      result: { ...later, volumes: [{ volumeID: 999 }], generations: [0] },
    });
    expectOnly(done(it, [it.own.outcome, before]), 'none');
  });

  test('that has not ended is stuck', () => {
    expect(end(scene(), { ended: 'running', waitsFor: 'swapAccess' }).stuck[0]).toContain('swapAccess');
  });
});

describe('a lease', () => {
  const planned = plan('lease', { cluster: 'lab', volumeID: FIRST, name: 'leased', lease: '20s' });
  const workflowID = holderOf(planned);
  const tag: OwnershipTag = { request: 'run', workflowID, step: 'clone', sourceVolumeID: FIRST };

  function scene({ deleted = false } = {}) {
    const it = stage();
    const volumeID = it.clone('leased', tag);
    if (deleted) it.call('DeleteVolume', { volumeID });
    return { ...it, volumeID };
  }
  const LEASE_ID = 'the-lease';
  const end = (it: ReturnType<typeof scene>, lease: Partial<Outcome> | null, changed?: 'extend' | 'release') => {
    const run = outcomeOf(LEASE_ID, 'cloneLease', lease ?? {});
    const result = { volumeID: it.volumeID, snapshotID: 7, snapshotDeleted: true, lease: { workflowID: LEASE_ID } };
    return verdictOf(it, {
      planned,
      outcome: outcomeOf(workflowID, 'cloneVolume', { result, children: lease === null ? [] : childrenOf(run) }),
      children: lease === null ? [] : [run],
      leases: changed === undefined ? [] : [[LEASE_ID, changed]],
    });
  };
  const EXTENDED = { ended: 'running' as const, memo: { lease: { extensions: 1 } } };

  test('that is over has taken its volume along', () => {
    const found = end(scene({ deleted: true }), { result: { outcome: 'deleted' } });
    expectOnly(found, 'none');
    expect(found.leases).toEqual({ deleted: 1 });
    expectOnly(end(scene(), { result: { outcome: 'deleted' } }), 'lost', 'is still there');
  });

  test('that was extended or released has not', () => {
    expectOnly(end(scene(), EXTENDED, 'extend'), 'none');
    expectOnly(end(scene(), { result: { outcome: 'released' } }, 'release'), 'none');
    expectOnly(end(scene({ deleted: true }), EXTENDED, 'extend'), 'lost', 'is not there');
    const deleted = { result: { outcome: 'deleted' } };
    expectOnly(end(scene({ deleted: true }), deleted, 'extend'), 'lost', 'extended');
    expectOnly(end(scene({ deleted: true }), deleted, 'release'), 'lost', 'released');
  });

  test('that nobody keeps, or that ended without a reason, is lost', () => {
    expectOnly(end(scene(), null), 'lost', 'nothing keeps the lease');
    expectOnly(end(scene(), { ended: 'terminated' }), 'lost', 'has ended as terminated');
  });

  test('that goes on though its time is over is stuck', () => {
    expectOnly(end(scene(), { ended: 'running', waitsFor: 'deleteLeased' }), 'stuck', 'deleteLeased');
  });
});
