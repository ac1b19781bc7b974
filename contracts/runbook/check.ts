import { z } from 'zod';
import { InvalidRequestError } from '../faults.ts';
import { orderFields } from '../fields.ts';
import { checkDocument, type CheckedDocument } from './check-document.ts';
import { runbookDocumentSchema } from './document.ts';
import { faultTexts, issueFaults, suggestion, type Fault } from './fault.ts';
import { inputFault, inputValuesSchema, whatInputIs } from './input.ts';
import { jsonFault } from './json-value.ts';
import type { Json, RunbookDocument, RunbookInput, RunbookRequest } from './types.ts';
import { isObject } from '../json-object.ts';

const { requestId, requestedBy } = orderFields;

/** What is published: also by what other languages send. */
export const runbookRequestSchema = z.strictObject({
  runbook: runbookDocumentSchema.describe('The document.'),
  inputs: inputValuesSchema.optional().describe('Values of its inputs, by name.'),
  requestId: requestId.describe(`The caller's idempotency key: the same key never runs twice.`),
  requestedBy,
});

const outerSchema = z.strictObject(
  { runbook: z.unknown(), inputs: inputValuesSchema.optional(), requestId, requestedBy },
  { error: ({ code }) => (code === 'invalid_type' ? 'must be an object such as {"runbook": {…}}' : undefined) },
);

/** The request with the defaults of its inputs. Throws `InvalidRequestError` with every fault at once. */
export function parseRunbookRequest(request: unknown): RunbookRequest & { inputs: Record<string, Json> } {
  const { faults, request: parsed } = checkRequest(request);
  if (faults.length > 0 || parsed === undefined) throw new InvalidRequestError(faultTexts(faults));
  return parsed;
}

/** What is wrong with a request, each with its place; when nothing is, the request with the defaults of its inputs. */
export function checkRequest(given: unknown): {
  faults: Fault[];
  request?: RunbookRequest & { inputs: Record<string, Json> };
} {
  const unusable = jsonFault(given);
  if (unusable !== undefined) return { faults: [unusable] };
  // As it arrives: without what JSON has not.
  const request = JSON.parse(JSON.stringify(given ?? null)) as unknown;
  const faults: Fault[] = [];
  const report = (fault: Fault) => void faults.push(fault);
  const outer = outerSchema.safeParse(request);
  if (!outer.success) issueFaults(outerSchema, outer.error.issues, []).forEach(report);
  if (!isObject(request)) return { faults };
  const document = checkDocument(request['runbook'], ['runbook'], report);
  const inputs = checkInputs(request['inputs'], document, report);
  if (faults.length > 0) return { faults };
  return { faults, request: { ...(request as unknown as RunbookRequest), inputs } };
}

/** What is wrong with a document by itself, whatever the values of its inputs. */
export function documentFaults(document: unknown): Fault[] {
  const unusable = jsonFault(document);
  if (unusable !== undefined) return [unusable];
  const faults: Fault[] = [];
  checkDocument(JSON.parse(JSON.stringify(document ?? null)), [], (fault) => void faults.push(fault));
  return faults;
}

function checkInputs(
  given: unknown,
  { inputs }: CheckedDocument,
  report: (fault: Fault) => void,
): Record<string, Json> {
  const values: Record<string, Json> = {};
  const of = isObject(given) ? (given as Record<string, Json>) : {};
  for (const name of Object.keys(of)) {
    if (Object.hasOwn(inputs, name)) continue;
    const meant = suggestion(name, Object.keys(inputs));
    report({
      path: ['inputs', name],
      message: `the runbook has no such input${meant === '' ? '; remove it, or declare it' : meant}`,
    });
  }
  for (const [name, input] of Object.entries(inputs)) {
    const value = Object.hasOwn(of, name) ? of[name] : input.default;
    if (value === undefined)
      report({ path: ['inputs', name], message: `is missing; it must be ${whatInputIs(input.type)}` });
    else {
      const message = inputFault(value, input);
      if (message !== undefined) report({ path: ['inputs', name], message });
      values[name] = value;
    }
  }
  return values;
}

export type { Fault, RunbookDocument, RunbookInput };
