// What docker-compose.yml says, for processes on this machine: the same commands and the same environment, other addresses.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { binDir, HOSTS, PORTS, root, TEMPORAL_ADDRESS, type Host } from './places.ts';
import type { ProcessSpec } from './processes.ts';

interface Compose {
  services: Record<string, { environment?: Record<string, string> }>;
}

export const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as Compose;

export const SERVER_ROLES = [
  'temporal-history',
  'temporal-history-2',
  'temporal-matching',
  'temporal-frontend',
  'temporal-worker',
] as const satisfies readonly Host[];

/** Of a service of docker-compose.yml, the second history that of the first. */
function environmentOf(name: Host): Record<string, string> {
  const { environment = {} } = compose.services[name.replace(/(history)-2$/, '$1')]!;
  return { ...environment };
}

const fill = (text: string, dir: string): string =>
  text
    .replace(/^\/run\/secrets/, join(dir, 'secrets'))
    .replace(/^\/ops/, join(root, 'ops/temporal'))
    .replace(/^temporal-frontend(?=:|$)/, HOSTS['temporal-frontend'])
    .replace(/^postgresql$/, HOSTS.postgresql);

const withHost = (env: Record<string, string>, host: Host, dir: string) =>
  Object.fromEntries(Object.entries(env).map(([k, v]) => [k, fill(v, dir).replace(/^0\.0\.0\.0(?=:|$)/, HOSTS[host])]));

export const PATH = `${binDir}:${process.env['PATH'] ?? ''}`;

/** A script of ops/temporal with the environment of its service. */
export const script = (file: string, service: string, dir: string) => ({
  command: 'sh',
  args: [join(root, 'ops/temporal', file)],
  env: {
    ...Object.fromEntries(
      Object.entries(compose.services[service]!.environment ?? {}).map(([k, v]) => [k, fill(v, dir)]),
    ),
    PATH,
  },
});

export function roleSpec(role: (typeof SERVER_ROLES)[number], dir: string): ProcessSpec {
  return {
    name: role,
    command: 'sh',
    args: [join(root, 'ops/temporal/server.sh')],
    env: {
      ...withHost(environmentOf(role), role, dir),
      TEMPORAL_START: join(binDir, 'temporal-server start'),
      TEMPORAL_BROADCAST_ADDRESS: HOSTS[role],
      PATH,
    },
    logFile: join(dir, `${role}.log`),
    cwd: dir,
  };
}

export function workerSpec(name: 'worker-1' | 'worker-2', dir: string): ProcessSpec {
  return {
    name,
    command: process.execPath,
    args: [join(root, 'dist/client/cli/main.js'), 'worker'],
    env: {
      ...withHost(environmentOf(name), name, dir),
      TEMPORAL_ADDRESS,
      ELEMENT_CLONE_CONFIG: join(dir, 'element-clone.yaml'),
    },
    logFile: join(dir, `${name}.log`),
    cwd: dir,
  };
}

export function simulatorSpec(password: string, dir: string): ProcessSpec {
  const flags = [
    ...['--port', String(PORTS.simulator), '--control-port', String(PORTS.control)],
    ...['--ca-dir', join(dir, 'simulator-ca'), '--ca-out', join(dir, 'ca.pem')],
  ];
  return {
    name: 'simulator',
    command: process.execPath,
    args: [join(root, 'dist/client/cli/main.js'), 'simulator', ...flags],
    env: { ELEMENT_SIM_PASSWORD: password },
    logFile: join(dir, 'simulator.log'),
    cwd: dir,
  };
}

export const workerConfig = (dir: string): string => `clusters:
  lab:
    endpoint: https://${HOSTS.simulator}:${PORTS.simulator}
    username: admin
    password: { file: ${join(dir, 'secrets/element_password')} }
    tls: { caFile: ./ca.pem }
`;

export function postgresSpec(bin: string, dir: string, user: { uid?: number; gid?: number }): ProcessSpec {
  const settings = [
    `listen_addresses=${HOSTS.postgresql}`,
    `port=${PORTS.postgresql}`,
    `unix_socket_directories=${join(dir, 'postgresql')}`,
    'max_connections=200',
  ];
  return {
    name: 'postgresql',
    command: join(bin, 'postgres'),
    args: ['-D', join(dir, 'postgresql/data'), ...settings.flatMap((s) => ['-c', s])],
    env: {},
    logFile: join(dir, 'postgresql.log'),
    cwd: '/',
    ...user,
  };
}
