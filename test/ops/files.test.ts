import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { SEARCH_ATTRIBUTE_TYPES } from '../../contracts/names.ts';
import { makeCertificates } from '../../simulator/certificates.ts';
import { loadConfig } from '../../worker/config.ts';
import { tempDir } from '../support/temp-dir.ts';
import { compose, read, root } from './compose.ts';

const run = promisify(execFile);

describe('ops/make-secrets.sh', () => {
  const make = (dir: string) => run('sh', [`${root}ops/make-secrets.sh`, dir]);
  const readAll = (dir: string) =>
    Promise.all(Object.keys(compose.secrets).map((name) => readFile(join(dir, name), 'utf8')));

  test('makes a password of its own for each secret, in a folder that others cannot enter', async () => {
    const dir = join(await tempDir(), 'secrets');
    await make(dir);
    const made = await readAll(dir);
    expect(new Set(made).size).toBe(3);
    for (const secret of made) expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  test('leaves alone what there is', async () => {
    const dir = join(await tempDir(), 'secrets');
    await make(dir);
    const before = await readAll(dir);
    expect((await make(dir)).stdout).toBe('');
    expect(await readAll(dir)).toEqual(before);
  });
});

test('the workers of docker-compose.yml can use their configuration', async () => {
  const dir = await tempDir();
  const secret = join(dir, 'password');
  await writeFile(secret, 'x');
  await mkdir(join(dir, 'simulator'));
  await writeFile(join(dir, 'simulator/ca.pem'), makeCertificates().caPem);
  const text = read('ops/element-clone.yaml');
  expect(text).toContain('/run/secrets/element_password');
  await writeFile(join(dir, 'element-clone.yaml'), text.replace('/run/secrets/element_password', secret));
  const { clusters } = await loadConfig(join(dir, 'element-clone.yaml'));
  expect(clusters['lab']).toMatchObject({ endpoint: 'https://simulator:8443' });
});

test('namespace.sh registers every search attribute, with its type', () => {
  const registered = [...read('ops/temporal/namespace.sh').matchAll(/^insist ensure_attribute (\w+) (\w+)$/gm)];
  expect(Object.fromEntries(registered.map(([, name, type]) => [name, type!.toUpperCase()]))).toEqual(
    SEARCH_ATTRIBUTE_TYPES,
  );
});

describe('Dockerfile', () => {
  const lines = read('Dockerfile').split('\n');

  test('builds on one pinned image, in stages, and runs as nobody special', () => {
    expect(lines).toContainEqual(expect.stringMatching(/^ARG NODE_IMAGE=node:22\.\d+\.\d+-bookworm-slim$/));
    const stages = lines.filter((l) => l.startsWith('FROM '));
    expect(stages.length).toBeGreaterThan(2);
    for (const stage of stages) expect(stage).toMatch(/^FROM \$\{NODE_IMAGE\}/);
    expect(lines.filter((l) => l.startsWith('USER '))).toEqual(['USER 1000:1000']);
    expect(lines.some((l) => l.startsWith('HEALTHCHECK '))).toBe(true);
    expect(lines.find((l) => l.startsWith('ENTRYPOINT '))).toContain('tini');
  });

  test('copies what is there and what .dockerignore lets through', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((l) => l.startsWith('!'))
      .map((l) => l.slice(1));
    const copied = lines
      .filter((l) => l.startsWith('COPY ') && !l.includes('--from='))
      .flatMap((l) => l.split(' ').slice(1, -1));
    expect(copied.length).toBeGreaterThan(10);
    for (const path of copied) {
      expect({ path, there: existsSync(`${root}${path}`) }).toEqual({ path, there: true });
      expect(allowed.some((a) => path === a || path.startsWith(`${a}/`))).toBe(true);
    }
  });
});

test('one-bridge.mjs leaves the binary of this machine only', async () => {
  const bridge = join('node_modules', '@temporalio', 'core-bridge');
  const dir = await tempDir();
  const there = join(dir, bridge);
  const arch = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  await mkdir(join(there, 'sdk-core'), { recursive: true });
  for (const release of ['aarch64', 'x86_64'].map((a) => `${a}-unknown-linux-gnu`)) {
    await mkdir(join(there, 'releases', release), { recursive: true });
  }
  await writeFile(join(dir, 'package.json'), '{}');
  await writeFile(join(there, 'package.json'), '{"main":"index.js"}');
  await writeFile(join(there, 'index.js'), '');
  await copyFile(`${root}ops/docker/one-bridge.mjs`, join(dir, 'one-bridge.mjs'));
  if (process.platform !== 'linux') {
    await expect(run(process.execPath, ['one-bridge.mjs'], { cwd: dir })).rejects.toThrow(/has no binary for/);
    return;
  }
  const { stdout } = await run(process.execPath, ['one-bridge.mjs'], { cwd: dir });
  expect(stdout).toContain(`${arch}-unknown-linux-gnu is left`);
  expect(existsSync(join(there, 'sdk-core'))).toBe(false);
  expect(existsSync(join(there, 'releases', `${arch}-unknown-linux-gnu`))).toBe(true);
  const other = arch === 'x86_64' ? 'aarch64' : 'x86_64';
  expect(existsSync(join(there, 'releases', `${other}-unknown-linux-gnu`))).toBe(false);
});
