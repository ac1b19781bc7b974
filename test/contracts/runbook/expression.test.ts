import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate, evaluateExpression } from '../../../contracts/runbook/expression.ts';
import { parseExpression } from '../../../contracts/runbook/cel.ts';
import { piecesOf } from '../../../contracts/runbook/template.ts';
import type { Json } from '../../../contracts/runbook/types.ts';

const scope = {
  inputs: { n: 3, half: 0.5, name: 'db', on: true, list: [1, 2, 3], none: null, odd: { 'a-b': 7, __proto__: 1 } },
  steps: {
    copy: { volumeID: 62, outcome: 'succeeded', volume: { iqn: 'iqn.2010-01', qos: { maxIOPS: 5000 } } },
    copies: {
      items: [
        { volumeID: 70, name: 'a' },
        { volumeID: 71, name: 'b' },
      ],
      outcome: 'succeeded',
    },
  },
  run: { id: 'runbook-x', startedAt: '2026-11-25T02:00:00.000Z' },
  item: { name: 'ada' },
  index: 4,
};

describe('a template', () => {
  test.each<[string, Json]>([
    ['plain', 'plain'],
    ['', ''],
    ['${inputs.n}', 3],
    ['${ inputs.list }', [1, 2, 3]],
    ['${inputs.none}', null],
    ['${inputs.on}', true],
    ['n is ${inputs.n}', 'n is 3'],
    ['${inputs.name}-${index}', 'db-4'],
    ['${inputs.n}${inputs.n}', '33'],
    [' ${inputs.n}', ' 3'],
    ['list ${inputs.list}', 'list [1,2,3]'],
    ['$${inputs.n}', '${inputs.n}'],
    ['$$${inputs.n}', '$${inputs.n}'],
    ['a $ b } c { d $', 'a $ b } c { d $'],
    ['${{"a": inputs.n}}', { a: 3 }],
    ['${{"a": {"b": "}"}}.a.b}', '}'],
    ['${"}"}${\'{\'}', '}{'],
    ['${"it\'s \\"}\\""}!', 'it\'s "}"!'],
    ['${"""a"}"b"""}', 'a"}"b'],
    ['${r"\\d}"}', '\\d}'],
    ['${inputs.n > 2 ? "yes" : "no"}', 'yes'],
    ['${inputs.odd["a-b"]}', 7],
    ['${"a" + "${inputs.n}"}', 'a${inputs.n}'],
  ])('%s', (template, value) => {
    expect(evaluate(template, scope)).toEqual(value);
  });

  test('within lists and objects, and what is no text stays', () => {
    expect(evaluate({ a: ['${inputs.n}', 1, null, { 'k${x}': '${item.name}!' }] }, scope)).toEqual({
      a: [3, 1, null, { 'k${x}': 'ada!' }],
    });
  });

  test.each([
    ['${inputs.n', /has a \$\{ without its \}/],
    ['${"a}', /without its last "/],
    ['${{"a": 1}', /without its \}/],
    ['${}', /expression of nothing/],
    ['${inputs.n +}', /ends too early/],
    ['${inputs n}', /Unexpected character/],
    ['${name}', /there is no "name"; there are inputs, steps/],
    ['${constructor}', /there is no "constructor"/],
    ['${inputs.constructor}', /No such key: constructor/],
    ['${inputs.nope}', /inputs\.nope\} has no value: No such key: nope/],
    ['${steps.nope.volumeID}', /No such key: nope/],
    ['${inputs.name + inputs.n}', /no such overload: .*string.* \+ .*int/],
    ['${inputs.list[7]}', /out of bounds/],
    ['${1 / 0}', /division by zero/],
    ['${1.0 / 0}', /Infinity is no number/],
    ['${9007199254740993}', /too large a number/],
    ['${b"x"}', /no bytes/],
    ['${1u}', /no unsigned/],
    ['${now()}', /there is no function now\(\)/],
    ['${timestamp("2026-01-01T00:00:00Z")}', /there is no function timestamp/],
    ['${type(1)}', /there is no function type/],
    ['${inputs.name.matches("(a+)+$")}', /there is no method \.matches\(\)/],
    ['${cel.bind(x, 1, x)}', /there is no method \.bind/],
    ['${google.protobuf}', /there is no "google"/],
    ['${inputs.list.map(inputs, inputs)}', /"inputs" is taken/],
    ['${inputs.list.map(1, 1)}', /iteration variable/],
    ['${inputs.n // }', /comments/],
    [`\${${'1 + '.repeat(600)}1}`, /at most 2000/],
    [`\${${'['.repeat(60)}${']'.repeat(60)}}`, /maxDepth/],
    [`\${${'!'.repeat(1_990)}true}`, /maxAstNodes/],
  ])('%s is refused', (template, why) => {
    expect(() => evaluate(template, scope)).toThrow(why);
  });
});

