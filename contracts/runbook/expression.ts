import { evaluate as cel } from '@marcbachmann/cel-js';
import type { Json } from './types.ts';

/** What expressions may speak of: contracts/runbook/types.ts. */
export interface Scope {
  [name: string]: unknown;
}

const EXPRESSION = /\$?\$\{([^}]*)\}/g;
const WHOLE = /^\$\{([^}]*)\}$/;

const toJson = (value: unknown): Json => {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [String(k), toJson(v)]));
  if (Array.isArray(value)) return value.map(toJson);
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, toJson(v)]));
  return value as Json;
};

function value(expression: string, scope: Scope): Json {
  try {
    return toJson(cel(expression, scope));
  } catch (err) {
    throw new Error(`\${${expression}} has no value: ${err instanceof Error ? err.message.split('\n')[0] : String(err)}`, {
      cause: err,
    });
  }
}

const text = (v: Json): string => (typeof v === 'string' ? v : JSON.stringify(v));

/** The template with its expressions replaced by their values. */
export function evaluate(template: unknown, scope: Scope): Json {
  if (typeof template === 'string') {
    const whole = WHOLE.exec(template);
    if (whole !== null) return value(whole[1]!, scope);
    return template.replace(EXPRESSION, (m, e: string) => (m.startsWith('$$') ? m.slice(1) : text(value(e, scope))));
  }
  if (Array.isArray(template)) return template.map((t) => evaluate(t, scope));
  if (template !== null && typeof template === 'object')
    return Object.fromEntries(Object.entries(template).map(([k, v]) => [k, evaluate(v, scope)]));
  return template as Json;
}

/** The value of an expression, bare or as `${…}`. */
export const evaluateExpression = (expression: string, scope: Scope): Json =>
  value(WHOLE.exec(expression)?.[1] ?? expression, scope);
