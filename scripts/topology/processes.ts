// Processes that outlive the command that started them, known by their number and by when they began.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How to start a process; enough to start it again. */
export interface ProcessSpec {
  name: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  logFile: string;
  cwd: string;
  /** To run as, when this process is root. */
  uid?: number;
  gid?: number;
}

export interface RunningProcess extends ProcessSpec {
  pid: number;
  /** In clock ticks since the machine started, so that a number that was given away again is not taken for ours. */
  startedAt: string;
}

export function launch(spec: ProcessSpec): RunningProcess {
  const log = openSync(spec.logFile, 'a');
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd,
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', ...spec.env },
    stdio: ['ignore', log, log],
    detached: true,
    ...(spec.uid === undefined ? {} : { uid: spec.uid, gid: spec.gid }),
  });
  closeSync(log);
  child.on('error', () => {});
  child.unref();
  if (child.pid === undefined) throw new Error(`${spec.name}: ${spec.command} could not be started`);
  return { ...spec, pid: child.pid, startedAt: startTime(child.pid) ?? '' };
}

/** Field 22 of /proc/PID/stat; the name before it may hold spaces. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export const isAlive = (p: RunningProcess): boolean => startTime(p.pid) === p.startedAt;

/** Resident memory, MB. */
export function memoryOf({ pid }: RunningProcess): number {
  const line = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(line?.[1] ?? 0) / 1_024);
}

/** Ends it by this signal; after `patienceMs` by SIGKILL. Resolves once it is gone. */
export async function end(p: RunningProcess, signal: NodeJS.Signals, patienceMs = 60_000): Promise<void> {
  if (!isAlive(p)) return;
  process.kill(p.pid, signal);
  const giveUp = Date.now() + patienceMs;
  while (isAlive(p)) {
    if (Date.now() > giveUp) process.kill(p.pid, 'SIGKILL');
    await sleep(20);
  }
}

/** Asks until it is so; the last reason goes into the error. */
export async function until(what: string, timeoutMs: number, test: () => Promise<void>): Promise<void> {
  const giveUp = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await test();
    } catch (err) {
      if (Date.now() > giveUp) {
        throw new Error(`${what} is not there after ${timeoutMs / 1_000} s: ${(err as Error).message}`, { cause: err });
      }
      await sleep(200);
    }
  }
}
