import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JobSeen, SlotExchange, SlotLimits } from '../../contracts/slots.ts';
import { Line } from '../../workflows/slots/line.ts';

const limits: SlotLimits = { perVolume: 2, perNode: 8, nodes: 4 };
const wish = (workflowID: string, volumes: number | number[] = 42, priority = 3) => ({
  workflowID,
  volumes: [volumes].flat(),
  priority,
});
const lineOf = (own: Partial<SlotLimits> = {}) => {
  const line = new Line();
  line.take({ limits: { ...limits, ...own } }, 0);
  return line;
};
const want = (line: Line, ...wishes: ReturnType<typeof wish>[]) => line.take({ wanted: wishes }, 0);

describe('who is next', () => {
  test('first come, first served, two of a volume at once', () => {
    const line = lineOf();
    want(line, wish('a'), wish('b'), wish('c'), wish('d'));
    expect(line.grant(0)).toEqual(['a', 'b']);
    expect(line.placeOf('c')).toEqual({ place: 1, of: 2 });
    line.take({ released: ['a'] }, 0);
    expect(line.grant(0)).toEqual(['c']);
    expect(line.placeOf('d')).toEqual({ place: 1, of: 1 });
  });

  test('priority goes before arrival', () => {
    const line = lineOf();
    want(line, wish('a'), wish('b'), wish('late', 42, 5), wish('usual'), wish('urgent', 42, 1));
    expect(line.grant(0)).toEqual(['urgent', 'a']);
    expect(line.waiting.map((w) => w.workflowID)).toEqual(['b', 'usual', 'late']);
  });

  test('who waits for a busy volume does not keep others from theirs', () => {
    const line = lineOf();
    want(line, wish('a'), wish('b'), wish('c'), wish('other', 7));
    expect(line.grant(0)).toEqual(['a', 'b', 'other']);
  });

  test('asking again changes nothing', () => {
    const line = lineOf();
    want(line, wish('a'), wish('b'), wish('c'));
    line.grant(0);
    want(line, wish('a'), wish('c'));
    expect(line.holding).toHaveLength(2);
    expect(line.waiting).toHaveLength(1);
  });

  test('a ceiling of our own keeps room for others', () => {
    const line = lineOf({ ours: 3 });
    want(line, ...[1, 2, 3, 4].map((v) => wish(`of ${v}`, v)));
    expect(line.grant(0)).toHaveLength(3);
  });

  test('the cluster runs no more than its nodes do', () => {
    const line = lineOf({ nodes: 1 });
    want(line, ...Array.from({ length: 10 }, (_, i) => wish(`w${i}`, i + 1)));
    expect(line.grant(0)).toHaveLength(8);
  });
});

describe('jobs of others', () => {
  const theirs: JobSeen = [42, 900, 1];

  test('take slots, until a look no longer shows them', () => {
    const line = lineOf();
    line.take({ jobs: [theirs], wanted: [wish('a'), wish('b')] }, 0);
    expect(line.grant(0)).toEqual(['a']);
    line.take({ jobs: [] }, 0);
    expect(line.grant(0)).toEqual(['b']);
  });

  test('are told from ours, which the same look shows', () => {
    const line = lineOf();
    want(line, wish('a'), wish('b'));
    line.grant(0);
    line.take(
      {
        started: [{ workflowID: 'a', dstVolumeIDs: [501] }],
        jobs: [
          [42, 501, 1],
          [42, 502, 1],
        ],
      },
      0,
    );
    // b has not said yet that 502 is its own.
    expect(line.foreign()).toEqual([]);
    line.take({ started: [{ workflowID: 'b', dstVolumeIDs: [502] }] }, 0);
    expect(line.foreign()).toEqual([]);
  });

  test('a look that is a moment old does not make a stranger of a copy of ours that has ended', () => {
    const line = lineOf();
    want(line, wish('a'), wish('b'), wish('c'));
    line.grant(0);
    line.take({ started: [{ workflowID: 'a', dstVolumeIDs: [501] }], released: [] }, 0);
    line.take({ released: ['a'], jobs: [[42, 501, 1]] }, 1_000);
    expect(line.grant(1_000)).toEqual(['c']);
  });

  test('the job of a holder that died is anybody’s, and its slot not free before it ends', () => {
    const line = lineOf();
    want(line, wish('a'), wish('b'), wish('c'));
    line.grant(0);
    for (const [workflowID, dst] of [
      ['a', 501],
      ['b', 502],
    ] as const) {
      line.take({ started: [{ workflowID, dstVolumeIDs: [dst] }] }, 0);
    }
    line.drop('a');
    line.take(
      {
        jobs: [
          [42, 501, 1],
          [42, 502, 1],
        ],
      },
      0,
    );
    expect(line.grant(0)).toEqual([]);
    line.take({ jobs: [] }, 0);
    expect(line.grant(0)).toEqual(['c']);
  });
});

