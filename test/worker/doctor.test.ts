import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createElementClient, type ElementClientOptions } from '../../element/index.ts';
import { startSimulator, type RunningSimulator } from '../../simulator/index.ts';
import { checkCluster } from '../../worker/doctor-cluster.ts';
import type { Check } from '../../worker/doctor.ts';

let simulator: RunningSimulator;
const PASSWORD = 'simulator';

beforeAll(async () => {
  simulator = await startSimulator({
    seed: 7,
    password: PASSWORD,
    admins: [
      { username: 'reader', password: PASSWORD, access: ['read'] },
      { username: 'cloner', password: PASSWORD, access: ['read', 'volumes'] },
      { username: 'other', password: PASSWORD, access: ['read', 'clusterAdmin', 'write'] },
      { username: 'service', password: PASSWORD, access: ['read', 'volumes', 'write'] },
      { username: 'accountant', password: PASSWORD, access: ['accounts'] },
    ],
  });
});
afterAll(() => simulator?.close());

const examined = async (options: Partial<ElementClientOptions> & { username?: string; password?: string } = {}) => {
  const { username = 'admin', password = PASSWORD, ...rest } = options;
  const settings = { endpoint: simulator.endpoint, tls: { ca: simulator.caPem }, apiVersion: undefined, ...rest };
  const api = createElementClient({
    endpoint: settings.endpoint,
    tls: settings.tls,
    credentials: () => ({ username, password }),
    ...(settings.apiVersion === undefined ? {} : { apiVersion: settings.apiVersion }),
  });
  try {
    const checks: Check[] = [];
    for await (const check of checkCluster({ alias: 'lab', api }, settings)) checks.push(check);
    return Object.fromEntries(checks.map(({ check, ...c }) => [check.replace('cluster lab: ', ''), c]));
  } finally {
    await api.close();
  }
};

describe('a cluster', () => {
  test('that is as it should be passes every check', async () => {
    const checks = await examined();
    expect(Object.keys(checks)).toEqual([
      'connection',
      'TLS',
      'credentials',
      'version',
      'limits',
      'permissions',
      'clock',
      'fullness',
    ]);
    expect(Object.values(checks).map((c) => c.ok)).toEqual(Array.from({ length: 8 }, () => 'ok'));
  });

  test('that nobody answers for: the connection, and no further check', async () => {
    const checks = await examined({ endpoint: 'https://127.0.0.1:1' });
    expect(Object.keys(checks)).toEqual(['connection']);
    expect(checks['connection']).toMatchObject({ ok: 'fail', remedy: expect.stringContaining('MVIP') as string });
  });

  test('whose certificate is not trusted', async () => {
    expect((await examined({ tls: {} }))['TLS']).toMatchObject({ ok: 'fail' });
    expect((await examined({ tls: { fingerprint: `sha256:${'0'.repeat(64)}` } }))['TLS']).toMatchObject({ ok: 'fail' });
  });

  test('whose certificate is not checked: a warning', async () => {
    expect((await examined({ tls: { insecureSkipVerify: true } }))['TLS']).toMatchObject({ ok: 'warn' });
  });

  test('that refuses the password, which is not repeated', async () => {
    const checks = await examined({ password: 'hunter2' });
    expect(checks['TLS']).toMatchObject({ ok: 'ok' });
    expect(checks['credentials']).toMatchObject({ ok: 'fail' });
    expect(JSON.stringify(checks)).not.toContain('hunter2');
  });

  test('that does not serve the configured version', async () => {
    expect((await examined({ apiVersion: '99.0' }))['version']).toMatchObject({ ok: 'fail' });
  });

  test('that is too old for some of it: a warning', async () => {
    expect((await examined({ apiVersion: '9.6' }))['version']).toMatchObject({ ok: 'warn' });
  });
});

describe('permissions', () => {
  test('of a user who may do all that is documented, by other access types than usual', async () => {
    const { permissions } = await examined({ username: 'other' });
    expect(permissions).toMatchObject({ ok: 'ok', message: 'other has read, clusterAdmin, write' });
  });

  test('of a user for the service suffice', async () => {
    expect((await examined({ username: 'service' }))['permissions']).toMatchObject({ ok: 'ok' });
  });

  test('that lack only the changes afterwards: a warning', async () => {
    const { permissions } = await examined({ username: 'cloner' });
    expect(permissions).toEqual({
      ok: 'warn',
      message:
        'cloner has read, volumes; it lacks write (for volumeAccessGroups, refreshes that swap, and the end of leases)',
      remedy: 'add write to the cluster admin',
    });
  });

  test('to read alone do not suffice', async () => {
    const { permissions } = await examined({ username: 'reader' });
    expect(permissions).toMatchObject({
      ok: 'fail',
      message: expect.stringMatching(/lacks volumes \(for clones.*groups.*, and write \(for/) as string,
      remedy: 'add volumes, write to the cluster admin',
    });
  });

  test('that do not even let it read: which calls', async () => {
    const { permissions } = await examined({ username: 'accountant' });
    expect(permissions).toMatchObject({ ok: 'fail', message: expect.stringContaining('ListVolumes') as string });
  });
});

describe('fullness', () => {
  test.each([
    ['stage2Aware', 'ok'],
    ['stage3Low', 'warn'],
    ['stage4Critical', 'fail'],
    ['stage9Unheard', 'warn'],
  ])('%s: %s', async (stage, ok) => {
    const api = createElementClient({
      endpoint: simulator.endpoint,
      tls: { ca: simulator.caPem },
      credentials: () => ({ username: 'admin', password: PASSWORD }),
    });
    const full = { ...api, getClusterFullThreshold: async () => ({ fullness: stage }) };
    try {
      let last: Check | undefined;
      const settings = { endpoint: simulator.endpoint, tls: { ca: simulator.caPem }, apiVersion: undefined };
      for await (const check of checkCluster({ alias: 'lab', api: full }, settings)) last = check;
      expect(last).toMatchObject({ check: 'cluster lab: fullness', ok });
    } finally {
      await api.close();
    }
  });
});
