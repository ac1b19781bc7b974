import type { ASTNode } from '@marcbachmann/cel-js';

/*
 * How much work an expression can be, before it is done: workflow code must not be held up by a loop within a loop over a
 * long list. The bounds come from the sizes of the values at hand.
 */

/** What a value can be at most, whatever lies within it. */
export interface Bounds {
  /** Members of a list or a map. */
  length: number;
  /** Characters of a text. */
  chars: number;
  /** Values in all, a long text being several; of an element of a loop the mean. */
  weight: number;
}

interface Estimate extends Bounds {
  steps: number;
}

/** Of what the roots hold: by root, and for `inputs` and `steps` by `inputs.NAME`. */
export type Data = ReadonlyMap<string, Bounds>;

/** Characters that weigh as much as one value. */
export const CHARS_PER_STEP = 64;

/** Steps of work that one expression may take. A million are some ten milliseconds. */
export const STEPS_MAX = 1_000_000;

type Variables = ReadonlyMap<string, Bounds>;

const SCALAR: Bounds = { length: 0, chars: 40, weight: 1 };
const NOTHING: Bounds = { length: 0, chars: 0, weight: 0 };
const either = (...all: Bounds[]): Bounds => ({
  length: Math.max(0, ...all.map((b) => b.length)),
  chars: Math.max(0, ...all.map((b) => b.chars)),
  weight: Math.max(0, ...all.map((b) => b.weight)),
});
const sum = (of: readonly number[]) => of.reduce((a, b) => a + b, 0);

/** At most how many steps of work it is. */
export const stepsOfWork = (node: ASTNode, data: Data): number => estimate(node, new Map(), data).steps;

function estimate(node: ASTNode, variables: Variables, data: Data): Estimate {
  const of = (n: ASTNode) => estimate(n, variables, data);
  switch (node.op) {
    case 'value': {
      const chars = typeof node.args === 'string' ? node.args.length : 40;
      return { steps: 1, length: 0, chars, weight: 1 + chars / CHARS_PER_STEP };
    }
    case 'id':
      return { ...(variables.get(node.args) ?? held(node.args, data)), steps: 1 };
    case '.':
    case '.?': {
      const [object, name] = node.args;
      const known = object.op === 'id' && !variables.has(object.args) ? data.get(`${object.args}.${name}`) : undefined;
      const from = known === undefined ? of(object) : { ...known, steps: 1 };
      return { ...from, steps: from.steps + 1 };
    }
    case '[]':
    case '[?]': {
      const [from, index] = [of(node.args[0]), of(node.args[1])];
      return { ...from, steps: from.steps + index.steps + 1 };
    }
    case 'list':
    case 'map': {
      const members = node.op === 'list' ? node.args.map(of) : node.args.flatMap(([k, v]) => [of(k), of(v)]);
      const within = either(...members);
      return {
        steps: 1 + sum(members.map((m) => m.steps)),
        length: Math.max(members.length, within.length),
        chars: within.chars,
        weight: 1 + sum(members.map((m) => m.weight)),
      };
    }
    case '?:': {
      const [condition, yes, no] = node.args.map(of) as [Estimate, Estimate, Estimate];
      return { ...either(yes, no), steps: 1 + condition.steps + yes.steps + no.steps };
    }
    case '!_':
    case '-_':
      return { ...SCALAR, steps: 1 + of(node.args).steps };
    case 'call':
    case 'rcall':
      return call(node, variables, data);
    case '==':
    case '!=':
    case 'in':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '&&':
    case '||':
      return binary(node.op, of(node.args[0]), of(node.args[1]));
  }
}

/** All that a root holds. */
const held = (root: string, data: Data): Bounds => {
  const all = [...data].flatMap(([key, bounds]) => (key === root || key.startsWith(`${root}.`) ? [bounds] : []));
  const within = either(NOTHING, ...all);
  return { ...within, length: Math.max(within.length, all.length), weight: 1 + sum(all.map((b) => b.weight)) };
};

function binary(op: string, left: Estimate, right: Estimate): Estimate {
  const steps = 1 + left.steps + right.steps;
  if (op === '+') {
    const [length, chars] = [left.length + right.length, left.chars + right.chars];
    return { length, chars, weight: left.weight + right.weight, steps: steps + length + chars / CHARS_PER_STEP };
  }
  if (op === 'in') {
    const each = right.weight / Math.max(1, right.length);
    return { ...SCALAR, steps: steps + right.length * Math.max(1, Math.min(left.weight, each)) };
  }
  if (op === '==' || op === '!=') return { ...SCALAR, steps: steps + Math.min(left.weight, right.weight) };
  return { ...SCALAR, steps };
}

function call(node: ASTNode & { op: 'call' | 'rcall' }, variables: Variables, data: Data): Estimate {
  const of = (n: ASTNode) => estimate(n, variables, data);
  if (node.op === 'call') {
    const args = node.args[1].map(of);
    const within = either(SCALAR, ...args);
    return { ...within, steps: 1 + sum(args.map((a) => a.steps)) + within.chars / CHARS_PER_STEP };
  }
  const [name, receiver, args] = node.args;
  const from = of(receiver);
  const [first] = args;
  switch (name) {
    case 'map':
    case 'filter':
    case 'all':
    case 'exists':
    case 'exists_one': {
      const times = Math.max(1, from.length);
      const element: Bounds = { ...from, weight: from.weight / times };
      const bound = first?.op === 'id' ? first.args : '';
      const inner = args.slice(1).map((a) => estimate(a, new Map(variables).set(bound, element), data));
      const steps = from.steps + times * (2 + sum(inner.map((i) => i.steps)));
      if (name === 'filter') return { ...from, steps };
      if (name !== 'map') return { ...SCALAR, steps };
      const made = inner.at(-1) ?? SCALAR;
      return { steps, length: Math.max(times, made.length), chars: made.chars, weight: 1 + times * made.weight };
    }
    default: {
      const given = args.map(of);
      const steps = 1 + from.steps + sum(given.map((g) => g.steps)) + from.chars / CHARS_PER_STEP;
      if (name === 'split')
        return { steps: steps + from.chars, length: from.chars + 1, chars: from.chars, weight: from.chars + 2 };
      if (name === 'join') {
        const chars = from.weight * CHARS_PER_STEP + from.length * (given[0]?.chars ?? 0);
        return {
          steps: steps + from.length + chars / CHARS_PER_STEP,
          length: 0,
          chars,
          weight: 1 + chars / CHARS_PER_STEP,
        };
      }
      return { ...either(SCALAR, { ...from, length: 0 }), steps };
    }
  }
}
