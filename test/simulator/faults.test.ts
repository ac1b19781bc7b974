import { describe, expect, test } from 'vitest';
import type { Fault } from '../../simulator/index.ts';
import { waitFor } from '../support/wait.ts';
import { call, control, manualClock, post, refusal, result, simulate } from './helpers.ts';

const clone = { volumeID: 42, name: 'db-uat' };
const simulateWith = (...faults: Fault[]) => simulate({ faults, behaviour: { cloneSeconds: 0 } });
const clones = (sim: Awaited<ReturnType<typeof simulate>>) =>
  sim.cluster.state().volumes.filter((v) => v.name === 'db-uat').length;

describe('a fault of one call', () => {
  test('error refuses before acting, by the name given', async () => {
    const sim = await simulateWith({ kind: 'error', method: 'CloneVolume', name: 'xDBVersionMismatch', count: 1 });
    expect(await refusal(sim, 'CloneVolume', clone)).toBe('xDBVersionMismatch');
    expect(clones(sim)).toBe(0);
    await result(sim, 'CloneVolume', clone);
    expect(sim.cluster.calls.counts().refused).toEqual({ xDBVersionMismatch: 1 });
    expect(sim.cluster.faults.list()).toMatchObject([{ id: 1, matched: 2, fired: 1 }]);
  });

  test('http503 and html200 answer HTML', async () => {
    const sim = await simulateWith({ kind: 'http503', count: 1 }, { kind: 'html200', count: 1 });
    const body = { method: 'GetLimits', id: 1 };
    expect(await post(sim, body)).toMatchObject({ status: 503, contentType: 'text/html' });
    expect(await post(sim, body)).toMatchObject({ status: 200, contentType: 'text/html' });
    expect(await post(sim, body)).toMatchObject({ status: 200, contentType: 'application/json-rpc' });
  });

  test('cutBefore cuts the connection and does nothing', async () => {
    const sim = await simulateWith({ kind: 'cutBefore', count: 1 });
    await expect(call(sim, 'CloneVolume', clone)).rejects.toThrow(/hang up|ECONNRESET/);
    expect(clones(sim)).toBe(0);
  });

  test('actThenCut acts, and the answer is lost', async () => {
    const sim = await simulateWith({ kind: 'actThenCut', count: 1 });
    await expect(call(sim, 'CloneVolume', clone)).rejects.toThrow(/hang up|ECONNRESET/);
    expect(clones(sim)).toBe(1);
  });

  test('actThenError acts, and says something else', async () => {
    const sim = await simulateWith({ kind: 'actThenError', method: 'CloneVolume', name: 'xRpcTimeout', count: 1 });
    expect(await refusal(sim, 'CloneVolume', clone)).toBe('xRpcTimeout');
    expect(clones(sim)).toBe(1);
  });

  test('cutThenActLater acts only when the client has long given up', async () => {
    const sim = await simulateWith({ kind: 'cutThenActLater', delayMs: 300, count: 1 });
    await expect(call(sim, 'CloneVolume', clone)).rejects.toThrow(/hang up|ECONNRESET/);
    expect(clones(sim)).toBe(0);
    await waitFor('the late clone', () => clones(sim) === 1);
  });

  test('overtaken acts after the call that repeats it', async () => {
    const sim = await simulateWith({ kind: 'overtaken', method: 'CloneVolume', count: 1 });
    await expect(call(sim, 'CloneVolume', clone)).rejects.toThrow(/hang up|ECONNRESET/);
    await result(sim, 'GetLimits');
    expect(clones(sim)).toBe(0);
    await result(sim, 'CloneVolume', clone);
    expect(clones(sim)).toBe(2);
  });

  test('slow acts late, slowAnswer acts at once and answers late', async () => {
    const sim = await simulateWith(
      { kind: 'slow', delayMs: 400, count: 1 },
      { kind: 'slowAnswer', delayMs: 400, count: 1, method: 'CloneVolume' },
    );
    const late = call(sim, 'CloneVolume', clone);
    await waitFor('the call', () => sim.cluster.calls.counts().total === 1);
    expect(clones(sim)).toBe(0);
    await late;
    expect(clones(sim)).toBe(1);
    let answered = false;
    const soon = call(sim, 'CloneVolume', clone).then(() => (answered = true));
    await waitFor('the second clone', () => clones(sim) === 2);
    expect(answered).toBe(false);
    await soon;
  });

  test('lets the first calls pass, meets so many and no more, and only those whose parameters match', async () => {
    const match = { name: 'db-*', volumeID: 42, 'attributes.owner': 'me' };
    const sim = await simulateWith({ kind: 'error', name: 'xNotPrimary', match, skip: 1, count: 1 });
    const mine = { ...clone, attributes: { owner: 'me' } };
    expect(await refusal(sim, 'CloneVolume', mine)).toBe('no error');
    expect(await refusal(sim, 'CloneVolume', { ...mine, name: 'other' })).toBe('no error');
    expect(await refusal(sim, 'CloneVolume', clone)).toBe('no error');
    expect(await refusal(sim, 'CloneVolume', mine)).toBe('xNotPrimary');
    expect(await refusal(sim, 'CloneVolume', mine)).toBe('no error');
  });

  test('waits for the calls that it comes after', async () => {
    const after = ['GetLimits', 'ListVolumes'];
    const sim = await simulateWith({ kind: 'error', method: 'CloneVolume', name: 'xNotPrimary', after });
    expect(await refusal(sim, 'CloneVolume', clone)).toBe('no error');
    await result(sim, 'GetLimits');
    expect(await refusal(sim, 'CloneVolume', clone)).toBe('no error');
    await result(sim, 'ListVolumes');
    expect(await refusal(sim, 'CloneVolume', clone)).toBe('xNotPrimary');
  });

  test('does not meet what a person does at the control port', async () => {
    const sim = await simulateWith({ kind: 'error', name: 'xNotPrimary' });
    const acted = await control(sim, 'POST /act', { method: 'CreateSnapshot', params: { volumeID: 42 } });
    expect(acted).toMatchObject({ status: 200, body: { result: { snapshotID: 1 } } });
    expect(sim.cluster.calls.counts().total).toBe(0);
  });
});

