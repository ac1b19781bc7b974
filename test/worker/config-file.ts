import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'vitest';
import { ConfigError, loadConfig } from '../../worker/config.ts';
import { tempDir } from '../support/temp-dir.ts';

export const SECRET = 'Hunter2-Zq9';
const ENV = { LAB_PASSWORD: SECRET };
export const LAB = ['clusters:', '  lab:', '    endpoint: https://10.0.0.5', '    username: admin'];
export const PASSWORD = '    password: { env: LAB_PASSWORD }';

/** Loads a configuration of these lines from a folder with these files beside it. */
async function load(lines: string[], files: Record<string, string> = {}, env: NodeJS.ProcessEnv = ENV) {
  const folder = await tempDir();
  const file = join(folder, 'element-clone.yaml');
  for (const [name, text] of Object.entries({ ...files, 'element-clone.yaml': lines.join('\n') })) {
    await writeFile(join(folder, name), text);
  }
  return { folder, file, end: await loadConfig(file, env).catch((err: unknown) => err) };
}

export async function loaded(...args: Parameters<typeof load>) {
  const { folder, end } = await load(...args);
  if (end instanceof Error) throw end;
  return { folder, config: end as Awaited<ReturnType<typeof loadConfig>> };
}

/** The faults it is refused with; the folder is shortened to a dot. */
export async function faultsOf(...args: Parameters<typeof load>) {
  const { file, folder, end } = await load(...args);
  if (!(end instanceof ConfigError)) throw new Error('It was expected to be refused', { cause: end });
  expect(end.file).toBe(file);
  expect(end.message).toContain(file);
  expect(inspect(end, { depth: Infinity, showHidden: true })).not.toContain('Hunter2');
  return end.faults.map((f) => f.replaceAll(folder, '.'));
}
