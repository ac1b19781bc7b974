import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { SERVER_VERSION } from '../../scripts/topology/places.ts';
import { WORKER_TUNING } from '../../worker/tuning.ts';
import { compose, read, root, services } from './compose.ts';

const run = promisify(execFile);
const ONE_SHOTS = ['temporal-schema', 'temporal-namespace'];
const SECRET_FILE = /^\/run\/secrets\/(\w+)$/;

describe('docker-compose.yml', () => {
  test('has all that a clone needs, and all that shows it', () => {
    expect(services.map(([name]) => name).sort()).toEqual(
      [
        ...['postgresql', 'temporal-schema', 'temporal-frontend', 'temporal-history', 'temporal-matching'],
        ...['temporal-worker', 'temporal-namespace', 'temporal-ui', 'worker-1', 'worker-2', 'simulator'],
        ...['prometheus', 'grafana'],
      ].sort(),
    );
  });

  test.each(services)('%s is pinned to a version', (_name, { image }) => {
    expect(image).toMatch(/^[a-z]+(\/[a-z-]+)?(-clone)?:v?\d+\.\d+(\.\d+)?(-bookworm)?$/);
  });

  test('the versions are those of the package and of the topology by hand', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    for (const name of ['worker-1', 'worker-2', 'simulator']) {
      expect(compose.services[name]!.image).toBe(`element-clone:${version}`);
    }
    // Several builds of one image at once would race for its name.
    expect(services.filter(([, { build }]) => build).map(([name]) => name)).toEqual(['simulator']);
    expect(compose.services['temporal-history']!.image).toBe(`temporalio/server:${SERVER_VERSION}`);
    expect(compose.services['temporal-schema']!.image).toBe(`temporalio/admin-tools:${SERVER_VERSION}`);
  });

  test.each(services)('%s may do little: no root, nothing to write to, no capability, bounded', (_name, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      user: expect.stringMatching(/^[1-9]\d*:\d+$/),
      deploy: {
        resources: { limits: { cpus: expect.stringMatching(/^\d\.\d$/), memory: expect.stringMatching(/^\d+[MG]$/) } },
      },
      logging: { options: { 'max-size': expect.any(String) } },
    });
    expect(service.deploy.resources.limits.pids).toBeGreaterThan(0);
    for (const mount of service.tmpfs ?? []) expect(mount).toMatch(/:size=\d+m,/);
  });

  test.each(services)('%s is watched and started again', (name, { healthcheck, restart }) => {
    if (ONE_SHOTS.includes(name)) {
      expect(restart).toMatch(/^on-failure:\d+$/);
      return;
    }
    expect(restart).toBe('unless-stopped');
    expect(healthcheck).toMatchObject({
      interval: expect.any(String),
      timeout: expect.any(String),
      retries: expect.any(Number),
    });
    expect(healthcheck.test?.[0]).toBe('CMD');
  });

  test('publishes ports on the loopback address only', () => {
    const published = services.flatMap(([, { ports = [] }]) => ports);
    expect(published.length).toBeGreaterThan(3);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    expect(compose.services['postgresql']).not.toHaveProperty('ports');
  });

  test('has secrets as files and nowhere else', () => {
    const declared = Object.keys(compose.secrets);
    for (const [name, { file }] of Object.entries(compose.secrets)) expect(file).toBe(`./.secrets/${name}`);
    const used = new Set<string>();
    for (const [name, { environment = {}, secrets = [] }] of services) {
      for (const secret of secrets) used.add(secret);
      for (const [key, value] of Object.entries(environment)) {
        if (!/passw|secret|token|pwd|api_?key/i.test(key)) continue;
        const [, secret] = SECRET_FILE.exec(value) ?? [];
        expect({ name, key, secret }).toEqual({ name, key, secret: expect.any(String) });
        expect(secrets).toContain(secret);
      }
    }
    expect([...used].sort()).toEqual(declared.sort());
    expect(read('.gitignore').split('\n')).toContain('.secrets/');
    expect(
      read('.dockerignore')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))[0],
    ).toBe('*');
  });

  test('mounts what is there, and what is ours read-only', () => {
    for (const [name, { volumes = [] }] of services) {
      for (const volume of volumes) {
        const [source = '', , mode] = volume.split(':');
        if (!source.startsWith('.')) {
          expect(Object.keys(compose.volumes)).toContain(source);
          continue;
        }
        expect({ name, volume, mode, there: existsSync(`${root}${source}`) }).toEqual({
          name,
          volume,
          mode: 'ro',
          there: true,
        });
      }
    }
  });

  test('waits for what must be finished, not only started', () => {
    for (const [, { depends_on = {} }] of services) {
      for (const [on, { condition }] of Object.entries(depends_on)) {
        expect(condition).toBe(ONE_SHOTS.includes(on) ? 'service_completed_successfully' : 'service_healthy');
      }
    }
  });

  test('lets a worker end its calls before it is killed', () => {
    const grace = Number.parseInt(compose.services['worker-1']!.stop_grace_period!, 10);
    expect(grace).toBeGreaterThan(Number.parseInt(WORKER_TUNING.shutdownForceTime, 10));
  });

  test('every Prometheus target is a service', () => {
    const targets = read('ops/prometheus/prometheus.yml').match(/[a-z0-9-]+(?=:\d+)/g)!;
    const known = [...services.map(([name]) => name)];
    for (const target of targets.filter((t) => /[a-z]/.test(t))) expect(known).toContain(target);
  });

  test('is understood by docker compose', async (context) => {
    const command = await dockerCompose();
    if (command === undefined) return context.skip('docker compose is not installed here');
    const [file = '', ...args] = command;
    const { stdout } = await run(file, [...args, '--file', `${root}docker-compose.yml`, 'config', '--format', 'json']);
    const understood = JSON.parse(stdout) as { services: Record<string, { user: string; read_only: boolean }> };
    expect(Object.keys(understood.services).sort()).toEqual(services.map(([name]) => name).sort());
    for (const service of Object.values(understood.services)) expect(service.read_only).toBe(true);
  });
});

/** The plugin, or the program by itself; ELEMENT_CLONE_DOCKER_COMPOSE names another one. */
async function dockerCompose(): Promise<string[] | undefined> {
  const named = process.env['ELEMENT_CLONE_DOCKER_COMPOSE'];
  for (const command of [...(named === undefined ? [] : [[named]]), ['docker', 'compose'], ['docker-compose']]) {
    const [file = '', ...args] = command;
    const answer = await run(file, [...args, 'version', '--short']).catch(() => undefined);
    if (answer !== undefined && /^v?[2-9]\./.test(answer.stdout)) return command;
  }
  return undefined;
}
