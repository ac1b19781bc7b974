import { describe, expect, test } from 'vitest';
import { ownSnapshot, ownVolume, type OwnVolume } from '../../activities/holdings.ts';
import { judgeResult, judgeSnapshot, judgeVolume, settledByFacts } from '../../activities/judge.ts';
import type { WorkflowFacts, WorkflowStory } from '../../activities/workflow-book.ts';
import { withRemovalNote, withTag, type OwnershipTag } from '../../contracts/tag.ts';
import type { CloneJob, Snapshot, Volume } from '../../element/index.ts';

const TAG: OwnershipTag = { request: 'run-1', workflowID: 'clone-1', step: 'clone', sourceVolumeID: 42 };

const volumeWith = (attributes: Record<string, unknown>, more: Partial<Volume> = {}): Volume => ({
  volumeID: 63,
  name: 'db-uat',
  accountID: 1,
  status: 'active',
  access: 'readWrite',
  enable512e: true,
  totalSize: 1_000_000_000,
  iqn: '',
  qos: { minIOPS: 50, maxIOPS: 100, burstIOPS: 100 },
  attributes,
  volumeAccessGroups: [],
  createTime: '2026-01-01T00:00:00Z',
  deleteTime: null,
  purgeTime: null,
  ...more,
});
const own = (tag: Partial<OwnershipTag> = {}, more: Partial<Volume> = {}): OwnVolume =>
  ownVolume(volumeWith(withTag({}, { ...TAG, ...tag }), more), [])!;
const stamped = own({ volumeID: 63 });
const unstamped = own();

const facts = (state: WorkflowFacts['state'], more: Partial<WorkflowFacts> = {}): WorkflowFacts => ({
  state,
  workflowID: 'clone-1',
  runID: state === 'unknown' ? null : 'run-1',
  type: state === 'unknown' ? '' : 'cloneVolume',
  closedAt: null,
  cloneVolumeID: undefined,
  ...more,
});
const story = (more: Partial<WorkflowStory> = {}): WorkflowStory => ({
  request: { name: 'db-uat' },
  result: undefined,
  deletedVolumeIDs: new Set(),
  ...more,
});
const none = { host: undefined };

describe('a volume is ours', () => {
  const job = (srcVolumeID: number) => ({ dstVolumeID: 63, srcVolumeID }) as CloneJob;
  const tagged = volumeWith(withTag({}, TAG));

  test('by its tag, stamped with its own ID or with none', () => {
    expect(ownVolume(tagged, [])).toMatchObject({ stamped: false });
    expect(ownVolume(volumeWith(withTag({}, { ...TAG, volumeID: 63 })), [])).toMatchObject({ stamped: true });
    expect(ownVolume(tagged, [job(42)])).toBeDefined();
  });

  test.each<[what: string, volume: Volume, jobs: CloneJob[]]>([
    ['without a tag', volumeWith({ mine: true }), []],
    ['with the stamp of the volume that it was copied from', volumeWith(withTag({}, { ...TAG, volumeID: 62 })), []],
    ['with the tag of a snapshot', volumeWith(withTag({}, { ...TAG, step: 'snapshot' })), []],
    ['which is the source', volumeWith(withTag({}, TAG), { volumeID: 42 }), []],
    ['which is being copied from elsewhere', tagged, [job(50)]],
    [
      'with a tag of another version',
      volumeWith({ 'element-clone': 'v=2&step=clone&request=r&workflow=w&source=42' }),
      [],
    ],
  ])('not %s', (_what, volume, jobs) => {
    expect(ownVolume(volume, jobs)).toBeUndefined();
  });
});

