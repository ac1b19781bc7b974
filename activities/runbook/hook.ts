import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { z } from 'zod';
import { hookNameSchema } from '../../contracts/hooks.ts';
import { bytesOf } from '../../contracts/runbook/json-value.ts';
import type { Json } from '../../contracts/runbook/types.ts';
import type { ActivityDeps } from '../deps.ts';
import { UnsafePathError } from '../hook-url.ts';
import { failer, HEARTBEAT_MS, HOOK_METHODS, PASSING, QUOTED } from '../hooks.ts';
import { readFields } from './fields.ts';
import type { Fields, RunbookActivities } from './types.ts';

/** Bytes of JSON of all outputs of one call: they are kept in the history. */
const OUTPUTS_BYTES_MAX = 16_384;

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const schema = z.strictObject({
  hook: hookNameSchema,
  path: z.string().max(2_000).optional(),
  method: z.enum(HOOK_METHODS).optional(),
  query: z.record(z.string().min(1).max(200), scalar).optional(),
  body: z.json().optional(),
  outputs: z.record(z.string().min(1), z.string().min(1)).optional(),
});

export const createRequestHookActivities = (deps: ActivityDeps): Pick<RunbookActivities, 'requestHook'> => ({
  async requestHook({ fields, key, repeat }) {
    const { hook, path, method = 'POST', query = {}, body, outputs = {} } = readFields(schema, fields);
    const fail = failer(hook);
    const { hooks } = deps;
    if (hooks === undefined || !hooks.names().includes(hook)) {
      throw fail(`this worker knows no hook "${hook}"; add it to the worker's configuration`, true);
    }
    const beat = setInterval(() => heartbeat(), HEARTBEAT_MS);
    heartbeat();
    let answer: { status: number; text: string };
    try {
      answer = await hooks.call(hook, {
        ...{ key, method, signal: cancellationSignal() },
        ...(path === undefined ? {} : { path }),
        query: Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)])),
        ...(method === 'GET' || method === 'HEAD' ? {} : { body: body ?? {} }),
      });
    } catch (err) {
      if (cancellationSignal().aborted) throw new CancelledFailure('cancelled');
      if (err instanceof UnsafePathError) throw fail(err.message, false);
      throw fail(`hook "${hook}" gave no answer (${err instanceof Error ? err.message : String(err)})`, repeat);
    } finally {
      clearInterval(beat);
    }
    const { status, text } = answer;
    if (status >= 200 && status < 300)
      return { status, ...pick(text, outputs, (why) => fail(`hook "${hook}" ${why}`, false)) };
    const said = text.trim() === '' ? '' : `: ${text.trim().slice(0, QUOTED)}`;
    const why = status >= 300 && status < 400 ? ', and redirects are not followed' : '';
    throw fail(`hook "${hook}" answered HTTP ${status}${why}${said}`, repeat && PASSING.has(status));
  },
});

/** The chosen fields of an answer. */
function pick(text: string, outputs: Readonly<Record<string, string>>, fail: (why: string) => Error): Fields {
  if (Object.keys(outputs).length === 0) return {};
  let answer: Json;
  try {
    answer = JSON.parse(text) as Json;
  } catch {
    throw fail(`answered with what is no JSON, or with too much of it: ${text.trim().slice(0, QUOTED)}`);
  }
  const picked: Fields = {};
  for (const [name, path] of Object.entries(outputs)) {
    const value = at(answer, path);
    if (value === undefined) throw fail(`has no "${path}" in its answer, which output "${name}" is to be`);
    picked[name] = value;
  }
  if (bytesOf(picked) > OUTPUTS_BYTES_MAX) {
    throw fail(`answered with more than ${OUTPUTS_BYTES_MAX} bytes of outputs; choose smaller fields`);
  }
  return picked;
}

/** `data.items.0.id` in a JSON value; own members only. */
function at(value: Json, path: string): Json | undefined {
  let now: Json | undefined = value;
  for (const part of path.split('.')) {
    if (now === null || typeof now !== 'object' || !Object.hasOwn(now, part)) return undefined;
    now = (now as { [key: string]: Json })[part];
  }
  return now;
}