describe('a refusal in spite of a slot', () => {
  test('puts the clone back at the head, after a pause that grows', () => {
    const line = lineOf();
    want(line, wish('a'), wish('b'), wish('c'));
    line.grant(0);
    const refuse = (now: number) => line.take({ refused: [{ workflowID: 'a', by: 'volume' }] }, now);
    refuse(0);
    expect(line.placeOf('a')).toMatchObject({ place: 1 });
    expect(line.grant(0)).toEqual([]);
    const first = line.pausedFor(0);
    expect(first).toBeGreaterThan(0);
    expect(line.grant(first)).toEqual(['a']);
    refuse(first);
    expect(line.pausedFor(first)).toBeGreaterThan(first);
    // Other volumes go on.
    want(line, wish('other', 7));
    expect(line.grant(first)).toEqual(['other']);
  });

  test('of a cluster that is full stops all', () => {
    const line = lineOf({ nodes: 1, perNode: 1 });
    want(line, wish('a', 1), wish('b', 2));
    line.grant(0);
    line.take({ jobs: [[9, 900, 1]], refused: [{ workflowID: 'a', by: 'cluster' }] }, 0);
    line.take({ jobs: [] }, 0);
    expect(line.grant(0)).toEqual([]);
    expect(line.grant(line.pausedFor(0))).toEqual(['a']);
  });

  test('of one full node is learnt: volumes of other nodes go on', () => {
    const line = lineOf({ perNode: 2 });
    line.take(
      {
        jobs: [
          [1, 901, 1],
          [2, 902, 1],
          [3, 903, 2],
        ],
        wanted: [wish('a', 1), wish('b', 3)],
      },
      0,
    );
    line.grant(0);
    line.take({ refused: [{ workflowID: 'a', by: 'cluster' }] }, 0);
    line.take(
      {
        jobs: [
          [1, 901, 1],
          [2, 902, 1],
        ],
      },
      0,
    );
    expect(line.grant(60_000)).toEqual([]);
    line.take({ jobs: [[2, 902, 1]] }, 60_000);
    expect(line.grant(60_000)).toEqual(['a']);
  });
});

describe('a group', () => {
  test('gets all its slots at once or none', () => {
    const line = lineOf();
    want(line, wish('single', 1), wish('other', 1), wish('group', [1, 2, 3]));
    expect(line.grant(0)).toEqual(['single', 'other']);
    line.take({ released: ['single'] }, 0);
    expect(line.grant(0)).toEqual(['group']);
  });

  test('is not overtaken for ever by single clones', () => {
    const line = lineOf({ nodes: 1, perNode: 3 });
    want(line, wish('a', 1), wish('b', 2), wish('group', [5, 6, 7]), wish('c', 3), wish('d', 4));
    expect(line.grant(0)).toEqual(['a', 'b']);
    line.take({ released: ['a', 'b'] }, 0);
    expect(line.grant(0)).toEqual(['group']);
  });

  test('gives back the slot of each of its copies as that ends, once', () => {
    const line = lineOf({ nodes: 1, perNode: 2 });
    want(line, wish('group', [1, 2]), wish('a', 3), wish('b', 4));
    expect(line.grant(0)).toEqual(['group']);
    line.take({ started: [{ workflowID: 'group', dstVolumeIDs: [501, 502] }] }, 0);
    const ended = [{ workflowID: 'group', copies: [[1, 501]] as [number, number][] }];
    line.take({ ended }, 0);
    expect(line.grant(0)).toEqual(['a']);
    // Said again, and seen by a look of a moment ago.
    line.take({ ended, jobs: [[1, 501, 1]] }, 0);
    expect(line.grant(0)).toEqual([]);
    expect(line.foreign()).toEqual([]);
    line.take({ released: ['group'] }, 0);
    expect(line.grant(0)).toEqual(['b']);
  });

  test('larger than the cluster gets its turn when nothing else runs', () => {
    const line = lineOf({ ours: 2 });
    want(line, wish('a', 9), wish('group', [1, 2, 3]));
    expect(line.grant(0)).toEqual(['a']);
    line.take({ released: ['a'] }, 0);
    expect(line.grant(0)).toEqual(['group']);
  });
});

test('the estimate follows how long slots were held', () => {
  const line = lineOf();
  want(line, wish('a'), wish('b'), wish('c'), wish('d'), wish('e'), wish('f'));
  line.grant(0);
  line.take({ started: [{ workflowID: 'a', dstVolumeIDs: [501] }] }, 0);
  line.take({ released: ['a'] }, 60_000);
  line.grant(60_000);
  expect(line.placeOf('d')?.etaSeconds).toBe(30);
  expect(line.placeOf('f')?.etaSeconds).toBe(90);
});

