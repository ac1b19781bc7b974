import { evaluate, evaluateExpression } from '../../contracts/runbook/expression.ts';
import type { Json } from '../../contracts/runbook/types.ts';

/** What expressions may speak of: contracts/runbook/types.ts. */
export type Scope = { [name: string]: unknown };

/** The template with its expressions replaced by their values. */
export const expand = (template: Json, scope: Scope): Json => evaluate(template, scope);

export function isTrue(expression: string, scope: Scope): boolean {
  const answer = evaluateExpression(expression, scope);
  if (typeof answer !== 'boolean')
    throw new Error(`when: "${expression}" is ${JSON.stringify(answer)}, not true or false`);
  return answer;
}

export function listOf(expression: string, scope: Scope): Json[] {
  const answer = evaluateExpression(expression, scope);
  if (!Array.isArray(answer)) throw new Error(`forEach: "${expression}" is no list`);
  return answer;
}

/** Bytes of JSON, near enough for a bound. */
export const sizeOf = (v: unknown): number => JSON.stringify(v)?.length ?? 0;
