import { z } from 'zod';
import type { Context } from './context.ts';
import { ElementError, invalidApiParameter, invalidParameter } from './errors.ts';

/** A method of the API: what it takes and what it does. */
export interface Method {
  name: string;
  /** First version that has it, where the API page says a later one than all we serve. */
  since: string;
  call(context: Context, params: Record<string, unknown>): Record<string, unknown>;
}

/** Every page of the reference says "New since version 9.6" of what is older than the reference itself. */
const always = '1.0';

/** Declares a method; `run` gets its parameters checked and typed. */
export const method = <S extends z.ZodRawShape>(
  name: string,
  params: S,
  run: (context: Context, params: z.infer<z.ZodObject<S>>) => Record<string, unknown>,
  since = always,
): Method => {
  const schema = z.strictObject(params);
  const known = new Set(Object.keys(params));
  return {
    name,
    since,
    call(context, raw) {
      const given: Record<string, unknown> = {};
      for (const [key, value] of Object.entries(raw)) {
        // A null stands for "not given", except where it means something of its own.
        if (value === null && !nullable.has(key)) continue;
        if (!known.has(key) && context.behaviour.unknownParameters === 'ignore') continue;
        given[key] = value;
      }
      for (;;) {
        const parsed = schema.safeParse(given);
        if (parsed.success) return run(context, parsed.data);
        const spelledOut = context.behaviour.textValues === 'accept' && readText(given, parsed.error);
        if (!spelledOut) throw parameterError(parsed.error, given);
      }
    },
  };
};

const nullable = new Set(['expirationTime']);

const inputAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (v, key) => (typeof v === 'object' && v !== null ? (v as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );

/**
 * Turns numbers and booleans that came as text into what they say. The reference's own examples send them so
 * (`"volumeID": "1"` in ListSnapshots, `"isPaired": "false"` in ListVolumes), and so does the vendor's command line
 * tool. Tells whether there was one.
 */
const readText = (given: Record<string, unknown>, error: z.ZodError): boolean => {
  let found = false;
  for (const issue of error.issues) {
    if (issue.code !== 'invalid_type') continue;
    const parent = inputAt(given, issue.path.slice(0, -1));
    const key = issue.path.at(-1);
    const text = inputAt(given, issue.path);
    if (typeof text !== 'string' || key === undefined || typeof parent !== 'object' || parent === null) continue;
    const wanted: string = issue.expected;
    const value =
      (wanted === 'number' || wanted === 'int') && /^-?\d+$/.test(text)
        ? Number(text)
        : wanted === 'boolean' && (text === 'true' || text === 'false')
          ? text === 'true'
          : undefined;
    if (value === undefined) continue;
    (parent as Record<PropertyKey, unknown>)[key] = value;
    found = true;
  }
  return found;
};

/** The API's name for what is wrong with a parameter; the names are those that NetApp's own clients know. */
const parameterError = (error: z.ZodError, input: unknown): ElementError => {
  const issue = error.issues[0]!;
  const field = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return invalidApiParameter(`Unknown parameter ${[...issue.path, issue.keys[0]].map(String).join('.')}.`);
  }
  if (inputAt(input, issue.path) === undefined)
    return new ElementError('xMissingParameter', `Missing parameter ${field}.`);
  if (issue.code === 'invalid_value') {
    const known = issue.values.map(String).join(', ');
    return new ElementError('xUnrecognizedEnumString', `${field} must be one of ${known}.`);
  }
  if (issue.code === 'invalid_type' || issue.code === 'invalid_union') {
    return new ElementError('xInvalidParameterType', `Parameter ${field} has a wrong type: ${issue.message}.`);
  }
  return invalidParameter(`${field}: ${issue.message}.`);
};

/** Parameter types that many methods share. */
export const id = z.int();
export const ids = z.array(z.int());
export const attributesParam = z.record(z.string(), z.unknown());
