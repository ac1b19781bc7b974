// One hash over everything that decides what dist/ contains. Content, not time stamps: a checkout changes the latter only.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Written by a build that succeeded; holds the hash of the sources it was made from. */
export const buildStamp = join(root, '.cache', 'build-stamp');

const inputs = [
  'workflows',
  'activities',
  'element',
  'contracts',
  'worker',
  'client',
  'simulator',
  'connection',
  'package-lock.json',
  'scripts/build.mjs',
  'types',
  'tsconfig.json',
  'tsconfig.build.json',
];

export function sourceHash() {
  const hash = createHash('sha256');
  for (const input of inputs) {
    const path = join(root, input);
    if (!existsSync(path)) continue;
    const files = input.includes('.')
      ? [path]
      : readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
          .sort();
    for (const file of files) hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}
