import { parse as parseYAML } from 'yaml';
import { suggestion } from '../../contracts/runbook/fault.ts';
import type { Json, RunbookInput } from '../../contracts/runbook/types.ts';
import { UsageError } from './errors.ts';
import { isObject } from '../../contracts/json-object.ts';

/** `name=value` pairs, each value read by the type that the document declares. Throws `UsageError` with every fault. */
export function inputsOf(
  given: readonly string[],
  declared: Readonly<Record<string, RunbookInput>>,
): Record<string, Json> {
  const values = new Map<string, Json>();
  const faults: string[] = [];
  for (const pair of given) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(0, at));
    const text = pair.slice(at + 1);
    const input = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (at < 1) faults.push(`--input ${pair}: must be NAME=VALUE`);
    else if (values.has(name)) faults.push(`--input ${name}: is given twice; give it once`);
    else if (input === undefined)
      faults.push(`--input ${name}: the runbook has no such input${known(name, Object.keys(declared))}`);
    else {
      const value = valueOf(text, input);
      if (typeof value === 'string') faults.push(`--input ${name}: ${value}`);
      else values.set(name, value.value);
    }
  }
  if (faults.length > 0) throw new UsageError(faults.join('\n'));
  return Object.fromEntries(values);
}

function known(name: string, names: readonly string[]): string {
  const meant = suggestion(name, names);
  return meant === '' ? `; it has ${names.length === 0 ? 'none' : names.join(', ')}` : meant;
}

/** The value, or why there is none. */
function valueOf(text: string, { type }: RunbookInput): { value: Json } | string {
  switch (type) {
    case 'string':
    case 'cluster':
    case 'duration':
      return { value: text };
    case 'boolean':
      return text === 'true' || text === 'false' ? { value: text === 'true' } : 'must be true or false';
    case 'integer':
    case 'volumeID': {
      const value = Number(text);
      return /^-?\d+$/.test(text) && Number.isSafeInteger(value) ? { value } : `must be a whole number, not "${text}"`;
    }
    case 'number': {
      const value = Number(text);
      return text.trim() !== '' && Number.isFinite(value) ? { value } : `must be a number, not "${text}"`;
    }
    case 'list':
    case 'object':
      return structured(text, type);
  }
}

function structured(text: string, type: 'list' | 'object'): { value: Json } | string {
  const example = type === 'list' ? '[3, uat-hosts]' : '{name: uat}';
  try {
    const value = parseYAML(text, { maxAliasCount: 0 }) as Json;
    const isOfType = type === 'list' ? Array.isArray(value) : isObject(value);
    return isOfType
      ? { value }
      : `must be ${type === 'list' ? 'a list' : 'an object'} as YAML or JSON, such as ${example}`;
  } catch (err) {
    return `is neither JSON nor YAML, such as ${example}: ${String(err).split('\n')[0]}`;
  }
}
