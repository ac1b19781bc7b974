import { expect, test } from 'vitest';
import { ClusterGate, GateShut } from '../../activities/gate.ts';
import { SharedSlots } from '../../activities/shared-slots.ts';

function gate(slots = new SharedSlots(50, ['lab', 'other'])) {
  const clock = { ms: 1_000_000 };
  const it = new ClusterGate('lab', slots, () => clock.ms);
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
  const { it, enter } = gate(new SharedSlots(4, ['lab', 'other']));
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

test('however many clusters take what they can, each of the others still finds a slot', () => {
  for (const n of [2, 3, 7, 11, 12, 41]) {
    const aliases = Array.from({ length: n }, (_, i) => `c${i}`);
    const slots = new SharedSlots(50, aliases);
    const taken = aliases.map((alias) => {
      let mine = 0;
      while (slots.take(alias)) mine += 1;
      return mine;
    });
    expect(Math.min(...taken), `${n} clusters`).toBeGreaterThan(0);
    expect(
      taken.reduce((a, b) => a + b),
      `${n} clusters`,
    ).toBe(50);
    slots.giveBack('c0');
    expect(slots.take('c0')).toBe(true);
  }
  const many = new SharedSlots(
    50,
    Array.from({ length: 60 }, (_, i) => `c${i}`),
  );
  expect(many.take('c0')).toBe(true);
});

test('a cluster alone takes all there are', () => {
  const slots = new SharedSlots(50, ['lab']);
  expect(Array.from({ length: 60 }, () => slots.take('lab')).every(Boolean)).toBe(true);
});
