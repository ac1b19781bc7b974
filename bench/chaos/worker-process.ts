// A worker as its own process, which chaos ends by signals and starts again.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const exitWithParent = new URL('../../scripts/exit-with-parent.mjs', import.meta.url).href;

/** How to run a worker: arguments for Node, in the root of the checkout, and what its environment adds. */
export interface WorkerCommand {
  args: readonly string[];
  env?: Record<string, string>;
}

/** The worker of the build, as `npx element-clone worker` runs it. */
export const BUILT_WORKER: WorkerCommand = { args: ['dist/client/cli/main.js', 'worker'] };

export interface WorkerProcess {
  /** Resolves once it polls for the first time. */
  ready(): Promise<void>;
  /** Ends the process by this signal, and starts another one after `downMs`. Blows come one after the other. */
  blow(signal: NodeJS.Signals, downMs: number): Promise<void>;
  /** The process stands still for so long, as on a machine that is suspended, and goes on. */
  freeze(forMs: number): Promise<void>;
  /** What it said before it ended without being told to, once for each time. */
  readonly crashes: readonly string[];
  stop(): Promise<void>;
}

/** A worker told to stop may end the calls it has under way. */
const PATIENCE_MS = 60_000;
const RESTART_MS = 1_000;

export function startWorker(command: WorkerCommand, env: Record<string, string>, logFile: string): WorkerProcess {
  const log = createWriteStream(logFile, { flags: 'a' });
  const crashes: string[] = [];
  let child: ChildProcess;
  let polls: Promise<void>;
  let expected = false;
  let stopped = false;
  let busy: Promise<void> = Promise.resolve();

  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const launch = () => {
    expected = false;
    // Even a run that is killed outright leaves no worker behind.
    const started = spawn(process.execPath, ['--import', exitWithParent, ...command.args], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...withoutTemporal(process.env), ...command.env, ...env, ELEMENT_CLONE_LAUNCHER: String(process.pid) },
    });
    child = started;
    let said = '';
    polls = new Promise((resolve, reject) => {
      started.stderr.on('data', (chunk: Buffer) => {
        log.write(chunk);
        said = `${said}${chunk.toString()}`.slice(-2_000);
        if (said.includes('Worker started')) resolve();
      });
      started.once('exit', (code) => reject(new Error(`The worker ended at once (exit code ${code}):\n${said}`)));
    });
    polls.catch(() => {});
    started.once('exit', (code, signal) => {
      if (expected || stopped) return;
      crashes.push(`exit code ${code}, signal ${signal}: ${said.trim().split('\n').slice(-3).join(' | ')}`);
      // As a supervisor would.
      setTimeout(() => stopped || child !== started || launch(), RESTART_MS).unref();
    });
  };
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    expected = true;
    child.kill(signal);
    const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    await ended;
    clearTimeout(impatience);
  };

  launch();
  return {
    ready: () => polls,
    blow(signal, downMs) {
      busy = busy.then(async () => {
        await end(signal);
        await sleep(downMs);
        if (!stopped) launch();
      });
      return busy;
    },
    freeze(forMs) {
      busy = busy.then(async () => {
        const frozen = child;
        frozen.kill('SIGSTOP');
        await sleep(forMs);
        frozen.kill('SIGCONT');
      });
      return busy;
    },
    crashes,
    async stop() {
      stopped = true;
      await busy;
      await end('SIGTERM');
      process.removeListener('exit', killAtExit);
      log.end();
    },
  };
}

/** A caller's own Temporal must not be met. */
const withoutTemporal = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));
