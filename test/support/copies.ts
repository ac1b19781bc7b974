import { expect } from 'vitest';
import type { CopyVolumeResult } from '../../contracts/copy-result.ts';
import { readTag } from '../../contracts/tag.ts';
import type { StateView } from '../../simulator/index.ts';
import { expectForeignUntouched } from './foreign.ts';
import { ending, ours, type Ending } from './invariants.ts';
import type { Service } from './service.ts';
import { DESTINATION, SOURCE, startUndo } from './start-copy.ts';

export { copy, copyRequest, DESTINATION, SOURCE, startCopy, startUndo } from './start-copy.ts';
export type CopyEnd = Ending<CopyVolumeResult>;

export const undone = async (...args: Parameters<typeof startUndo>) => ending(await startUndo(...args));

export const contentOf = (state: StateView, volumeID: number): string => {
  const volume = state.volumes.find((v) => v.volumeID === volumeID);
  if (volume === undefined) throw new Error(`the cluster has no volume ${volumeID}`);
  return volume.content;
};

/** Snapshots from before a copy. */
export const waysBack = (state: StateView) =>
  state.snapshots.filter((s) => readTag(s['attributes'])?.step === 'undo') as (StateView['snapshots'][number] & {
    expirationTime: string | null;
  })[];

/** What a copy may leave. The destination may be ours itself, and in groups. */
export const leftOf = ({ simulator }: Service) => {
  const { snapshots, jobs, asyncResults } = ours(simulator.cluster.state());
  return { snapshots, jobs, asyncResults };
};

/**
 * The destination holds what the source held, and is otherwise as it was; there is a way back to what it held, which
 * expires; and nothing else of ours is on the cluster, nor has anything else changed.
 */
export function expectCopied(
  service: Service,
  end: CopyEnd,
  before: StateView,
  { kept = 0, asyncResults = 0, content = contentOf(before, SOURCE) } = {},
): CopyVolumeResult {
  if (end.ended === 'failed') throw new Error(end.message);
  if (end.ended !== 'completed') throw new Error(end.ended);
  const { result } = end;
  const { simulator } = service;
  const state = simulator.cluster.state();
  expect(contentOf(state, DESTINATION)).toBe(content);
  const left = leftOf(service);
  expect(left.jobs).toEqual([]);
  expect(left.asyncResults).toHaveLength(asyncResults);
  expect(left.snapshots).toHaveLength(1 + kept);
  expect(waysBack(state)).toEqual([
    expect.objectContaining({
      snapshotID: result.undo?.snapshotID,
      volumeID: DESTINATION,
      content: contentOf(before, DESTINATION),
      expirationTime: expect.any(String),
    }),
  ]);
  expectForeignUntouched(simulator, {
    ...before,
    volumes: before.volumes.map((v) => (v.volumeID === DESTINATION ? { ...v, content } : v)),
  });
  return result;
}

/** The destination holds what it held, nothing of ours is on the cluster, and nothing has changed. */
export function expectAsBefore(service: Service, before: StateView): void {
  expect(leftOf(service)).toEqual({ snapshots: [], jobs: [], asyncResults: [] });
  expectForeignUntouched(service.simulator, before);
}