describe('an expression', () => {
  test.each<[string, Json]>([
    ['inputs.n + 1', 4],
    ['${inputs.n + 1}', 4],
    ['  ${ inputs.n * inputs.half }  ', 1.5],
    ['inputs.n / 2', 1],
    ['inputs.n / 2.0', 1.5],
    ['-inputs.n', -3],
    ['inputs.n == 3.0', true],
    ['inputs.half < 1', true],
    ['steps.copy.outcome == "succeeded" && inputs.on', true],
    ['steps.copies.items.map(c, c.volumeID)', [70, 71]],
    ['steps.copies.items.filter(c, c.name == "b").map(c, c.volumeID)[0]', 71],
    ['steps.copies.items.exists(c, c.volumeID == steps.copy.volumeID)', false],
    ['has(steps.copy.lease) ? 1 : 0', 0],
    ['"ada" in ["ada", "bob"]', true],
    ['inputs.list + [4]', [1, 2, 3, 4]],
    ['["a", "b"].join("-")', 'a-b'],
    ['"a-b".split("-")', ['a', 'b']],
    ['size(inputs.list) + inputs.name.size()', 5],
    ['{"id": steps.copy.volumeID, "of": [inputs.name, inputs.n]}', { id: 62, of: ['db', 3] }],
    ['int("42") + int(1.9)', 43],
    ['string(inputs.n) + inputs.name.upperAscii()', '3DB'],
    ['inputs.list[inputs.n - 1]', 3],
    ['inputs.none == null', true],
    ['[steps.copies.items[index - 3].volumeID, inputs.list[index - 4]]', [71, 1]],
  ])('%s', (text, value) => {
    expect(evaluateExpression(text, scope)).toEqual(value);
  });

  test.each(['a ${inputs.on}', '${inputs.on} b', '${inputs.on}${inputs.on}', '$${inputs.on}'])(
    '%s is a text, and none',
    (text) => {
      expect(() => evaluateExpression(text, scope)).toThrow(/must be one expression/);
    },
  );

  test('says what it speaks of', () => {
    const { references, outcomeTests } = parseExpression(
      'steps.a.items[inputs.i].x + steps["b"].volume.qos + [1].map(s, s + index + item.n) + steps.c.outcome',
    );
    expect(references.map(({ root, path }) => [root, ...path].join('.'))).toEqual([
      ...['steps.a.items', 'inputs.i', 'steps.b.volume.qos', 'index', 'item.n', 'steps.c.outcome'],
    ]);
    expect(outcomeTests).toEqual([]);
    expect(
      parseExpression('steps.a.outcome != "failed" || "x" == steps.b.outcome || steps.c.outcome in ["d", "e"]')
        .outcomeTests,
    ).toEqual([
      { step: 'a', outcomes: ['failed'] },
      { step: 'b', outcomes: ['x'] },
      { step: 'c', outcomes: ['d', 'e'] },
    ]);
  });
});

describe('work is bounded by the values at hand', () => {
  const list = Array.from({ length: 500 }, (_, i) => ({
    volumeID: i,
    name: `clone-${i}`,
    volume: { iqn: 'iqn.2010-01' },
  }));
  const wide = {
    inputs: {
      list,
      names: list.map((m) => m.name),
      many: Array.from({ length: 50_000 }, () => 1),
      text: 'x'.repeat(100_000),
    },
  };

  test.each([
    ['inputs.list.filter(m, m.name in inputs.names).map(m, m.volumeID)', 500],
    ['inputs.list.map(m, m.name + "-" + m.volume.iqn)', 500],
    ['inputs.many.filter(m, m == 1)', 50_000],
    ['inputs.text.split("x")', 100_001],
  ])('%s can be done', (text, length) => {
    expect(evaluateExpression(text, wide)).toHaveLength(length);
  });

  test.each([
    'inputs.many.map(a, inputs.many.map(b, a))',
    'inputs.list.map(a, inputs.list.map(b, inputs.list.map(c, 1)))',
    'inputs.many.all(a, inputs.many == inputs.many)',
    'inputs.list.map(a, inputs.text.split("x"))',
    'inputs.list.map(a, inputs.list).map(a, a.map(b, b.name + inputs.text)).map(a, a.join(""))',
    '[1,2,3,4,5,6,7,8,9,10].map(a, [1,2,3,4,5,6,7,8,9,10].map(b, [1,2,3,4,5,6,7,8,9,10].map(c, [1,2,3,4,5,6,7,8,9,10].map(d, [1,2,3,4,5,6,7,8,9,10].map(e, [1,2,3,4,5,6,7,8,9,10].map(f, [1,2,3,4,5,6,7,8,9,10].map(g, g)))))))',
  ])('%s cannot', (text) => {
    expect(() => evaluateExpression(text, wide)).toThrow(/too much work/);
  });

  test('a value that would be too large is none', () => {
    expect(() => evaluateExpression('[1, 2, 3, 4, 5, 6].map(a, inputs.text)', wide)).toThrow(
      /larger than 500000 bytes/,
    );
  });
});

test('any text has pieces, or is refused as a template', () => {
  const part = fc.constantFrom('${', '}', '{', '$', '$${', '"', "'", '\\', 'a', ' ', 'inputs.n', '1', '//', '"""');
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 30 }).map((p) => p.join('')),
      (text) => {
        try {
          const pieces = piecesOf(text);
          const again = pieces
            .map((p) => ('text' in p ? p.text.replaceAll('${', () => '$${') : `\${${p.expression}}`))
            .join('');
          expect(again).toBe(text);
        } catch (err) {
          expect((err as Error).name).toBe('TemplateError');
        }
        try {
          evaluate(text, scope);
        } catch (err) {
          expect((err as Error).message).toMatch(/./);
          expect(err).not.toBeInstanceOf(RangeError);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});
