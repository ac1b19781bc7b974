import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HOSTS } from '../../scripts/topology/places.ts';
import { end, isAlive, launch, until } from '../../scripts/topology/processes.ts';
import { compose, roleSpec, script, SERVER_ROLES, workerSpec } from '../../scripts/topology/specs.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('the topology by hand is that of docker-compose.yml', () => {
  const names = Object.keys(compose.services);
  const values = (env: Record<string, string>) => Object.entries(env).filter(([key]) => key !== 'PATH');

  test.each(SERVER_ROLES)('%s has the environment of its service, at an address of its own', (role) => {
    const { env } = roleSpec(role, '/tmp/topology');
    const service = compose.services[role.replace('-2', '')]!.environment!;
    expect(Object.keys(env)).toEqual(expect.arrayContaining(Object.keys(service)));
    expect(env).toMatchObject({
      TEMPORAL_SERVICES: service['TEMPORAL_SERVICES'],
      NUM_HISTORY_SHARDS: service['NUM_HISTORY_SHARDS'],
      BIND_ON_IP: HOSTS[role],
      POSTGRES_SEEDS: HOSTS.postgresql,
      PROMETHEUS_ENDPOINT: `${HOSTS[role]}:8000`,
      POSTGRES_PASSWORD_FILE: '/tmp/topology/secrets/postgres_password',
    });
    for (const [key, value] of values(env)) {
      expect({ key, value, isContainer: names.some((n) => value === n || value.startsWith(`${n}:`)) }).toEqual({
        ...{ key, value },
        isContainer: false,
      });
    }
  });

  test('no address is given twice', () => {
    expect(new Set(Object.values(HOSTS)).size).toBe(Object.values(HOSTS).length);
  });

  test('set-up scripts and workers are told where things are here', () => {
    expect(script('namespace.sh', 'temporal-namespace', '/tmp/topology').env).toMatchObject({
      TEMPORAL_ADDRESS: `${HOSTS['temporal-frontend']}:7233`,
    });
    expect(script('schema.sh', 'temporal-schema', '/tmp/topology').env).toMatchObject({ SQL_HOST: HOSTS.postgresql });
    expect(workerSpec('worker-1', '/tmp/topology').env).toMatchObject({
      TEMPORAL_ADDRESS: `${HOSTS['temporal-frontend']}:7233`,
      ELEMENT_CLONE_MONITORING: `${HOSTS['worker-1']}:9464`,
    });
  });
});

describe.runIf(process.platform === 'linux')('a process of the topology', () => {
  const start = async () => {
    const dir = await tempDir();
    const args = ['-e', 'process.on("SIGTERM", () => {}); console.log("ready"); setInterval(() => {}, 1e6)'];
    const logFile = join(dir, 'log');
    const p = launch({ name: 'stubborn', command: process.execPath, args, env: {}, logFile, cwd: dir });
    onTestFinished(() => end(p, 'SIGKILL'));
    return p;
  };

  test('is told from another one that got its number', async () => {
    const p = await start();
    expect(isAlive(p)).toBe(true);
    expect(isAlive({ ...p, startedAt: '1' })).toBe(false);
    await end(p, 'SIGKILL');
    expect(isAlive(p)).toBe(false);
  });

  test('that does not end when told to is killed', async () => {
    const p = await start();
    await end(p, 'SIGTERM', 0);
    expect(isAlive(p)).toBe(false);
  });

  test('that never answers is given up with the last reason', async () => {
    const never = () => Promise.reject(new Error('nobody is there'));
    await expect(until('frontend', 0, never)).rejects.toThrow('frontend is not there after 0 s: nobody is there');
  });
});
