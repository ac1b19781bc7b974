import { parseDuration } from '../duration.ts';
import { InvalidRequestError } from '../faults.ts';
import { STEP_KINDS, type Json, type RunbookInput, type RunbookRequest, type RunbookStep } from './types.ts';
import { INPUT_TYPES } from './types.ts';

const STEPS_MAX = 500;
const ATTEMPTS_MAX = 100;
/** Documents within documents. */
const DEPTH_MAX = 5;

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** The request with the defaults of its inputs. Throws `InvalidRequestError` with every fault at once. */
export function parseRunbookRequest(request: unknown): RunbookRequest & { inputs: Record<string, Json> } {
  const faults: string[] = [];
  if (!isFields(request)) throw new InvalidRequestError(['request: must be an object such as {"runbook": {…}}']);
  unknownFields(request, ['runbook', 'inputs', 'requestId', 'requestedBy'], '', faults);
  const { runbook, inputs = {}, requestId, requestedBy } = request;
  documentFaults(runbook, 'runbook', faults, 0);
  if (requestId !== undefined && !(typeof requestId === 'string' && /^[\x21-\x7e]{1,100}$/.test(requestId))) {
    faults.push('requestId: must be 1 to 100 printable ASCII characters without spaces');
  }
  if (requestedBy !== undefined && !(typeof requestedBy === 'string' && /^.{1,64}$/su.test(requestedBy))) {
    faults.push('requestedBy: must be text of 1 to 64 characters');
  }
  if (!isFields(inputs)) faults.push('inputs: must be values by name');
  const declared =
    isFields(runbook) && isFields(runbook['inputs']) ? (runbook['inputs'] as Record<string, RunbookInput>) : {};
  const values: Record<string, Json> = {};
  if (isFields(inputs)) {
    for (const name of Object.keys(inputs)) {
      if (!Object.hasOwn(declared, name)) faults.push(`inputs.${name}: the runbook has no such input`);
    }
    for (const [name, input] of Object.entries(declared)) {
      if (!isFields(input)) continue;
      const value = (inputs[name] ?? input.default) as Json | undefined;
      if (value === undefined) faults.push(`inputs.${name}: is missing; it must be a ${input.type}`);
      else inputFaults(value, input, `inputs.${name}`, faults);
      if (value !== undefined) values[name] = value;
    }
  }
  if (faults.length > 0) throw new InvalidRequestError(faults);
  return { ...(request as unknown as RunbookRequest), inputs: values };
}

function unknownFields(fields: Fields, known: readonly string[], path: string, faults: string[]): void {
  for (const key of Object.keys(fields)) {
    if (!known.includes(key)) faults.push(`${path}${key}: unknown field; remove it or correct its spelling`);
  }
}

function inputFaults(value: Json, input: RunbookInput, path: string, faults: string[]): void {
  const fits: Record<RunbookInput['type'], boolean> = {
    string: typeof value === 'string',
    cluster: typeof value === 'string',
    integer: Number.isSafeInteger(value),
    number: typeof value === 'number' && Number.isFinite(value),
    boolean: typeof value === 'boolean',
    volumeID: Number.isSafeInteger(value) && (value as number) > 0,
    duration: parseDuration(value) !== undefined,
    list: Array.isArray(value),
    object: isFields(value),
  };
  if (!fits[input.type]) faults.push(`${path}: must be a ${input.type}`);
  if (input.enum !== undefined && !input.enum.some((e) => JSON.stringify(e) === JSON.stringify(value))) {
    faults.push(`${path}: must be one of ${input.enum.map((e) => JSON.stringify(e)).join(', ')}`);
  }
}

const DOCUMENT = ['name', 'description', 'inputs', 'cluster', 'steps', 'outputs', 'timeout'];
const STEP = [
  'id',
  'title',
  'needs',
  'when',
  'forEach',
  'parallel',
  'always',
  'allowFailure',
  'retry',
  'timeout',
  'undo',
];

function documentFaults(document: unknown, path: string, faults: string[], depth: number): void {
  const fault = (at: string, text: string) => void faults.push(`${path}${at}: ${text}`);
  if (!isFields(document)) return fault('', 'must be a document with a name and steps');
  if (depth > DEPTH_MAX) return fault('', `is nested deeper than ${DEPTH_MAX} runbooks`);
  unknownFields(document, DOCUMENT, `${path}.`, faults);
  const { name, inputs, steps, timeout, outputs } = document;
  if (typeof name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) {
    fault('.name', 'must be 1 to 63 letters, digits, ".", "_" or "-"');
  }
  if (timeout !== undefined && parseDuration(timeout) === undefined)
    fault('.timeout', 'must be a duration such as "4h"');
  if (outputs !== undefined && !isFields(outputs)) fault('.outputs', 'must be values by name');
  if (inputs !== undefined && !isFields(inputs)) fault('.inputs', 'must be inputs by name');
  for (const [input, of] of Object.entries(isFields(inputs) ? inputs : {})) {
    if (!isFields(of) || !(INPUT_TYPES as readonly unknown[]).includes(of['type'])) {
      fault(`.inputs.${input}.type`, `must be one of ${INPUT_TYPES.join(', ')}`);
    }
  }
  if (!Array.isArray(steps) || steps.length === 0 || steps.length > STEPS_MAX) {
    return fault('.steps', `must be a list of 1 to ${STEPS_MAX} steps`);
  }
  const ids = steps.map((s: unknown) => (isFields(s) ? s['id'] : undefined));
  for (const [i, step] of steps.entries()) stepFaults(step, `${path}.steps.${i}`, ids, faults, depth);
  const known = steps.filter((s): s is RunbookStep => isFields(s) && typeof s['id'] === 'string');
  for (const id of inCircle(known)) fault('.steps', `"${id}" needs itself, by way of what it needs`);
}