describe('the verdict on a volume', () => {
  test.each<[what: string, volume: OwnVolume, facts: WorkflowFacts, story: WorkflowStory | undefined]>([
    ['of a running workflow', unstamped, facts('running'), undefined],
    ['of a running workflow, finished', stamped, facts('running'), undefined],
    ['that its workflow took for its own', stamped, facts('completed', { cloneVolumeID: 63 }), undefined],
    ['that is its result', stamped, facts('completed'), story({ result: { volumeID: 63 } })],
    ['finished, of a workflow nobody remembers', stamped, facts('unknown'), undefined],
    ['finished within a runbook that failed later', stamped, facts('failed', { type: 'runbook' }), undefined],
    ['finished, with a result that names none', stamped, facts('completed'), story({ result: null })],
  ])('none: %s', (_what, volume, f, s) => {
    expect(judgeVolume(volume, f, s, none)).toBeNull();
  });

  test.each<[verdict: string, what: string, volume: OwnVolume, facts: WorkflowFacts, story: WorkflowStory | undefined]>(
    [
      [
        'orphan',
        'a stranger',
        unstamped,
        facts('completed', { cloneVolumeID: 62 }),
        story({ result: { volumeID: 62 } }),
      ],
      ['orphan', 'of a terminated workflow, though finished', stamped, facts('terminated'), story()],
      ['orphan', 'of a workflow that failed and could not undo', unstamped, facts('failed'), story()],
      ['orphan', 'made by a call that took effect after the cancellation', unstamped, facts('cancelled'), story()],
      ['orphan', 'of a workflow that timed out', unstamped, facts('timedOut'), story()],
      [
        'orphan',
        'unfinished within a runbook that is over',
        unstamped,
        facts('completed', { type: 'runbook' }),
        undefined,
      ],
      ['unknown', 'unfinished, of a workflow nobody remembers', unstamped, facts('unknown'), undefined],
      [
        'unknown',
        'unfinished, with a result that names none',
        unstamped,
        facts('completed'),
        story({ result: 'done' }),
      ],
      [
        'kept',
        'that was to be kept',
        stamped,
        facts('failed'),
        story({ request: { name: 'db-uat', onFailure: 'keep' } }),
      ],
    ],
  )('%s: %s', (verdict, _what, volume, f, s) => {
    expect(judgeVolume(volume, f, s, none)).toMatchObject({ verdict });
  });

  test('is doubtful when something says that a person uses or wants it', () => {
    const removed = ownVolume(volumeWith(withRemovalNote(withTag({}, TAG), '2026-01-02T00:00:00Z')), [])!;
    const terminated = facts('terminated');
    expect(judgeVolume(unstamped, terminated, story(), { host: 'iqn.host' })).toMatchObject({ verdict: 'doubtful' });
    expect(judgeVolume(removed, terminated, story(), none)).toMatchObject({
      verdict: 'doubtful',
      reason: expect.stringContaining('2026-01-02T00:00:00Z, and restored'),
    });
    // The removal that left the note comes back after a lost answer.
    expect(judgeVolume(removed, terminated, story(), { ...none, removalNote: '2026-01-02T00:00:00Z' })).toMatchObject({
      verdict: 'orphan',
    });
    const undone = story({ deletedVolumeIDs: new Set([63]) });
    expect(judgeVolume(unstamped, facts('cancelled'), undone, none)).toMatchObject({ verdict: 'doubtful' });
    const named = story({ request: { name: 'db-other' } });
    expect(judgeVolume(unstamped, terminated, named, none)).toMatchObject({ verdict: 'doubtful' });
  });

  test('needs no history where Temporal has said enough', () => {
    expect(settledByFacts(stamped, facts('running'))).toBe(true);
    expect(settledByFacts(stamped, facts('unknown'))).toBe(true);
    expect(settledByFacts(stamped, facts('completed', { cloneVolumeID: 63 }))).toBe(true);
    expect(settledByFacts(stamped, facts('completed', { cloneVolumeID: 62 }))).toBe(false);
    expect(settledByFacts(stamped, facts('terminated'))).toBe(false);
    expect(settledByFacts(stamped, facts('failed', { type: 'runbook' }))).toBe(true);
  });
});

describe('the verdict on a snapshot', () => {
  const snapshot: Snapshot = {
    snapshotID: 7,
    volumeID: 42,
    name: 'db-uat',
    status: 'done',
    totalSize: 1_000_000_000,
    attributes: withTag({}, { ...TAG, step: 'snapshot' }),
    createTime: '2026-01-01T00:00:00Z',
    expirationTime: null,
    groupID: 0,
  };
  const ours = ownSnapshot(snapshot)!;
  const result = (snapshotID: number) => ({ volumeID: 63, snapshotID, snapshotDeleted: false });
  const keep = { name: 'db-uat', snapshot: { retention: 'keep' } };

  test('it is ours by its tag, which names its volume', () => {
    expect(ours).toBeDefined();
    expect(ownSnapshot({ ...snapshot, volumeID: 43 })).toBeUndefined();
    expect(ownSnapshot({ ...snapshot, attributes: withTag({}, TAG) })).toBeUndefined();
  });

  test.each<[verdict: string | null, what: string, facts: WorkflowFacts, story: WorkflowStory | undefined]>([
    [null, 'of a running workflow', facts('running'), undefined],
    [null, 'to be kept', facts('completed'), story({ request: keep, result: result(7) })],
    ['orphan', 'that could not be deleted', facts('completed'), story({ result: result(7) })],
    ['orphan', 'made by a late call', facts('completed'), story({ request: keep, result: result(6) })],
    ['orphan', 'of a terminated workflow', facts('terminated'), story({ request: keep })],
    ['kept', 'that onFailure kept', facts('failed'), story({ request: { onFailure: 'keep' } })],
    ['unknown', 'of a workflow nobody remembers', facts('unknown'), undefined],
    ['unknown', 'of a workflow that decides nothing', facts('failed', { type: 'runbook' }), undefined],
  ])('%s: %s', (verdict, _what, f, s) => {
    const judgement = judgeSnapshot(ours, f, s, undefined);
    expect(judgement?.verdict ?? null).toBe(verdict);
  });

  test('is doubtful while somebody clones from it', () => {
    expect(judgeSnapshot(ours, facts('terminated'), story(), 99)).toMatchObject({
      verdict: 'doubtful',
      reason: expect.stringContaining('volume 99'),
    });
    expect(judgeSnapshot(ours, facts('running'), undefined, 99)).toBeNull();
  });
});

describe('the verdict on a kept async result', () => {
  const deleted = own({}, { status: 'deleted' });
  test.each<[verdict: string | null, what: string, volume: OwnVolume, facts: WorkflowFacts]>([
    [null, 'that its workflow may still want', stamped, facts('running')],
    ['orphan', 'of a clone that is done', stamped, facts('completed', { cloneVolumeID: 63 })],
    ['orphan', 'of a volume that was deleted', deleted, facts('failed')],
    ['unknown', 'of a deleted volume of a workflow nobody remembers', deleted, facts('unknown')],
  ])('%s: %s', (verdict, _what, volume, f) => {
    expect(judgeResult(volume, f)?.verdict ?? null).toBe(verdict);
  });
});
