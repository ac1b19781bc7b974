import { describe, expect, test } from 'vitest';
import { simulatorOptionsFromFlags } from '../../simulator/index.ts';
import { control, manualClock, refusal, result, simulate } from './helpers.ts';

describe('the control port', () => {
  test('shows the whole state', async () => {
    const sim = await simulate({ clock: manualClock() });
    await result(sim, 'CloneVolume', { volumeID: 42, name: 'x' });
    const { body } = await control(sim, 'GET /state');
    expect(body).toMatchObject({
      clock: { now: '2026-01-01T00:00:00Z', speed: 1 },
      cloneJobs: [{ srcVolumeID: 42, status: 'running', kind: 'clone' }],
      asyncResults: [{ asyncHandle: 1, completed: false }],
      slots: { running: 1, peak: { running: 1, byVolume: { '42': 1 } } },
    });
    expect(Object.keys(body)).toEqual(
      expect.arrayContaining(['volumes', 'snapshots', 'groupSnapshots', 'accessGroups', 'accounts', 'qosPolicies']),
    );
  });

  test('counts calls by method and refusals by name, and keeps a log without secrets', async () => {
    const sim = await simulate();
    await result(sim, 'GetLimits');
    await result(sim, 'AddAccount', { username: 'new', initiatorSecret: 'abcdefghijkl' });
    await refusal(sim, 'DeleteVolume', { volumeID: 999 });
    expect((await control(sim, 'GET /calls')).body).toEqual({
      total: 3,
      byMethod: { GetLimits: 1, AddAccount: 1, DeleteVolume: 1 },
      refused: { xVolumeIDDoesNotExist: 1 },
    });
    const { body } = await control(sim, 'GET /calls/log?last=2');
    expect(body).toMatchObject({
      calls: [
        { method: 'AddAccount', params: { initiatorSecret: '***' }, outcome: 'ok', username: 'admin' },
        { method: 'DeleteVolume', params: { volumeID: 999 }, outcome: 'xVolumeIDDoesNotExist' },
      ],
    });
  });

  test('reset brings back the seed state and forgets calls, faults, options and clock', async () => {
    const sim = await simulate({ seed: 7, clock: manualClock() });
    const before = sim.cluster.state();
    await result(sim, 'CloneVolume', { volumeID: 42, name: 'x' });
    await control(sim, 'POST /faults', { kind: 'http503' });
    await control(sim, 'POST /options', { fullnessStage: 5, limits: { cloneJobsPerVolumeMax: 9 } });
    await control(sim, 'POST /clock', { advanceSeconds: 3600, speed: 60 });
    expect((await control(sim, 'POST /reset')).status).toBe(200);
    expect(sim.cluster.state()).toEqual(before);
    expect((await control(sim, 'GET /faults')).body).toEqual({ faults: [] });
    expect((await control(sim, 'GET /options')).body).toMatchObject({
      fullnessStage: 1,
      limits: { cloneJobsPerVolumeMax: 2 },
    });
    expect((await control(sim, 'GET /calls')).body).toMatchObject({ total: 0 });
  });

  test('takes one fault, a list that is appended, or a list that replaces', async () => {
    const sim = await simulate();
    await control(sim, 'POST /faults', { kind: 'http503', method: 'A' });
    await control(sim, 'POST /faults', [{ kind: 'http503', method: 'B' }]);
    expect((await control(sim, 'GET /faults')).body['faults']).toHaveLength(2);
    const faults = [{ kind: 'error', name: 'xNotPrimary', method: ['C', 'D'] }];
    await control(sim, 'POST /faults', { mode: 'replace', faults });
    expect((await control(sim, 'GET /faults')).body).toMatchObject({ faults: [{ fault: faults[0], fired: 0 }] });
  });

  test.each([
    ['POST /faults', [{ kind: 'http503' }, { kind: 'slow' }], '1.delayMs'],
    ['POST /faults', { kind: 'nonsense' }, 'kind'],
    ['POST /faults', { mode: 'replace', faults: [{ kind: 'error' }] }, 'faults.0.name'],
    ['POST /faults', { kind: 'http503', methd: 'X' }, 'methd'],
    ['POST /clock', { speed: -1 }, 'speed'],
    ['POST /clock', { nowMs: 0 }, 'nowMs'],
    ['POST /options', { fullnessStage: 6 }, 'fullnessStage'],
    ['POST /options', { limits: { cloneJobsMax: 1 } }, 'cloneJobsMax'],
    ['POST /sessions', { sessions: [{ volumeID: 999, initiatorName: 'x' }] }, '999'],
    ['POST /write', {}, 'volumeID'],
    ['POST /act', { method: 'Nope' }, 'method=Nope'],
    ['POST /faults', '{', 'not JSON'],
  ])('refuses %s %j with 400 and names %s', async (route, body, named) => {
    const sim = await simulate();
    const answer = await control(sim, route, body);
    expect(answer.status).toBe(400);
    expect(answer.body['error']).toContain(named);
  });

  test('says what there is when asked for what there is not', async () => {
    const sim = await simulate();
    const answer = await control(sim, 'GET /nothing');
    expect(answer.status).toBe(404);
    expect(answer.body['error']).toContain('GET /state');
  });

  test('lets a person act without faults and permissions, and tells what the cluster refuses', async () => {
    const sim = await simulate();
    expect(await control(sim, 'POST /act', { method: 'DeleteVolume', params: { volumeID: 999 } })).toMatchObject({
      status: 400,
      body: { name: 'xVolumeIDDoesNotExist' },
    });
    await control(sim, 'POST /act', { method: 'DeleteVolume', params: { volumeID: 60 } });
    expect(sim.cluster.state().volumes.find((v) => v.volumeID === 60)).toMatchObject({ status: 'deleted' });
  });
});

