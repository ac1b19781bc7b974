import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { makeCertificates } from '../../simulator/certificates.ts';
import { ConfigError, configPath, loadConfig } from '../../worker/config.ts';
import { tempDir } from '../support/temp-dir.ts';

const ENV = { LAB_PASSWORD: 'hunter2-secret' };
const FINGERPRINT = `sha256:${'ab'.repeat(32)}`;

const write = async (text: string, files: Record<string, string> = {}) => {
  const dir = await tempDir();
  for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
  const file = join(dir, 'element-clone.yaml');
  await writeFile(file, text);
  return { dir, file };
};

const load = async (text: string, files?: Record<string, string>, env: NodeJS.ProcessEnv = ENV) =>
  loadConfig((await write(text, files)).file, env);

const faultsOf = async (text: string, files?: Record<string, string>, env?: NodeJS.ProcessEnv) => {
  const error = await load(text, files, env).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).faults;
};

const cluster = (lines: string) => `clusters:\n  lab:\n${lines.replace(/^/gm, '    ')}\n`;
const MINIMAL = 'endpoint: https://10.0.0.5\nusername: admin\npassword: { env: LAB_PASSWORD }';

describe('a configuration', () => {
  test('as the documentation shows it', async () => {
    const config = await load(
      cluster(
        'endpoint: https://127.0.0.1:8443\napiVersion: "12.5"\nusername: admin\npassword: { env: LAB_PASSWORD }\ntls: { caFile: ./lab-ca.pem }',
      ),
      { 'lab-ca.pem': makeCertificates().caPem },
    );
    expect(config.clusters['lab']).toMatchObject({
      endpoint: 'https://127.0.0.1:8443',
      apiVersion: '12.5',
      tls: { ca: expect.stringContaining('BEGIN CERTIFICATE') as string },
    });
    expect(await config.clusters['lab']!.credentials()).toEqual({ username: 'admin', password: 'hunter2-secret' });
  });

  test('needs only address and credentials; the rest has defaults', async () => {
    expect((await load(cluster(MINIMAL))).clusters['lab']).toMatchObject({
      apiVersion: undefined,
      tls: {},
      timeoutSeconds: 30,
      settleSeconds: 30,
      pollCapSeconds: 120,
      stallSeconds: 300,
      maxConnections: 8,
    });
  });

  test('takes a pinned fingerprint, and no check at all only when it is spelled out', async () => {
    const pinned = await load(cluster(`${MINIMAL}\ntls: { fingerprint: "${FINGERPRINT}" }`));
    expect(pinned.clusters['lab']!.tls).toEqual({ fingerprint: FINGERPRINT });
    const open = await load(cluster(`${MINIMAL}\ntls: { insecureSkipVerify: true }`));
    expect(open.clusters['lab']!.tls).toEqual({ insecureSkipVerify: true });
    expect(await faultsOf(cluster(`${MINIMAL}\ntls: { insecureSkipVerify: yes }`))).toHaveLength(1);
  });

  test('reads secrets anew at each use, so that a rotated one needs no restart', async () => {
    const { dir, file } = await write(
      cluster('endpoint: https://10.0.0.5\nusername: { env: LAB_USER }\npassword: { file: secret }'),
      { secret: 'first\n' },
    );
    const env: NodeJS.ProcessEnv = { LAB_USER: 'ann' };
    const { credentials } = (await loadConfig(file, env)).clusters['lab']!;
    expect(await credentials()).toEqual({ username: 'ann', password: 'first' });
    await writeFile(join(dir, 'secret'), 'second');
    env['LAB_USER'] = 'bob';
    expect(await credentials()).toEqual({ username: 'bob', password: 'second' });
  });

  test('never shows a secret, however it is printed', async () => {
    const config = await load(cluster(MINIMAL));
    for (const text of [inspect(config, { depth: 9 }), JSON.stringify(config)]) {
      expect(text).not.toContain('hunter2');
    }
  });

  test('is where ELEMENT_CLONE_CONFIG says', () => {
    expect(configPath({ ELEMENT_CLONE_CONFIG: '/etc/ec.yaml' })).toBe('/etc/ec.yaml');
    expect(configPath({})).toBe('./element-clone.yaml');
  });
});