describe('a fault of a clone', () => {
  test('cloneFails ends it with an error in its result', async () => {
    const sim = await simulateWith({ kind: 'cloneFails', name: 'xSliceServiceUnhealthy', message: 'Slice down.' });
    const { asyncHandle, volumeID } = await result(sim, 'CloneVolume', clone);
    expect(await result(sim, 'GetAsyncResult', { asyncHandle })).toMatchObject({
      status: 'complete',
      error: { name: 'xSliceServiceUnhealthy', message: 'Slice down.', volumeID },
    });
    expect((await result(sim, 'ListVolumes', { volumeIDs: [volumeID] })).volumes).toMatchObject([{ status: 'init' }]);
  });

  test('cloneStalls stops its progress for ever, till it is cancelled', async () => {
    const clock = manualClock();
    const faults: Fault[] = [{ kind: 'cloneStalls', atPercent: 30 }];
    const sim = await simulate({ clock, faults, behaviour: { cloneSeconds: 10, noiseSyncJobs: false } });
    const { cloneID } = await result(sim, 'CloneVolume', clone);
    clock.advance(1e6);
    expect((await result(sim, 'ListSyncJobs')).syncJobs).toMatchObject([{ percentComplete: 30, stage: 'data' }]);
    await result(sim, 'CancelClone', { cloneID });
    expect((await result(sim, 'ListSyncJobs')).syncJobs).toEqual([]);
  });

  test('cloneStalls for a while delays its end by as much', async () => {
    const clock = manualClock();
    const faults: Fault[] = [{ kind: 'cloneStalls', atPercent: 50, forSeconds: 20 }];
    const sim = await simulate({ clock, faults, behaviour: { cloneSeconds: 10, noiseSyncJobs: false } });
    const { volumeID } = await result(sim, 'CloneVolume', clone);
    const percents: unknown[] = [];
    // One second of metadata, nine of data, twenty of nothing after 5.5.
    for (const seconds of [4, 2, 19, 3]) {
      clock.advance(seconds);
      const { syncJobs } = await result(sim, 'ListSyncJobs');
      percents.push(Math.round((syncJobs as { percentComplete: number }[])[0]!.percentComplete));
    }
    expect(percents).toEqual([33, 50, 50, 78]);
    clock.advance(2);
    expect((await result(sim, 'ListSyncJobs')).syncJobs).toEqual([]);
    expect((await result(sim, 'ListVolumes', { volumeIDs: [volumeID] })).volumes).toMatchObject([{ status: 'active' }]);
  });

  test('loseAsyncResult takes the result away as another reader would', async () => {
    const sim = await simulateWith({ kind: 'loseAsyncResult', count: 1 });
    const { asyncHandle, volumeID } = await result(sim, 'CloneVolume', clone);
    expect(await refusal(sim, 'GetAsyncResult', { asyncHandle, keepResult: true })).toBe('xDBNoSuchPath');
    expect((await result(sim, 'ListVolumes', { volumeIDs: [volumeID] })).volumes).toMatchObject([{ status: 'active' }]);
  });

  test('loseSyncJob hides the job, not the clone', async () => {
    const faults: Fault[] = [{ kind: 'loseSyncJob' }];
    const sim = await simulate({ clock: manualClock(), faults, behaviour: { noiseSyncJobs: false } });
    const { asyncHandle } = await result(sim, 'CloneVolume', clone);
    expect((await result(sim, 'ListSyncJobs')).syncJobs).toEqual([]);
    expect(await result(sim, 'GetAsyncResult', { asyncHandle })).toMatchObject({ status: 'running' });
  });
});

