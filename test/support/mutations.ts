import * as fc from 'fast-check';
import type { Json } from '../../contracts/runbook/types.ts';

/** Words that mean something, in places where they may not. */
const words = fc.constantFrom<Json>(
  ...[
    '${inputs.source}',
    '${steps.copy.volumeID}',
    '${',
    '${1/0}',
    'steps',
    'copy',
    'quiesce',
    'always',
    '1s',
    '',
    '__proto__',
  ],
  ...[
    '${steps.copy.items.map(i, i)}',
    'true',
    'inputs.n > 1',
    '[1,2,3]',
    '${item}',
    '${index}',
    'constructor',
    '\u0000',
  ],
  ...[0, -1, 1.5, 1e21, 2 ** 53, true, false, null],
);
/** What nobody would send. */
export const junk: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    words,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.constantFrom(
        'id',
        'needs',
        'steps',
        'clone',
        'wait',
        'undo',
        'when',
        'forEach',
        'retry',
        'runbook',
        'document',
        '__proto__',
        'x',
      ),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
})).value;

/** Every place of a value. */
function places(value: Json, at: (string | number)[] = []): (string | number)[][] {
  if (value === null || typeof value !== 'object') return [at];
  return [
    at,
    ...Object.entries(value).flatMap(([key, member]) =>
      places(member, [...at, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
}

function put(value: Json, at: readonly (string | number)[], change: Json | undefined): Json {
  const [key, ...rest] = at;
  if (key === undefined) return change ?? null;
  if (Array.isArray(value)) {
    const copy = [...value];
    if (rest.length === 0 && change === undefined) copy.splice(Number(key), 1);
    else copy[Number(key)] = put(copy[Number(key)] ?? null, rest, change);
    return copy;
  }
  const entries = Object.entries(value as { [key: string]: Json });
  return Object.fromEntries(
    entries.flatMap(([k, v]) => {
      if (k !== key) return [[k, v]];
      return rest.length === 0 && change === undefined ? [] : [[k, put(v, rest, change)]];
    }),
  );
}

/** One of these, changed in a few places: something taken away, put in its place, or moved there from elsewhere. */
export const mutationsOf = (valid: readonly Json[]): fc.Arbitrary<Json> =>
  fc
    .tuple(
      fc.constantFrom(...valid),
      fc.array(fc.tuple(fc.nat(), fc.oneof(junk, fc.constant(undefined)), fc.option(fc.nat())), {
        minLength: 1,
        maxLength: 4,
      }),
    )
    .map(([document, changes]) => {
      let now = document;
      for (const [where, change, from] of changes) {
        const all = places(now).slice(1);
        if (all.length === 0) break;
        const moved = from === null ? change : valueAt(now, all[from % all.length]!);
        now = put(now, all[where % all.length]!, moved);
      }
      return now;
    });

const valueAt = (value: Json, at: readonly (string | number)[]): Json =>
  at.reduce<Json>((now, key) => (now as { [key: string]: Json })[key] ?? null, value);
