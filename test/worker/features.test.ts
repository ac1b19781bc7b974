import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { accessTypesFor, createElementClient, isAccessKnown, type ApiMethod } from '../../element/index.ts';
import { isPermitted } from '../../simulator/permissions.ts';
import { FEATURES, lacking } from '../../worker/features.ts';
import { ACCESS_TYPES } from '../support/access-types.ts';

const USUAL = new Set(['read', 'volumes', 'write']);

const root = fileURLToPath(new URL('../..', import.meta.url));
const NOT_METHODS = new Set(['call', 'apiVersion', 'clockSkewMs', 'close']);

/** As the client has them: what element/api.ts names, it must have. */
function clientMethods(): string[] {
  const client = createElementClient({
    endpoint: 'https://127.0.0.1:1',
    apiVersion: '12.5',
    credentials: () => ({ username: 'a', password: 'b' }),
  });
  return Object.keys(client).filter((name) => !NOT_METHODS.has(name));
}

const spelt = (name: string) => name.replace(/^./, (c) => c.toUpperCase());

/** Methods of the client that are called in these folders. */
async function called(folders: readonly string[], methods: readonly string[]): Promise<string[]> {
  const files = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(root + folder, { recursive: true }))
        .filter((file) => file.endsWith('.ts'))
        .map((file) => readFile(`${root}${folder}/${file}`, 'utf8')),
    ),
  );
  const sources = (await Promise.all(files.flat())).join('\n');
  return methods.filter((m) => new RegExp(`\\b(api|ctx\\.api)\\??\\.${m}\\b`).test(sources));
}

describe('access types', () => {
  test('are known for every method of element/api.ts', async () => {
    const source = await readFile(`${root}element/api.ts`, 'utf8');
    const declared = [...source.matchAll(/^ {2}(\w+): Method</gm)].map((m) => m[1]!);
    expect(clientMethods().toSorted()).toEqual(declared.toSorted());
    expect(declared.map(spelt).filter((method) => !isAccessKnown(method))).toEqual([]);
    expect(isAccessKnown('NoSuchMethod')).toBe(false);
  });

  test('are the same on the simulated cluster', () => {
    for (const method of clientMethods().map(spelt)) {
      const permitting = ACCESS_TYPES.filter((type) => isPermitted([type], method));
      const known = accessTypesFor(method);
      expect({ [method]: known.length === 0 ? ACCESS_TYPES : known.toSorted() }).toEqual({ [method]: permitting });
    }
  });
});

describe('features', () => {
  test('have every method that the service calls, and no other', async () => {
    const used = (await called(['activities', 'worker'], clientMethods())).map(spelt);
    expect(used.length).toBeGreaterThan(25);
    const named = new Set<string>(FEATURES.flatMap((f) => f.methods));
    expect([...named].toSorted()).toEqual(used.toSorted());
  });

  test('all work with read, volumes and write; an administrator lacks nothing', () => {
    expect([...lacking(['read', 'volumes', 'write'])]).toEqual([]);
    expect([...lacking(['administrator'])]).toEqual([]);
    for (const method of FEATURES.flatMap((f) => f.methods)) {
      expect({ [method]: isPermitted(['read', 'volumes', 'write'], method) }).toEqual({ [method]: true });
    }
  });

  test('stand in docs/security.md with their methods and access types', async () => {
    const text = await readFile(`${root}docs/security.md`, 'utf8');
    const cells = text
      .split('\n')
      .map((row) =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )
      .filter((row) => row.length === 3 && /^`(Get|List|Clone|Modify|Copy)/.test(row[1]!));
    const list = (methods: readonly ApiMethod[]) => methods.map((m) => `\`${m}\``).join(', ');
    const types = (methods: readonly ApiMethod[]) =>
      [...new Set(methods.flatMap((m) => accessTypesFor(m).find((t) => USUAL.has(t)) ?? []))]
        .toSorted()
        .map((t) => `\`${t}\``)
        .join(', ');
    expect(cells).toEqual(FEATURES.map(({ name, methods }) => [name, list(methods), types(methods)]));
  });
});
