import { expect, test } from 'vitest';
import { ClusterGate, GateShut } from '../../activities/gate.ts';

function gate({ share = 40 } = {}) {
  const clock = { ms: 1_000_000 };
  const it = new ClusterGate('lab', share, () => clock.ms);
  const enter = () => {
    try {
      it.enter();
      return 'in';
    } catch (err) {
      if (err instanceof GateShut) return err;
      throw err;
    }
  };
  const ask = (n: number) => Array.from({ length: n }, () => (it.enter(), it.asked()));
  return { it, clock, enter, ask };
}

test('one cluster takes no more than its share, whoever answers', () => {
  const { it, enter } = gate({ share: 3 });
  expect([enter(), enter(), enter()]).toEqual(['in', 'in', 'in']);
  expect(enter()).toMatchObject({ delayMs: 1_000, message: '3 steps of cluster lab are under way on this worker' });
  it.leave();
  expect(enter()).toBe('in');
});

test('a cluster that leaves its calls unanswered is asked by two steps only, until it answers', () => {
  const { it, clock, enter, ask } = gate();
  ask(2);
  clock.ms += 4_999;
  expect(enter()).toBe('in');
  clock.ms += 1;
  const shut = enter();
  expect(shut).toMatchObject({
    message: 'cluster lab has not answered for 5s, others of its steps ask again first',
    delayMs: expect.any(Number) as number,
  });
  expect((shut as GateShut).delayMs).toBeGreaterThanOrEqual(10_000);
  it.answered();
  expect(enter()).toBe('in');
});

test('after three calls in a row without an answer it stays so between the calls, and the reason is said', () => {
  const { it, clock, enter, ask } = gate();
  for (let i = 0; i < 3; i += 1) {
    ask(1);
    clock.ms += 10_000;
    it.unanswered('GetLimits: no connection');
    it.leave();
  }
  expect([enter(), enter()]).toEqual(['in', 'in']);
  expect(enter()).toMatchObject({
    message:
      'cluster lab has not answered for 30s, others of its steps ask again first; the last call: GetLimits: no connection',
  });
});

test('steps that ask nothing for a long time, one accident, and calls that we cut short do not shut it', () => {
  const { it, clock, enter, ask } = gate();
  ask(2);
  it.answered();
  it.unanswered('reset');
  expect([enter(), enter()]).toEqual(['in', 'in']);
  clock.ms += 60_000;
  expect(enter()).toBe('in');
  it.asked();
  clock.ms += 1_000;
  it.givenUp();
  clock.ms += 60_000;
  expect(enter()).toBe('in');
});
