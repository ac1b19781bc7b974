import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunbookFailureDetails } from '../../contracts/failure.ts';
import type { RunbookStep } from '../../contracts/runbook/types.ts';
import { startHookServer, type HookServer } from '../support/hook-server.ts';
import { ending, expectNothingLeft } from '../support/invariants.ts';
import { decide, standing, startRunbook, untilStep } from '../support/runbook.ts';
import { startFleet, type Fleet, type Service } from '../support/service.ts';

let server: HookServer;
let fleet: Fleet;
let service: Service;
beforeAll(async () => {
  server = await startHookServer(['app']);
  fleet = await startFleet({ hooks: server.hooks });
  service = await fleet.add({ simulator: { behaviour: { cloneSeconds: 60, youngVolumeSeconds: 0 } } });
});
afterAll(async () => {
  await fleet?.stop();
  await service?.stop();
  await server?.close();
});

/** What the hook was asked for, in order. */
const asked = (prefix: string) =>
  server.seen
    .map((s) => s.hook)
    .filter((h) => h.startsWith(`app/${prefix}/`))
    .map((h) => h.slice(prefix.length + 5));

const http = (prefix: string, id: string): RunbookStep => ({
  id,
  http: { hook: 'app', path: `/${prefix}/${id}` },
  undo: { http: { hook: 'app', path: `/${prefix}/undo-${id}` } },
});

/** a → (b1, then b2) → c, and z always. b2 needs b1 only so that the order of ending is known. */
const graph = (prefix: string): RunbookStep[] => [
  http(prefix, 'a'),
  { ...http(prefix, 'b1'), needs: ['a'] },
  { ...http(prefix, 'b2'), needs: ['a', 'b1'] },
  { ...http(prefix, 'c'), needs: ['b1', 'b2'] },
  { ...http(prefix, 'z'), needs: ['c'], always: true },
];

describe.concurrent('a runbook that fails', () => {
  test.each([
    ['a', ['a', 'z', 'undo-z', 'undo-a']],
    ['b1', ['a', 'b1', 'z', 'undo-z', 'undo-b1', 'undo-a']],
    ['b2', ['a', 'b1', 'b2', 'z', 'undo-z', 'undo-b2', 'undo-b1', 'undo-a']],
    ['c', ['a', 'b1', 'b2', 'c', 'z', 'undo-z', 'undo-c', 'undo-b2', 'undo-b1', 'undo-a']],
    ['z', ['a', 'b1', 'b2', 'c', 'z', 'undo-z', 'undo-c', 'undo-b2', 'undo-b1', 'undo-a']],
  ])('in step %s runs what always runs, and undoes in reverse', async (place, calls) => {
    const prefix = `at-${place}`;
    server.answer(`app/${prefix}/${place}`, { status: 422, body: 'not today' });
    const run = await startRunbook(service, graph(prefix));
    const end = await ending(run);
    expect(end).toMatchObject({ ended: 'failed', type: 'RunbookFailed', details: { step: place, cancelled: false } });
    expect(asked(prefix)).toEqual(calls);
    const { message, details } = end as { message: string; details: RunbookFailureDetails };
    expect(message).toContain(`Runbook test failed in step ${place}: hook "app" answered HTTP 422: not today.`);
    expect(message).toContain(`Undone: `);
    expect(details.undone).toHaveLength(calls.filter((c) => c.startsWith('undo')).length);
  });

  test.each(['a', 'b1', 'c'])('and whose undo of step %s fails too, names the first failure first', async (place) => {
    const prefix = `undo-at-${place}`;
    server.answer(`app/${prefix}/c`, { status: 422, body: 'the first' });
    server.answer(`app/${prefix}/undo-${place}`, { status: 422, body: 'the second' });
    const end = await ending(await startRunbook(service, graph(prefix)));
    const { message, details } = end as { message: string; details: RunbookFailureDetails };
    expect(message).toMatch(/failed in step c: .*the first\..*Could not be undone: .*the second/);
    expect(standing(details.steps)[place]).toContain('undo failed');
    expect(asked(prefix).slice(-5)).toEqual(['undo-z', 'undo-c', 'undo-b2', 'undo-b1', 'undo-a']);
  });

  test('lets finish what is under way, waits for nobody, and begins nothing new', async () => {
    const prefix = 'parallel';
    server.answer(`app/${prefix}/bad`, { status: 422, delayMs: 1_000 });
    server.answer(`app/${prefix}/slow`, { status: 200, delayMs: 3_000 });
    server.answer(`app/${prefix}/1`, { status: 200, delayMs: 2_000 });
    server.answer(`app/${prefix}/again`, { status: 422 });
    const hour: RunbookStep = { id: 'w', wait: { for: '1h' } };
    const run = await startRunbook(service, [
      http(prefix, 'bad'),
      http(prefix, 'slow'),
      { ...http(prefix, 'later'), needs: ['slow'] },
      { id: 'hour', wait: { for: '1h' } },
      { id: 'ask', approval: { from: ['dba'] } },
      { id: 'inner', runbook: { document: { name: 'inner', steps: [hour as never] } } },
      { id: 'each', forEach: '[1, 2]', parallel: 1, http: { hook: 'app', path: `/${prefix}/\${item}` } },
      { id: 'again', http: { hook: 'app', path: `/${prefix}/again` }, retry: { attempts: 3, delay: '1h' } },
    ]);
    const end = (await ending(run)) as { details: RunbookFailureDetails };
    expect(standing(end.details.steps)).toEqual({
      ...{ bad: 'failed, undo succeeded', slow: 'succeeded, undo succeeded', later: 'cancelled' },
      ...{ hour: 'cancelled', ask: 'cancelled', inner: 'cancelled', each: 'cancelled', again: 'failed' },
    });
    expect(end.details.step).toBe('bad');
    const calls = asked(prefix);
    expect(calls.slice(0, 4).toSorted()).toEqual(['1', 'again', 'bad', 'slow']);
    expect(calls.slice(4)).toEqual(['undo-slow', 'undo-bad']);
  });

  test('over the time for the whole run undoes too', async () => {
    const prefix = 'run-timeout';
    const steps: RunbookStep[] = [http(prefix, 'a'), { id: 'w', needs: ['a'], wait: { for: '1h' } }];
    const end = await ending(await startRunbook(service, steps, { timeout: '3s' }));
    expect(end).toMatchObject({ ended: 'failed', details: { step: 'timeout' } });
    expect((end as { message: string }).message).toContain('it had not ended after 3s');
    expect(asked(prefix)).toEqual(['a', 'undo-a']);
  });

  test('in an item begins no other, and undoes each that was begun', async () => {
    const prefix = 'items';
    server.answer(`app/${prefix}/1`, { status: 422 });
    const run = await startRunbook(service, [
      {
        id: 'each',
        forEach: '[0, 1, 2, 3]',
        parallel: 1,
        http: { hook: 'app', path: `/${prefix}/\${item}` },
        undo: { http: { hook: 'app', path: `/${prefix}/undo-\${index}` } },
      },
    ]);
    const end = (await ending(run)) as { message: string };
    expect(end.message).toContain('item 1 of 4 failed');
    expect(asked(prefix)).toEqual(['0', '1', 'undo-1', 'undo-0']);
  });
});

