import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { makeCertificates } from '../../simulator/certificates.ts';
import { configPath, loadConfig } from '../../worker/config.ts';
import { tempDir } from '../support/temp-dir.ts';
import { faultsOf, LAB, loaded, PASSWORD, SECRET } from './config-file.ts';

describe('a configuration that can be used', () => {
  test('needs an endpoint, a username and where the password is; the rest has defaults', async () => {
    const { config } = await loaded([...LAB, PASSWORD]);
    expect(Object.keys(config.clusters)).toEqual(['lab']);
    expect(config.clusters['lab']).toMatchObject({
      endpoint: 'https://10.0.0.5',
      apiVersion: undefined,
      tls: {},
      timeoutSeconds: 30,
      settleSeconds: 30,
      pollCapSeconds: 120,
      stallSeconds: 300,
      rotationSeconds: 300,
      maxConnections: 8,
    });
    expect(await config.clusters['lab']?.credentials()).toEqual({ username: 'admin', password: SECRET });
  });

  test.each([
    ['https://10.0.0.5/', 'https://10.0.0.5'],
    ['https://10.0.0.5:443', 'https://10.0.0.5'],
    ['https://127.0.0.1:8443', 'https://127.0.0.1:8443'],
    ['https://MVIP.Example.com', 'https://mvip.example.com'],
    ['"https://[fd00::1]:8443"', 'https://[fd00::1]:8443'],
  ])('takes %s as an endpoint', async (written, endpoint) => {
    const lines = ['clusters:', '  lab:', `    endpoint: ${written}`, '    username: admin', PASSWORD];
    expect((await loaded(lines)).config.clusters['lab']?.endpoint).toBe(endpoint);
  });

  test('finds secrets and authorities from the folder it lies in', async () => {
    const { caPem } = makeCertificates();
    const lines = [...LAB.slice(0, 3), '    username: { file: ./user }', '    password: { file: ./lab }'];
    const { config } = await loaded([...lines, '    tls: { caFile: ./ca.pem }'], {
      user: 'cloner\r\n',
      lab: `${SECRET}\n`,
      'ca.pem': caPem,
    });
    expect(config.clusters['lab']?.tls).toEqual({ ca: caPem });
    expect(await config.clusters['lab']?.credentials()).toEqual({ username: 'cloner', password: SECRET });
  });

  test.each([
    [`{ fingerprint: "sha256:${'ab'.repeat(32)}" }`, { fingerprint: `sha256:${'ab'.repeat(32)}` }],
    ['{ insecureSkipVerify: true }', { insecureSkipVerify: true }],
  ])('takes tls: %s', async (written, tls) => {
    expect((await loaded([...LAB, PASSWORD, `    tls: ${written}`])).config.clusters['lab']?.tls).toEqual(tls);
  });

  test('reads a rotated secret without a restart', async () => {
    const { config, folder } = await loaded([...LAB, '    password: { file: lab }'], { lab: 'old' });
    await writeFile(join(folder, 'lab'), 'new\n');
    expect(await config.clusters['lab']?.credentials()).toMatchObject({ password: 'new' });
    const env = { LAB_PASSWORD: 'old' };
    const other = await loaded([...LAB, PASSWORD], {}, env);
    env.LAB_PASSWORD = 'new';
    expect(await other.config.clusters['lab']?.credentials()).toMatchObject({ password: 'new' });
  });

  test('shows a cluster without its secrets', async () => {
    const { config } = await loaded([...LAB, PASSWORD]);
    expect(inspect(config)).toContain('ClusterConfig(https://10.0.0.5)');
    const everything = inspect(config, { depth: Infinity, showHidden: true, customInspect: false });
    expect(everything + JSON.stringify(config)).not.toContain(SECRET);
  });

  test('is ./element-clone.yaml unless ELEMENT_CLONE_CONFIG says otherwise', () => {
    expect(configPath({})).toBe('./element-clone.yaml');
    expect(configPath({ ELEMENT_CLONE_CONFIG: '/etc/clone.yaml' })).toBe('/etc/clone.yaml');
  });
});

describe('what it refers to is looked at', () => {
  test.each<[what: string, line: string, fault: string]>([
    [
      'a variable that is not set',
      'password: { env: NOT_SET }',
      'clusters.lab.password (line 5, column 15): the environment variable NOT_SET is not set; set it, or name another one',
    ],
    [
      'a secret file that is not there',
      'password: { file: ./none }',
      'clusters.lab.password (line 5, column 15): the secret file ./none cannot be read (no such file); put it there, or name another one',
    ],
    [
      'a secret file that is a folder',
      'password: { file: . }',
      'clusters.lab.password (line 5, column 15): the secret file . cannot be read (it is a folder); put it there, or name another one',
    ],
    [
      'an empty secret file',
      'password: { file: ./empty }',
      'clusters.lab.password (line 5, column 15): the secret file ./empty is empty; write the secret into it',
    ],
  ])('%s', async (_what, line, fault) => {
    expect(await faultsOf([...LAB, `    ${line}`], { empty: '\n' })).toEqual([fault]);
  });

  test.each([
    ['none.pem', 'no such file'],
    ['empty', 'it holds no certificate'],
    ['key.pem', 'it holds no certificate'],
  ])('authorities in %s: %s', async (name, why) => {
    const files = { empty: '', 'key.pem': makeCertificates().privateKeyPem };
    expect(await faultsOf([...LAB, PASSWORD, `    tls: { caFile: ${name} }`], files)).toEqual([
      `clusters.lab.tls.caFile (line 6, column 20): cannot be used (${why}); name a file of certificates in PEM form`,
    ]);
  });
});

describe('a file that is no configuration', () => {
  test.each<[what: string, lines: string[], fault: string]>([
    ['is empty', [], 'the file: must be YAML with the key "clusters"'],
    ['is text', ['hello'], 'the file (line 1, column 1): must be YAML with the key "clusters"'],
    ['names no cluster', ['clusters: {}'], 'clusters (line 1, column 11): must name at least one cluster'],
    ['lists its clusters', ['clusters: []'], 'clusters (line 1, column 11): must name at least one cluster'],
    ['has text for a cluster', ['clusters:', '  lab: x'], 'clusters.lab (line 2, column 8): must have an endpoint'],
  ])('%s', async (_what, lines, fault) => {
    expect((await faultsOf(lines))[0]).toContain(fault);
  });

  test.each([
    `"${SECRET}`,
    `@${SECRET}`,
    `"a" ${SECRET}`,
    `*${SECRET}`,
    `>${SECRET}`,
    `%${SECRET}: a: b`,
    `{ ${SECRET}`,
    `[*${SECRET}]`,
  ])('is not YAML because of password: %s, which is not shown', async (password) => {
    expect((await faultsOf([...LAB, `    password: ${password}`]))[0]).toMatch(/in quotes$/);
  });

  test('is not there', async () => {
    const file = join(await tempDir(), 'none.yaml');
    await expect(loadConfig(file, {})).rejects.toThrow(
      `${file}: cannot be read (no such file); create it, or name another file in ELEMENT_CLONE_CONFIG`,
    );
  });

  test('is a folder', async () => {
    const folder = join(await tempDir(), 'folder');
    await mkdir(folder);
    await expect(loadConfig(folder, {})).rejects.toThrow('cannot be read (it is a folder)');
  });
});
