import type { CopyVolumeResult } from '../../contracts/copy-result.ts';
import type { CopyVolumeRequest } from '../../contracts/copy-volume.ts';
import { readTag } from '../../contracts/tag.ts';
import type { StateView } from '../../simulator/index.ts';
import type { Belongings } from './belongings.ts';
import { judgeSnapshot } from './check-clone.ts';
import { leftOver, namedBy, split, type Case } from './verdict.ts';

const isWayBack = (snapshot: StateView['snapshots'][number]) => readTag(snapshot['attributes'])?.step === 'undo';

/** The belongings without the snapshots from before the copy, which are counted: they expire by themselves. */
export function withoutWaysBack({ owned, verdict }: Pick<Case, 'owned' | 'verdict'>): Belongings {
  const [waysBack, snapshots] = split(owned.snapshots, (s) => isWayBack(s) && s['expirationTime'] !== null);
  verdict.waysBack += waysBack.length;
  return { ...owned, snapshots };
}

/** A copy that is done: the destination holds what the source held, and there is one way back to what it held. */
export function judgeCopy(of: Case, { inSeries = false } = {}): void {
  const { outcome, owned, evidence, verdict } = of;
  const { workflowID } = outcome;
  const { volumeID, dstVolumeID, snapshotID, snapshot } = outcome.request as CopyVolumeRequest;
  const result = outcome.result as CopyVolumeResult;
  const { before, after, deeds } = evidence;
  const waysBack = owned.snapshots.filter(isWayBack);
  const itself = waysBack.find((s) => s.snapshotID === result.undo?.snapshotID);
  if (!inSeries) {
    const given = before.snapshots.find((s) => s.snapshotID === snapshotID);
    const contents = given === undefined ? deeds.contents.get(volumeID)! : [given.content];
    if (!contents.includes(contentOf(after, dstVolumeID) ?? '')) {
      verdict.lost.push(`${workflowID} is done, but volume ${dstVolumeID} does not hold what volume ${volumeID} held`);
    }
    if (itself !== undefined && itself.content !== contentOf(before, dstVolumeID)) {
      verdict.lost.push(`${workflowID}: snapshot ${itself.snapshotID} is not what volume ${dstVolumeID} held before`);
    }
  }
  if (itself === undefined) {
    verdict.lost.push(
      `${workflowID} is done, but its way back, snapshot ${result.undo?.snapshotID ?? 'none'}, is not there`,
    );
  }
  verdict.waysBack += itself === undefined ? 0 : 1;
  const taken = owned.snapshots.filter((s) => !isWayBack(s));
  const snapshots = judgeSnapshot(of, taken, 'snapshotID', result, snapshot?.retention === 'keep');
  const second = waysBack.filter((s) => s !== itself);
  // What the cluster refused to delete, as the result says: it expires.
  const [expiring, stay] = split(second, (s) => !result.snapshotDeleted && s['expirationTime'] !== null);
  verdict.expiring += expiring.length;
  leftOver(of, { ...owned, snapshots: [...snapshots, ...stay] });
}

/** A copy that failed or was cancelled: the destination holds what it held, unless the failure names its content. */
export function judgeContentKept({ outcome, evidence, verdict }: Case): void {
  const { workflowID, ended } = outcome;
  const { dstVolumeID } = outcome.request as CopyVolumeRequest;
  const { before, after } = evidence;
  const isNamed = namedBy(workflowID, evidence).some((l) => l.kind === 'content' && l.id === dstVolumeID);
  if (isNamed || contentOf(after, dstVolumeID) === contentOf(before, dstVolumeID)) return;
  verdict.lost.push(`${workflowID} ${ended}, and volume ${dstVolumeID} does not hold what it held, without a word`);
}

const contentOf = (state: StateView, volumeID: number): string | undefined =>
  state.volumes.find((v) => v.volumeID === volumeID)?.content;
