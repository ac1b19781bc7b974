import { patched } from '@temporalio/workflow';
import { evaluate, evaluateExpression } from '../../contracts/runbook/expression.ts';
import { bytesOf } from '../../contracts/runbook/json-value.ts';
import { VALUES_BYTES_MAX } from '../../contracts/runbook/names.ts';
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

/** Whether it has more bytes of JSON than a step may be handed, or a run may put out. Runs before this went by characters. */
export const isTooLarge = (value: unknown): boolean =>
  (JSON.stringify(value)?.length ?? 0) > VALUES_BYTES_MAX ||
  (bytesOf(value) > VALUES_BYTES_MAX && patched('sizes-in-bytes'));
