import { readFile } from 'node:fs/promises';
import { parse as parseYAML } from 'yaml';
import { UsageError } from './errors.ts';
import type { Io } from './io.ts';
import { isObject } from '../../contracts/json-object.ts';

export type Fields = Record<string, unknown>;

/** What a file, or standard input for `-`, holds: one object. */
export async function readObject(flag: string, path: string, io: Pick<Io, 'readStdin'>): Promise<Fields> {
  const name = path === '-' ? 'standard input' : path;
  let text: string;
  try {
    text = path === '-' ? await io.readStdin() : await readFile(path, 'utf8');
  } catch (err) {
    throw new UsageError(`${flag}: ${name} cannot be read: ${err instanceof Error ? err.message : String(err)}`);
  }
  let value: unknown;
  try {
    // YAML, which JSON is a part of.
    value = parseYAML(text);
  } catch (err) {
    throw new UsageError(`${flag}: ${name} is neither JSON nor YAML: ${String(err)}`);
  }
  if (!isObject(value)) {
    throw new UsageError(
      `${flag}: ${name} must hold one request, an object such as {"cluster": "lab", "volumeID": 42}`,
    );
  }
  return value;
}