describe('what is wrong with it', () => {
  test('comes all at once, each with its place in the file', async () => {
    const faults = await faultsOf(
      cluster(
        'endpoint: http://10.0.0.5/json-rpc\napiVersion: 12.5\nusername: admin\npassword: hunter2-secret\nretries: 3\ntls: { caFile: absent.pem }',
      ),
    );
    expect(faults).toHaveLength(5);
    const text = faults.join('\n');
    expect(text).toMatch(/clusters\.lab\.endpoint \(line 3, column \d+\): must be https/);
    expect(text).toMatch(/clusters\.lab\.apiVersion \(line 4, column \d+\): must be text in quotes/);
    expect(text).toMatch(/clusters\.lab\.password \(line 6, column \d+\): must be \{ env: VARIABLE \}/);
    expect(text).toMatch(/clusters\.lab\.retries \(line 7, column \d+\): unknown key/);
    expect(text).toMatch(/clusters\.lab\.tls\.caFile \(line 8, column \d+\): .*no such file/);
  });

  test('an authority that is no certificate', async () => {
    const [fault] = await faultsOf(cluster(`${MINIMAL}\ntls: { caFile: ./notes.txt }`), { 'notes.txt': 'not PEM' });
    expect(fault).toContain('it holds no certificate');
  });

  test('does not repeat a password that was written into the file', async () => {
    const faults = await faultsOf(cluster('endpoint: https://10.0.0.5\nusername: admin\npassword: hunter2-secret'));
    expect(faults.join('\n')).not.toContain('hunter2');
  });

  test.each([
    'http://10.0.0.5',
    'https://10.0.0.5/json-rpc/12.5',
    'https://admin:pw@10.0.0.5',
    'https://10.0.0.5?x=1',
    '10.0.0.5',
    'https://',
  ])('an endpoint like %s', async (endpoint) => {
    const [fault] = await faultsOf(cluster(`endpoint: ${endpoint}\nusername: admin\npassword: { env: LAB_PASSWORD }`));
    expect(fault).toContain('clusters.lab.endpoint');
  });

  test.each([
    ['an environment variable that is not set', '{ env: NO_SUCH_VARIABLE }', 'NO_SUCH_VARIABLE is not set'],
    ['a secret file that is not there', '{ file: ./absent }', 'no such file'],
    ['a secret file that is a folder', '{ file: . }', 'it is a folder'],
    ['a secret file that is empty', '{ file: ./empty }', 'is empty'],
  ])('%s', async (_name, password, words) => {
    const text = cluster(`endpoint: https://10.0.0.5\nusername: admin\npassword: ${password}`);
    const [fault, ...others] = await faultsOf(text, { empty: '' });
    expect(fault).toMatch(/^clusters\.lab\.password \(line 5, column \d+\): /);
    expect(fault).toContain(words);
    expect(others).toEqual([]);
  });

  test.each([
    ['a fingerprint of the wrong length', `${MINIMAL}\ntls: { fingerprint: "sha256:abcd" }`, 'tls'],
    ['a version that is none', `${MINIMAL}\napiVersion: "twelve"`, 'apiVersion'],
    ['a time-out of nothing', `${MINIMAL}\ntimeoutSeconds: 0`, 'timeoutSeconds'],
    ['a password that is missing', 'endpoint: https://10.0.0.5\nusername: admin', 'password'],
  ])('%s', async (_name, lines, field) => {
    const faults = await faultsOf(cluster(lines));
    expect(faults.join('\n')).toContain(`clusters.lab.${field}`);
  });

  test.each([
    ['no cluster at all', 'clusters: {}'],
    ['an alias with a space', `clusters: { "a b": ${JSON.stringify({ endpoint: 'https://10.0.0.5' })} }`],
    ['a file that holds nothing', ''],
    ['a file that holds a list', '- a\n- b\n'],
  ])('%s', async (_name, text) => {
    expect((await faultsOf(text)).length).toBeGreaterThan(0);
  });

  test('a file that is no YAML', async () => {
    const [fault] = await faultsOf('clusters: [');
    expect(fault).toContain('is not YAML');
  });

  test('a file that is not there: what to do', async () => {
    const error = await loadConfig('/no/such/element-clone.yaml', {}).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toContain('/no/such/element-clone.yaml: cannot be read (no such file)');
    expect((error as Error).message).toContain('ELEMENT_CLONE_CONFIG');
  });
});