describe.concurrent('an approval', () => {
  const approval = (more: object = {}): RunbookStep[] => [
    { id: 'ok', approval: { from: ['dba', 'boss'], ...more } },
    { id: 'then', needs: ['ok'], wait: { for: '1s' } },
  ];

  test('is refused to others, to other steps, too early and too late, and the same twice is fine', async () => {
    const run = await startRunbook(service, [
      ...approval(),
      { id: 'second', needs: ['then'], approval: { from: ['dba'] } },
      { id: 'end', needs: ['second'], wait: { for: '2s' } },
    ]);
    await untilStep(run, 'ok', 'waiting');
    const yes = { step: 'ok', decision: 'approve', who: 'dba' } as const;
    const refused = (decision: object, why: RegExp) =>
      expect(decide(run, { ...yes, ...decision })).rejects.toMatchObject({
        cause: { message: expect.stringMatching(why) as string },
      });
    await refused({ who: 'intern' }, /"intern" may not decide over "ok"; dba or boss may/);
    await refused({ step: 'nope' }, /no approval "nope"; there are: ok, second/);
    await refused({ step: 'then' }, /no approval "then"/);
    await refused({ step: 'second' }, /does not wait for a decision yet/);
    await refused({ decision: 'perhaps' }, /must be "approve" or "reject"/);
    await decide(run, yes);
    await decide(run, yes);
    await refused({ who: 'boss', decision: 'reject' }, /too late: dba has approved "ok" already/);
    await untilStep(run, 'second', 'waiting');
    await decide(run, { ...yes, step: 'second' });
    await run.result();
    const history = await run.fetchHistory();
    const accepted = history.events!.filter((e) => e.workflowExecutionUpdateAcceptedEventAttributes);
    expect(accepted).toHaveLength(3);
  });

  test('that is rejected fails its step with the comment', async () => {
    const run = await startRunbook(service, approval());
    await untilStep(run, 'ok', 'waiting');
    await decide(run, { step: 'ok', decision: 'reject', who: 'boss', comment: 'not on a Friday' });
    expect(await ending(run)).toMatchObject({
      ended: 'failed',
      message: expect.stringContaining('failed in step ok: boss has rejected it: not on a Friday') as string,
    });
  });

  test.each([
    ['fail', { ended: 'failed', details: { step: 'ok' } }],
    ['skip', { ended: 'completed', result: { steps: [{ outcome: 'skipped' }, { outcome: 'succeeded' }] } }],
    ['approve', { ended: 'completed', result: { steps: [{ outcome: 'succeeded' }, { outcome: 'succeeded' }] } }],
  ])('that nobody gives in time: %s; what comes later is refused', async (onTimeout, expected) => {
    const steps = approval({ timeout: '2s', onTimeout });
    steps[1] = { ...steps[1]!, wait: { for: '3s' }, always: true };
    const run = await startRunbook(service, steps);
    await untilStep(run, 'then', 'running');
    await expect(decide(run, { step: 'ok', decision: 'approve', who: 'dba' })).rejects.toMatchObject({
      cause: {
        message: expect.stringMatching(/too late: "ok" no longer waits, since nobody had decided until/) as string,
      },
    });
    expect(await ending(run)).toMatchObject(expected);
  });
});

test('nothing of all this has left anything on the cluster', () => {
  expectNothingLeft(service.simulator, undefined, service.before);
});
