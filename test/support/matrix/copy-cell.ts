import { expect } from 'vitest';
import type { UndoCopyResult } from '../../../contracts/copy-result.ts';
import type { CopyFailureDetails, LeftBehind } from '../../../contracts/failure.ts';
import {
  contentOf,
  DESTINATION,
  expectAsBefore,
  expectCopied,
  leftOf,
  SOURCE,
  startCopy,
  undone,
  waysBack,
  type CopyEnd,
} from '../copies.ts';
import { expectForeignUntouched } from '../foreign.ts';
import { ending, type Ending } from '../invariants.ts';
import type { Fleet, Service } from '../service.ts';
import { waitFor } from '../wait.ts';
import type { CopyCall } from './copy-calls.ts';
import type { Trouble } from './faults.ts';

/** One copy in which one call meets one trouble. Gives back how it ended, for what only one row or column knows. */
export async function meetCopy(
  fleet: Fleet,
  { method, aim, run }: Pick<CopyCall, 'method' | 'aim' | 'run'>,
  trouble: Trouble,
  check: (end: CopyEnd, service: Service) => void,
): Promise<void> {
  const { times } = trouble;
  const fault = { ...trouble.fault, ...aim, method };
  const service = await fleet.add({
    simulator: { ...run.simulator, faults: [...(run.simulator.faults ?? []), fault] },
    ...(times === undefined ? {} : { times }),
  });
  try {
    const { cluster } = service.simulator;
    for (const { method: act, params } of run.prepare ?? []) cluster.act(act, params);
    const before = cluster.state();
    const handle = await startCopy(service, run.request);
    if (run.cancelAfter !== undefined) {
      await waitFor(run.cancelAfter, () => cluster.calls.counts().byMethod[run.cancelAfter!], 200_000);
      await handle.cancel();
    }
    const end = await ending(handle);
    // A cell whose call was never made would prove nothing.
    expect(cluster.faults.list().at(-1)).toMatchObject({ fault, fired: expect.toSatisfy((n) => n > 0) });
    expectInvariant(end, { ...service, before }, trouble);
    check(end, service);
  } finally {
    await service.stop();
  }
}

/** However it ended: the destination is whole, of the one or of the other, or the failure says that it is not. */
function expectInvariant(end: CopyEnd, service: Service, { lasting }: Trouble): void {
  const { simulator, before } = service;
  const state = simulator.cluster.state();
  // Never onto another volume, and always of one and the same snapshot.
  const jobs = state.cloneJobs.map((j) => [j.srcVolumeID, j.dstVolumeID]);
  expect(jobs).toEqual(jobs.map(() => [SOURCE, DESTINATION]));
  expect(new Set(state.cloneJobs.map((j) => j.snapshotID)).size).toBeLessThanOrEqual(1);
  if (end.ended === 'completed') {
    const { snapshots, asyncResults } = leftOf(service);
    // What the cluster will not give up for good costs no copy that is good: snapshots expire by themselves.
    for (const s of snapshots) expect(s).toMatchObject({ expirationTime: expect.any(String) });
    // What came along and cannot be set back is said.
    const stays = lasting && end.result.changes.some((c) => c.includes('could not be set back'));
    const { attributes } = state.volumes.find((v) => v.volumeID === DESTINATION)!;
    const volumes = before.volumes.map((v) => (stays && v.volumeID === DESTINATION ? { ...v, attributes } : v));
    expectCopied(
      service,
      end,
      { ...before, volumes },
      lasting ? { kept: snapshots.length - 1, asyncResults: asyncResults.length } : {},
    );
  } else if (end.ended === 'cancelled') {
    expectAsBefore(service, before);
  } else if (end.type === 'InvalidRequest') {
    throw new Error(end.message);
  } else {
    const { leftBehind } = end.details as CopyFailureDetails;
    expect(end.message).toMatch(
      /^Copying volume 42 of cluster lab\S* onto volume 60 (failed in step \w+: .{10,}|was cancelled in step \w+\.)/,
    );
    const mixed = leftBehind.filter((l) => l.kind === 'content');
    if (mixed.length === 0) expect(contentOf(state, DESTINATION)).toBe(contentOf(before, DESTINATION));
    for (const { id, reason } of mixed) {
      expect(id).toBe(DESTINATION);
      expect(reason).toMatch(/RollbackToSnapshot to snapshot \d+ gives back what it held before/);
    }
    expectForeignUntouched(simulator, {
      ...before,
      volumes: before.volumes.map((v) =>
        v.volumeID === DESTINATION ? { ...v, content: contentOf(state, DESTINATION) } : v,
      ),
    });
    const { snapshots, jobs: running, asyncResults } = leftOf(service);
    const named = (kind: LeftBehind['kind']) => leftBehind.filter((l) => l.kind === kind).map((l) => l.id);
    // Without an ID when it never became known.
    if (named('snapshot').every((id) => id !== null)) {
      expect(named('snapshot')).toEqual(expect.arrayContaining(snapshots.map((s) => s.snapshotID)));
    }
    expect(named('cloneJob')).toEqual(expect.arrayContaining(running.map((j) => j.cloneID)));
    // Without an ID when the cluster will not list them.
    if (named('asyncResult').every((id) => id !== null)) {
      expect(named('asyncResult')).toEqual(expect.arrayContaining(asyncResults.map((r) => r.asyncHandle)));
    }
    for (const { id } of leftBehind) if (id !== null) expect(end.message).toContain(String(id));
  }
}

/** A copy that is taken back, in which one call of that meets one trouble. */
export async function meetUndo(
  fleet: Fleet,
  { method, aim }: Pick<CopyCall, 'method' | 'aim'>,
  { fault: what, times }: Trouble,
): Promise<Ending<UndoCopyResult>> {
  const fault = { ...what, ...aim, method };
  const simulator = { behaviour: { cloneSeconds: 0, youngVolumeSeconds: 0 } };
  const service = await fleet.add({ simulator, ...(times === undefined ? {} : { times }) });
  try {
    const { cluster } = service.simulator;
    const copy = await startCopy(service);
    await copy.result();
    const copied = contentOf(cluster.state(), DESTINATION);
    cluster.faults.append([fault]);
    const end = await undone(service, copy.workflowId);
    expect(cluster.faults.list()).toMatchObject([{ fault, fired: expect.toSatisfy((n) => n > 0) }]);
    const content = contentOf(cluster.state(), DESTINATION);
    expect(content).toBe(end.ended === 'completed' ? contentOf(service.before, DESTINATION) : copied);
    // It can be taken back again.
    expect(waysBack(cluster.state())).toHaveLength(1);
    return end;
  } finally {
    await service.stop();
  }
}