function stepFaults(step: unknown, path: string, ids: readonly unknown[], faults: string[], depth: number): void {
  const fault = (at: string, text: string) => void faults.push(`${path}${at}: ${text}`);
  if (!isFields(step)) return fault('', 'must be a step with an id and what it does');
  const { id, title, needs, when, forEach, parallel, undo } = step;
  unknownFields(step, [...STEP, ...STEP_KINDS], `${path}.`, faults);
  if (typeof id !== 'string' || !/^[A-Za-z_][A-Za-z0-9_]{0,40}$/.test(id)) {
    fault('.id', 'must be 1 to 41 letters, digits and "_", beginning with a letter');
  } else if (ids.filter((other) => other === id).length > 1) fault('.id', `"${id}" is there twice`);
  if (title !== undefined && typeof title !== 'string') fault('.title', 'must be text');
  if (needs !== undefined && !Array.isArray(needs)) fault('.needs', 'must be a list of step IDs');
  for (const need of Array.isArray(needs) ? (needs as unknown[]) : []) {
    if (!ids.includes(need)) fault('.needs', `there is no step ${JSON.stringify(need)}`);
  }
  for (const [field, value] of Object.entries({ when, forEach })) {
    if (value !== undefined && typeof value !== 'string') fault(`.${field}`, 'must be an expression');
  }
  for (const field of ['always', 'allowFailure']) {
    if (step[field] !== undefined && typeof step[field] !== 'boolean') fault(`.${field}`, 'must be true or false');
  }
  if (parallel !== undefined && !(Number.isInteger(parallel) && (parallel as number) >= 1)) {
    fault('.parallel', 'must be a whole number, 1 or more');
  }
  actionFaults(step, path, faults, depth);
  if (undo !== undefined) {
    if (!isFields(undo)) return fault('.undo', 'must say what to do');
    unknownFields(undo, ['retry', 'timeout', ...STEP_KINDS], `${path}.undo.`, faults);
    actionFaults(undo, `${path}.undo`, faults, depth);
    if (undo['approval'] !== undefined) fault('.undo.approval', 'nobody can be asked while a run is undone');
  }
  if (forEach !== undefined && step['approval'] !== undefined)
    fault('.approval', 'cannot be asked for each item; ask once');
}

function actionFaults(action: Fields, path: string, faults: string[], depth: number): void {
  const fault = (at: string, text: string) => void faults.push(`${path}${at}: ${text}`);
  const kinds = STEP_KINDS.filter((kind) => action[kind] !== undefined);
  if (kinds.length !== 1)
    fault('', `must do exactly one of ${STEP_KINDS.join(', ')}, not ${kinds.join(' and ') || 'nothing'}`);
  for (const kind of kinds) if (!isFields(action[kind])) fault(`.${kind}`, 'must be an object of fields');
  const { retry, timeout, runbook, approval } = action;
  if (timeout !== undefined && parseDuration(timeout) === undefined)
    fault('.timeout', 'must be a duration such as "10m"');
  if (retry !== undefined) {
    const { attempts, delay } = (isFields(retry) ? retry : {}) as { attempts?: number; delay?: unknown };
    if (!Number.isInteger(attempts) || attempts! < 1 || attempts! > ATTEMPTS_MAX) {
      fault('.retry.attempts', `must be a whole number from 1 to ${ATTEMPTS_MAX}`);
    }
    if (delay !== undefined && parseDuration(delay) === undefined)
      fault('.retry.delay', 'must be a duration such as "10s"');
  }
  if (isFields(runbook)) documentFaults(runbook['document'], `${path}.runbook.document`, faults, depth + 1);
  if (isFields(approval) && !(Array.isArray(approval['from']) && approval['from'].length > 0)) {
    fault('.approval.from', 'must be a list of those who may decide');
  }
}

/** IDs of steps that need themselves. */
function inCircle(steps: readonly RunbookStep[]): string[] {
  const needs = new Map(steps.map((s) => [s.id, Array.isArray(s.needs) ? s.needs : []]));
  const done = new Set<string>();
  for (let before = -1; before !== done.size;) {
    before = done.size;
    for (const [id, of] of needs) if (of.every((n) => done.has(n) || !needs.has(n))) done.add(id);
  }
  return [...needs.keys()].filter((id) => !done.has(id));
}
