import { expect } from 'vitest';
import type { CloneVolumeResult } from '../../../contracts/clone-result.ts';
import type { CloneFailureDetails } from '../../../contracts/failure.ts';
import {
  ending,
  expectNothingLeft,
  expectOneClone,
  expectOnlyNamedLeft,
  expectReadableFailure,
  ours,
  type Ending,
} from '../invariants.ts';
import type { Fleet, Service } from '../service.ts';
import { waitFor } from '../wait.ts';
import type { Call, Run } from './calls.ts';
import type { Trouble } from './faults.ts';

type End = Ending<CloneVolumeResult>;

/** One clone in which one call meets one trouble. Gives back how it ended, for what only one row or column knows. */
export async function meet(
  fleet: Fleet,
  { method, aim, run }: Pick<Call, 'method' | 'aim' | 'run'>,
  trouble: Trouble,
  check: (end: End, service: Service) => void,
): Promise<void> {
  const { times } = trouble;
  const fault = { ...trouble.fault, ...aim, method };
  const service = await fleet.add({
    simulator: { ...run.simulator, faults: [...(run.simulator?.faults ?? []), fault] },
    ...(times === undefined ? {} : { times }),
    ...(run.negotiate ? { apiVersion: null } : {}),
  });
  try {
    const { cluster } = service.simulator;
    for (const { method: act, params } of run.prepare ?? []) cluster.act(act, params);
    const before = cluster.state();
    const handle = await service.start(run.request);
    if (run.cancelAfter !== undefined) {
      await waitFor(run.cancelAfter, () => cluster.calls.counts().byMethod[run.cancelAfter!], 200_000);
      await handle.cancel();
    }
    const end = await ending(handle);
    // A cell whose call was never made would prove nothing.
    expect(cluster.faults.list().at(-1)).toMatchObject({ fault, fired: expect.toSatisfy((n) => n > 0) });
    expectInvariant(end, { ...service, before }, run, trouble);
    check(end, service);
  } finally {
    await service.stop();
  }
}

/** However it ended: exactly one clone, or nothing but what the failure names. */
function expectInvariant(end: End, { simulator, before }: Service, { request }: Run, { lasting }: Trouble): void {
  if (end.ended === 'completed') {
    const { snapshots, asyncResults } = ours(simulator.cluster.state());
    // What the cluster will not give up for good costs no clone that is good: snapshots expire by themselves.
    for (const s of snapshots) expect(s).toMatchObject({ expirationTime: expect.any(String) });
    const kept = lasting ? { snapshots: snapshots.length, asyncResults: asyncResults.length } : {};
    expectOneClone(simulator, end.result.volumeID, { request, before, ...kept });
  } else if (end.ended === 'cancelled') {
    expectNothingLeft(simulator, undefined, before);
  } else {
    const { leftBehind } = end.details as CloneFailureDetails;
    expectReadableFailure(end, { leftBehind });
    expectOnlyNamedLeft(simulator, leftBehind, { before });
    for (const { id } of leftBehind) if (id !== null) expect(end.message).toContain(String(id));
  }
}
