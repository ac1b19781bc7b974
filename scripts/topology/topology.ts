// The topology of docker-compose.yml as processes of this machine, for where there is no container engine.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureBinaries, postgresBin } from './binaries.ts';
import { HOSTS, PORTS, root } from './places.ts';
import { end, isAlive, launch, until, type RunningProcess } from './processes.ts';
import { postgresSpec, roleSpec, script, SERVER_ROLES, simulatorSpec, workerConfig, workerSpec } from './specs.ts';

const run = promisify(execFile);

export interface Topology {
  /** Data, logs, passwords. */
  dir: string;
  processes: RunningProcess[];
}

export interface UpOptions {
  /** PostgreSQL and Temporal only. @default false */
  serverOnly?: boolean;
  note?: (line: string) => void;
}

/** Starts everything in the order of docker-compose.yml; whatever was started is stopped again when a part fails. */
export async function up({ serverOnly = false, note = () => {} }: UpOptions = {}): Promise<Topology> {
  await ensureBinaries(note);
  const bin = await postgresBin();
  const dir = await mkdtemp(join(tmpdir(), 'element-clone-topology-'));
  const topology: Topology = { dir, processes: [] };
  const began = Date.now();
  const done = (what: string) => note(`${((Date.now() - began) / 1_000).toFixed(1)} s: ${what}`);
  try {
    await run('chmod', ['755', dir]);
    await run('sh', [join(root, 'ops/make-secrets.sh'), join(dir, 'secrets')]);
    const user = await databaseUser();
    await initDatabase(bin, dir, user);
    await begin(topology, 'postgresql', () => launch(postgresSpec(bin, dir, user)));
    done('PostgreSQL answers');
    await oneShot('schema.sh', 'temporal-schema', dir);
    done('the schemas are set up');
    const [first, ...others] = SERVER_ROLES;
    await begin(topology, first, () => launch(roleSpec(first, dir)));
    for (const role of others) topology.processes.push(launch(roleSpec(role, dir)));
    await Promise.all(others.map((role) => ready(topology, role)));
    await oneShot('namespace.sh', 'temporal-namespace', dir);
    done('Temporal has its namespace and search attributes');
    if (serverOnly) return topology;
    const password = await readFile(join(dir, 'secrets/element_password'), 'utf8');
    await begin(topology, 'simulator', () => launch(simulatorSpec(password, dir)));
    await writeFile(join(dir, 'element-clone.yaml'), workerConfig(dir));
    for (const name of ['worker-1', 'worker-2'] as const) topology.processes.push(launch(workerSpec(name, dir)));
    await Promise.all([ready(topology, 'worker-1'), ready(topology, 'worker-2')]);
    done('the simulated cluster and two workers run');
    return topology;
  } catch (err) {
    await down(topology, { keep: true });
    throw new Error(`${(err as Error).message}; the logs are in ${dir}`, { cause: err });
  }
}

async function begin(topology: Topology, name: string, start: () => RunningProcess): Promise<void> {
  topology.processes.push(start());
  await ready(topology, name);
}

/** Ends everything, last first. Connections of the server's roles to each other make some of them slow to say goodbye. */
export async function down({ dir, processes }: Topology, { keep = false } = {}): Promise<void> {
  const rank = (p: RunningProcess) => (p.name === 'postgresql' ? 2 : p.name.startsWith('temporal') ? 1 : 0);
  for (const level of [0, 1]) {
    await Promise.all(processes.filter((p) => rank(p) === level).map((p) => end(p, 'SIGTERM', 20_000)));
  }
  await Promise.all(processes.filter((p) => rank(p) === 2).map((p) => end(p, 'SIGINT')));
  if (!keep) await rm(dir, { recursive: true, force: true });
}

/** Ends one process by this signal, starts it again after `downMs`, and waits until it answers. */
export async function restart(topology: Topology, name: string, signal: NodeJS.Signals, downMs = 0): Promise<void> {
  const at = topology.processes.findIndex((p) => p.name === name);
  if (at < 0) throw new Error(`there is no process ${name}`);
  await end(topology.processes[at]!, signal);
  await new Promise((resolve) => setTimeout(resolve, downMs));
  topology.processes[at] = launch(topology.processes[at]!);
  await ready(topology, name);
}

/** What ends is started again, as docker-compose.yml has it. */
const STARTS_MAX = 5;

const ROLE_PORTS: Record<string, number> = {
  'temporal-history': 7234,
  'temporal-history-2': 7234,
  'temporal-matching': 7235,
  // Of its metrics: it serves nothing else.
  'temporal-worker': 8000,
};

async function reach(host: string, port: number): Promise<void> {
  const socket = connect({ host, port, timeout: 2_000 });
  socket.once('timeout', () => socket.destroy(new Error(`${host}:${port} does not accept connections`)));
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

/** Starts again what has ended by itself; returns the names. */
export async function supervise(topology: Topology): Promise<string[]> {
  const ended = topology.processes.filter((p) => !isAlive(p)).map((p) => p.name);
  for (const name of ended) await restart(topology, name, 'SIGKILL');
  return ended;
}

/** Resolves once the process answers where docker-compose.yml's health check asks. */
async function ready({ dir, processes }: Topology, name: string): Promise<void> {
  const at = processes.findIndex((p) => p.name === name);
  let starts = 1;
  await until(name, 120_000, async () => {
    if (!isAlive(processes[at]!)) {
      if (starts === STARTS_MAX) throw new Error(`it ended ${starts} times; see ${processes[at]!.logFile}`);
      starts += 1;
      processes[at] = launch(processes[at]!);
    }
    if (name === 'postgresql') {
      const bin = await postgresBin();
      const server = ['-h', HOSTS.postgresql, '-p', String(PORTS.postgresql), '-U', 'temporal', '-d', 'postgres'];
      await run(join(bin, 'pg_isready'), server);
    } else if (name === 'temporal-frontend') {
      const answer = await fetch(`http://${HOSTS['temporal-frontend']}:7243/api/v1/system-info`);
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    } else if (name in ROLE_PORTS) {
      await reach(HOSTS[name as keyof typeof HOSTS], ROLE_PORTS[name]!);
    } else if (name === 'simulator') {
      await fetch(`http://127.0.0.1:${PORTS.control}/state`);
    } else if (name.startsWith('worker-')) {
      const log = await readFile(join(dir, `${name}.log`), 'utf8');
      if (!log.includes('Worker started')) throw new Error('it has not said "Worker started"');
    }
  });
}

async function oneShot(file: string, service: string, dir: string): Promise<void> {
  const { command, args, env } = script(file, service, dir);
  await run(command, args, { env, timeout: 300_000, maxBuffer: 2 ** 26 });
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package made. */
async function databaseUser(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

async function initDatabase(bin: string, dir: string, user: { uid?: number; gid?: number }): Promise<void> {
  const home = join(dir, 'postgresql');
  await mkdir(home);
  const passwordFile = join(home, 'password');
  await writeFile(passwordFile, await readFile(join(dir, 'secrets/postgres_password')), { mode: 0o600 });
  if (user.uid !== undefined) for (const path of [home, passwordFile]) await chown(path, user.uid, user.gid!);
  const flags = ['--username=temporal', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--data-checksums'];
  await run(join(bin, 'initdb'), ['-D', join(home, 'data'), '--encoding=UTF8', '--locale=C.UTF-8', ...flags], {
    cwd: '/',
    ...user,
  });
  await rm(passwordFile);
}