describe('the clock', () => {
  test('runs at its speed, stands still at 0, and jumps', async () => {
    const real = manualClock();
    const sim = await simulate({ clock: real, speed: 10 });
    const { clock } = sim.cluster;
    const start = clock.now();
    real.advance(1);
    expect(clock.now() - start).toBe(10_000);
    await control(sim, 'POST /clock', { speed: 0 });
    real.advance(100);
    expect(clock.now() - start).toBe(10_000);
    const { body } = await control(sim, 'POST /clock', { advanceSeconds: 5 });
    expect(body).toMatchObject({ nowMs: start + 15_000, speed: 0 });
    await control(sim, 'POST /clock', { nowMs: start + 60_000 });
    expect(clock.now() - start).toBe(60_000);
  });

  test('jumped over many ends lets everything happen in its order', async () => {
    const sim = await simulate({ speed: 0, limits: { cloneJobsPerVolumeMax: 3000, cloneJobsPerNodeMax: 3000 } });
    const { cluster } = sim;
    for (let i = 0; i < 1000; i++) {
      cluster.setBehaviour({ cloneSeconds: 1000 - i });
      cluster.act('CloneVolume', { volumeID: 42, name: `c${i}` });
    }
    expect(cluster.state().slots.running).toBe(1000);
    cluster.clock.set({ advanceSeconds: 500 });
    expect(cluster.state().slots.running).toBe(500);
    cluster.clock.set({ advanceSeconds: 86_400 });
    const { cloneJobs, slots } = cluster.state();
    expect(slots.running).toBe(0);
    expect(cloneJobs.map((job) => (job.endMs! - job.startMs) / 1000)).toEqual(
      Array.from({ length: 1000 }, (_, i) => 1000 - i),
    );
  });
});

describe('flags', () => {
  test('become options, and those not given are left out', () => {
    expect(simulatorOptionsFromFlags({ port: '8443', seed: '7', speed: '2.5', caOut: 'ca.pem' })).toEqual({
      port: 8443,
      seed: 7,
      speed: 2.5,
      caOut: 'ca.pem',
      behaviour: {},
    });
    expect(() => simulatorOptionsFromFlags({ volumes: 'many' })).toThrow('--volumes: "many" is not a whole number');
  });
});