test('what is handed over goes on as it was', () => {
  const line = lineOf();
  want(line, wish('a'), wish('b'), wish('c'), wish('d', 42, 1));
  line.grant(0);
  const heir = new Line(JSON.parse(JSON.stringify(line.handOver())));
  expect(heir.view('lab')).toEqual(line.view('lab'));
  heir.take({ released: ['d'] }, 0);
  expect(heir.grant(0)).toEqual(['b']);
});

describe('whatever happens', () => {
  type Event =
    | { kind: 'want'; id: number; volumes: number[]; priority: number }
    | { kind: 'release'; id: number }
    | { kind: 'drop'; id: number }
    | { kind: 'start'; id: number }
    | { kind: 'end'; id: number; first: number }
    | { kind: 'refuse'; id: number; by: 'volume' | 'cluster' }
    | { kind: 'look'; foreign: number }
    | { kind: 'time'; ms: number };
  const id = fc.nat(12);
  const event: fc.Arbitrary<Event> = fc.oneof(
    fc.record({
      kind: fc.constant('want' as const),
      id,
      volumes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
      priority: fc.integer({ min: 1, max: 5 }),
    }),
    fc.record({ kind: fc.constant('release' as const), id }),
    fc.record({ kind: fc.constant('drop' as const), id }),
    fc.record({ kind: fc.constant('start' as const), id }),
    fc.record({ kind: fc.constant('end' as const), id, first: fc.integer({ min: 1, max: 2 }) }),
    fc.record({ kind: fc.constant('refuse' as const), id, by: fc.constantFrom('volume' as const, 'cluster' as const) }),
    fc.record({ kind: fc.constant('look' as const), foreign: fc.nat(4) }),
    fc.record({ kind: fc.constant('time' as const), ms: fc.nat(90_000) }),
  );

  test('no limit is passed, nobody is lost, and once all is released everybody gets a turn', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const own: SlotLimits = { perVolume: 2, perNode: 3, nodes: 2, ours: 5 };
        const line = lineOf(own);
        const alive = new Set<string>();
        let now = 0;
        const check = () => {
          const held = line.holding.flatMap((h) => h.volumes);
          const groups = line.holding.filter((h) => h.volumes.length > 1).length;
          for (const v of new Set(held)) {
            const count = held.filter((h) => h === v).length;
            expect(count).toBeLessThanOrEqual(own.perVolume);
          }
          if (groups === 0) expect(held.length).toBeLessThanOrEqual(own.ours!);
          expect(new Set([...line.holding, ...line.waiting].map((w) => w.workflowID))).toEqual(alive);
          for (const w of line.view('lab').waiting) expect(w).toMatchObject(line.placeOf(w.workflowID)!);
        };
        const step = (e: Event) => {
          const name = 'id' in e ? `w${e.id}` : '';
          if (e.kind === 'time') now += e.ms;
          else if (e.kind === 'want') {
            const volumes = [...new Set(e.volumes)];
            line.take({ wanted: [{ workflowID: name, volumes, priority: e.priority }] }, now);
            alive.add(name);
          } else if (e.kind === 'release' || e.kind === 'drop') {
            if (e.kind === 'drop') line.drop(name);
            else line.take({ released: [name] }, now);
            alive.delete(name);
          } else if (e.kind === 'start') {
            const holder = line.holding.find((h) => h.workflowID === name);
            const dstVolumeIDs = holder?.volumes.map((v) => 500 + 10 * e.id + v) ?? [];
            if (holder && !holder.dst) line.take({ started: [{ workflowID: name, dstVolumeIDs }] }, now);
          } else if (e.kind === 'end') {
            const holder = line.holding.find((h) => h.workflowID === name);
            // The last one ends with the whole.
            const over =
              holder?.dst === undefined ? [] : holder.volumes.slice(0, Math.min(e.first, holder.volumes.length - 1));
            const copies = over.map((v): [number, number] => [v, 500 + 10 * e.id + v]);
            line.take({ ended: [{ workflowID: name, copies }] }, now);
            expect(holder?.volumes ?? []).not.toEqual(expect.arrayContaining(over.length > 0 ? over : [NaN]));
          } else if (e.kind === 'refuse') line.take({ refused: [{ workflowID: name, by: e.by }] }, now);
          else
            line.take({ jobs: Array.from({ length: e.foreign }, (_, i): JobSeen => [1 + (i % 3), 900 + i, 1]) }, now);
          line.grant(now);
          check();
        };
        events.forEach(step);
        line.take({ jobs: [] } satisfies Partial<SlotExchange>, now);
        for (let round = 0; alive.size > 0; round += 1) {
          expect(round).toBeLessThan(40);
          now += 120_000;
          line.grant(now);
          for (const { workflowID } of [...line.holding]) step({ kind: 'release', id: Number(workflowID.slice(1)) });
        }
        expect(line.isEmpty).toBe(true);
      }),
      { seed: 7, numRuns: 400 },
    );
  });
});
