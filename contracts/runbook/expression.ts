import { ExpressionError, parseExpression, quoted, reasonOf, type Expression } from './cel.ts';
import { CHARS_PER_STEP, STEPS_MAX, stepsOfWork, type Bounds } from './cost.ts';
import { VALUES_BYTES_MAX } from './names.ts';
import { expressionIn, isTemplate, piecesOf } from './template.ts';
import type { Json } from './types.ts';

/** What expressions may speak of: contracts/runbook/types.ts. */
export interface Scope {
  [name: string]: unknown;
}

/** The template with its expressions replaced by their values. Throws an `Error` that says what and where. */
export function evaluate(template: unknown, scope: Scope): Json {
  if (typeof template === 'string') return isTemplate(template) ? expand(template, scope) : template;
  if (Array.isArray(template)) return template.map((t) => evaluate(t, scope));
  if (template !== null && typeof template === 'object') {
    return Object.fromEntries(Object.entries(template).map(([k, v]) => [k, evaluate(v, scope)]));
  }
  return template as Json;
}

/** The value of an expression, bare or as `${…}`. */
export const evaluateExpression = (text: string, scope: Scope): Json =>
  valueOf(parseExpression(expressionIn(text)), scope);

function expand(template: string, scope: Scope): Json {
  const pieces = piecesOf(template);
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined && 'expression' in only) {
    return valueOf(parseExpression(only.expression), scope);
  }
  return pieces.map((p) => ('text' in p ? p.text : textOf(valueOf(parseExpression(p.expression), scope)))).join('');
}

/** How a value stands in a text: others than texts as JSON. */
export const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The value of a parsed expression. */
export function valueOf(expression: Expression, scope: Scope): Json {
  try {
    const { values, bounds } = referenced(expression, scope);
    if (stepsOfWork(expression.ast, bounds) > STEPS_MAX) {
      throw new ExpressionError(
        'it would be too much work: a loop over so long a list, or within another one; use fewer or shorter ones',
      );
    }
    return toJSON(expression.run(values), { left: VALUES_BYTES_MAX });
  } catch (err) {
    throw new Error(`${quoted(expression.text)} has no value: ${reasonOf(err)}`, { cause: err });
  }
}

/** What the expression speaks of, and nothing else, with numbers as CEL has them. */
function referenced({ references }: Expression, scope: Scope): { values: Scope; bounds: Map<string, Bounds> } {
  const values: Scope = {};
  const bounds = new Map<string, Bounds>();
  const read = (key: string, value: unknown) => {
    const of: Bounds = { length: 0, chars: 0, weight: 0 };
    bounds.set(key, of);
    return toCEL(value, of);
  };
  // Whole roots first: they hold their members.
  for (const { root, path } of references) {
    const isWhole = (root !== 'inputs' && root !== 'steps') || path.length === 0;
    if (isWhole && values[root] === undefined && own(scope, root) !== undefined)
      values[root] = read(root, own(scope, root));
  }
  for (const { root, path } of references) {
    const [name] = path;
    if (name === undefined || bounds.has(root)) continue;
    const members = (values[root] ??= {}) as Scope;
    const value = own(own(scope, root), name);
    if (value !== undefined && !Object.hasOwn(members, name)) members[name] = read(`${root}.${name}`, value);
  }
  return { values, bounds };
}

const own = (of: unknown, name: string): unknown =>
  of !== null && typeof of === 'object' && Object.hasOwn(of, name) ? (of as Scope)[name] : undefined;

/** Notes how large it is, too. */
function toCEL(value: unknown, bounds: Bounds): unknown {
  bounds.weight += 1;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === 'string') {
    bounds.chars = Math.max(bounds.chars, value.length);
    bounds.weight += value.length / CHARS_PER_STEP;
    return value;
  }
  if (value === null || typeof value !== 'object') return value;
  const isList = Array.isArray(value);
  const entries = isList ? [] : Object.entries(value).filter(([, v]) => v !== undefined);
  bounds.length = Math.max(bounds.length, isList ? value.length : entries.length);
  if (isList) return value.map((v) => toCEL(v, bounds));
  return Object.fromEntries(entries.map(([k, v]) => [k, toCEL(v, bounds)]));
}

/** `room`: characters that it may have. One value can stand in many places of another one. */
function toJSON(value: unknown, room: { left: number }): Json {
  room.left -= typeof value === 'string' ? value.length + 2 : 2;
  if (room.left < 0) throw new ExpressionError(`it is larger than ${VALUES_BYTES_MAX} bytes`);
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'bigint': {
      const number = Number(value);
      if (Number.isSafeInteger(number)) return number;
      throw new ExpressionError(`${value} is too large a number`);
    }
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new ExpressionError(`${value} is no number that can be used`);
    case 'object': {
      if (value === null) return null;
      if (Array.isArray(value)) return value.map((v) => toJSON(v, room));
      const proto: unknown = Object.getPrototypeOf(value);
      if (proto === null || proto === Object.prototype) {
        return Object.fromEntries(
          Object.entries(value).map(([k, v]) => {
            room.left -= k.length + 3;
            return [k, toJSON(v, room)];
          }),
        );
      }
      break;
    }
    case 'undefined':
    case 'symbol':
    case 'function':
      break;
  }
  throw new ExpressionError('it is nothing that can be written as JSON');
}