describe('an outage', () => {
  const codeOf = (sim: Awaited<ReturnType<typeof simulate>>): Promise<string> =>
    call(sim, 'GetLimits').then(
      (answer) => answer.error?.name ?? 'ok',
      (error: unknown) => (error as { code?: string }).code ?? String(error),
    );

  test('refuse refuses connections for its duration, then the same address serves again', async () => {
    const sim = await simulate();
    await control(sim, 'POST /faults', { kind: 'refuse', durationMs: 300 });
    expect(await codeOf(sim)).toBe('ECONNREFUSED');
    await waitFor('the end of the outage', async () => (await codeOf(sim)) === 'ok');
  });

  test('tlsFailure lets no handshake through', async () => {
    const sim = await simulate();
    await control(sim, 'POST /faults', { kind: 'tlsFailure', durationMs: 300 });
    await expect(call(sim, 'GetLimits')).rejects.toThrow(/handshake failure/);
    await waitFor('the end of the outage', async () => (await codeOf(sim)) === 'ok');
  });

  test('failover refuses, then is not primary, then serves', async () => {
    const sim = await simulate();
    const failover = { kind: 'failover', durationMs: 200, notPrimaryMs: 400, method: 'CloneVolume' };
    await control(sim, 'POST /faults', failover);
    expect(await codeOf(sim)).toBe('ok');
    await expect(call(sim, 'CloneVolume', clone)).rejects.toThrow(/hang up|ECONNRESET/);
    const seen = new Set<string>();
    await waitFor('the end of the failover', async () => {
      const code = await codeOf(sim);
      seen.add(code);
      return code === 'ok';
    });
    expect([...seen].filter((code) => code !== 'ECONNRESET')).toEqual(['ECONNREFUSED', 'xNotPrimary', 'ok']);
    expect(clones(sim)).toBe(0);
  });

  test('of the options is there from the start', async () => {
    const sim = await simulate({ faults: [{ kind: 'refuse', durationMs: 600_000 }] });
    expect(await codeOf(sim)).toBe('ECONNREFUSED');
  });

  test('ends at once when the faults are deleted', async () => {
    const sim = await simulate();
    await control(sim, 'POST /faults', { kind: 'refuse', durationMs: 600_000 });
    expect(await codeOf(sim)).toBe('ECONNREFUSED');
    await control(sim, 'DELETE /faults');
    await waitFor('the end of the outage', async () => (await codeOf(sim)) === 'ok', 5_000);
  });
});

describe('chance', () => {
  const outcomes = async (seed: number): Promise<string> => {
    const faults: Fault[] = [{ kind: 'error', name: 'xNotPrimary', method: 'CreateSnapshot', probability: 0.5 }];
    const sim = await simulate({ seed, faults, clock: manualClock() });
    let seen = '';
    for (let i = 0; i < 30; i++) {
      seen += (await refusal(sim, 'CreateSnapshot', { volumeID: 42 })) === 'no error' ? '.' : 'x';
      // Other calls in between draw nothing from the fault's stream.
      if (i % 3 === 0 && seed === 5) await result(sim, 'GetLimits');
    }
    return seen + JSON.stringify(sim.cluster.state().snapshots);
  };

  test('falls the same for the same seed and calls, differently for another seed', async () => {
    const [first, again, other] = await Promise.all([outcomes(5), outcomes(5), outcomes(6)]);
    expect(first).toMatch(/x/);
    expect(first.slice(0, 30)).toMatch(/\./);
    expect(again).toBe(first);
    expect(other.slice(0, 30)).not.toBe(first.slice(0, 30));
  });
});
