import type { Client } from '@temporalio/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LineUnavailable, SlotBroker } from '../../activities/slot-broker.ts';
import type { SlotAnswer, SlotExchange } from '../../contracts/slots.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const wish = (workflowID: string) => ({ workflowID, volumes: [42], priority: 3 });

/** A broker whose exchanges end when the test says so. */
function setUp() {
  const said: { message: SlotExchange; answer: (a?: SlotAnswer) => void; fail: () => void }[] = [];
  const executeUpdate = (_update: unknown, { args: [message] }: { args: [SlotExchange] }) =>
    new Promise<SlotAnswer>((resolve, reject) => {
      const granted = Object.fromEntries(message.wanted.map((w) => [w.workflowID, 'granted' as const]));
      said.push({ message, answer: (a = granted) => resolve(a), fail: () => reject(new Error('no answer')) });
    });
  const temporal = {
    withDeadline: (_at: number, run: () => Promise<unknown>) => run(),
    workflow: { getHandle: () => ({ executeUpdate }) },
  } as unknown as Client;
  return { said, broker: new SlotBroker(temporal, 'lab', 'queue') };
}

/** Lets what is under way end, and the next exchange begin. */
const settle = () => vi.advanceTimersByTimeAsync(200);

test('what comes while an exchange is under way goes together in the next one', async () => {
  const { said, broker } = setUp();
  const first = broker.want(wish('a'), {});
  const [second, third] = [broker.want(wish('b'), {}), broker.want(wish('c'), {})];
  expect(said).toHaveLength(1);
  said[0]!.answer();
  expect(await first).toBe('granted');
  await settle();
  expect(said).toHaveLength(2);
  expect(said[1]!.message.wanted.map((w) => w.workflowID)).toEqual(['b', 'c']);
  said[1]!.answer();
  expect(await Promise.all([second, third])).toEqual(['granted', 'granted']);
});

test('exchanges begin a moment apart, however short each is', async () => {
  const { said, broker } = setUp();
  const first = broker.want(wish('a'), {});
  said[0]!.answer();
  await first;
  const others = [broker.want(wish('b'), {}), broker.want(wish('c'), {})];
  await vi.advanceTimersByTimeAsync(199);
  expect(said).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(said[1]!.message.wanted.map((w) => w.workflowID)).toEqual(['b', 'c']);
  said[1]!.answer();
  expect(await Promise.all(others)).toEqual(['granted', 'granted']);
});

test('word of a start waits for something more urgent to go with', async () => {
  const { said, broker } = setUp();
  broker.started('a', [99]);
  await vi.advanceTimersByTimeAsync(150);
  expect(said).toHaveLength(0);
  broker.released('b');
  expect(said[0]!.message).toMatchObject({ started: [{ workflowID: 'a', dstVolumeIDs: [99] }], released: ['b'] });
  said[0]!.answer({});
  await vi.advanceTimersByTimeAsync(2_000);
  expect(said).toHaveLength(1);
});

test('… and goes by itself after a moment', async () => {
  const { said, broker } = setUp();
  broker.started('a', [99]);
  broker.started('b', [98]);
  await vi.advanceTimersByTimeAsync(200);
  expect(said.map((s) => s.message.started.length)).toEqual([2]);
});

test('… also when an exchange was under way at that time', async () => {
  const { said, broker } = setUp();
  broker.released('x');
  broker.started('a', [99]);
  await vi.advanceTimersByTimeAsync(700);
  expect(said).toHaveLength(1);
  said[0]!.answer({});
  await vi.advanceTimersByTimeAsync(200);
  expect(said[1]!.message).toMatchObject({ started: [{ workflowID: 'a' }], released: [] });
});

test('word of an end waits too while nobody is in line, and not a moment longer', async () => {
  const { said, broker } = setUp();
  const first = broker.want(wish('a'), {});
  said[0]!.answer();
  await first;
  await settle();
  broker.released('x');
  await vi.advanceTimersByTimeAsync(150);
  expect(said).toHaveLength(1);
  const second = broker.want(wish('b'), {});
  expect(said[1]!.message).toMatchObject({ wanted: [{ workflowID: 'b' }], released: ['x'] });
  said[1]!.answer({ b: { place: 1, of: 1 } });
  expect(await second).toEqual({ place: 1, of: 1 });
  await settle();
  broker.released('a');
  expect(said).toHaveLength(3);
  broker.ended('group', [[42, 99]]);
  expect(said[2]!.message).toMatchObject({ released: ['a'], ended: [] });
  said[2]!.answer({});
  await settle();
  expect(said[3]!.message).toMatchObject({ ended: [{ workflowID: 'group', copies: [[42, 99]] }] });
});

test('a line that does not answer is no reason to end the worker', async () => {
  const { said, broker } = setUp();
  const asked = broker.want(wish('a'), {});
  said[0]!.fail();
  await expect(asked).rejects.toThrow(LineUnavailable);
  await settle();
  broker.released('a');
  expect(said).toHaveLength(2);
  // As in a process whose client was never made.
  const orphan = new SlotBroker(undefined as unknown as Client, 'lab', 'queue');
  await expect(orphan.want(wish('a'), {})).rejects.toThrow(LineUnavailable);
});

test('those who want to see the line as it is now share the first look that begins after they asked', async () => {
  const looks: (() => void)[] = [];
  const query = () => new Promise((resolve) => looks.push(() => resolve({ n: looks.length })));
  const handle = { describe: async () => ({ status: { name: 'RUNNING' } }), query };
  const temporal = {
    withDeadline: (_at: number, run: () => Promise<unknown>) => run(),
    workflow: { getHandle: () => handle },
  } as unknown as Client;
  const broker = new SlotBroker(temporal, 'lab', 'queue');
  const old = broker.view();
  await settle();
  const fresh = Array.from({ length: 300 }, () => broker.view({ fresh: true }));
  await settle();
  expect(looks).toHaveLength(1);
  looks[0]!();
  expect(await old).toEqual({ n: 1 });
  await settle();
  expect(looks).toHaveLength(2);
  looks[1]!();
  expect(new Set(await Promise.all(fresh))).toEqual(new Set([{ n: 2 }]));
  // It is a look for everybody, for a moment.
  expect(await broker.view()).toEqual({ n: 2 });
  const later = broker.view({ fresh: true });
  await settle();
  looks[2]!();
  expect(await later).toEqual({ n: 3 });
});
