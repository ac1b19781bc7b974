import { createInterface } from 'node:readline';
import { text as readAll } from 'node:stream/consumers';
import { isatty } from 'node:tty';
import pc from 'picocolors';
import { EXIT } from './errors.ts';

export type Colours = ReturnType<typeof pc.createColors>;

/** One of the two output streams, as far as a command needs to know it. */
export interface OutStream {
  write(text: string): void;
  /** A terminal that can move its cursor. */
  readonly terminal: boolean;
  readonly colours: Colours;
  columns(): number;
  /** A frame that the next one replaces; only on a terminal. */
  live(): Promise<LiveFrame>;
}

export interface LiveFrame {
  show(frame: string): void;
  /** Leaves the last frame standing and gives the cursor back. */
  end(): void;
}

/** Everything a command touches of its process, so that tests can run commands without one. */
export interface Io {
  out: OutStream;
  err: OutStream;
  env: NodeJS.ProcessEnv;
  readStdin(): Promise<string>;
  /** Somebody at a terminal reads and answers. */
  readonly interactive: boolean;
  /** What is answered to a question; empty when the person leaves. */
  ask(question: string): Promise<string>;
  /** Calls `fn` at the first Ctrl-C instead of ending the process; a second one ends it. Returns how to take it back. */
  onInterrupt(fn: () => void): () => void;
}

const FALLBACK_COLUMNS = 80;

export function wantsColour(env: NodeJS.ProcessEnv, terminal: boolean): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0';
  return terminal;
}

function outStream(stream: NodeJS.WriteStream, fd: 1 | 2, env: NodeJS.ProcessEnv): OutStream {
  const terminal = isatty(fd) && env['TERM'] !== 'dumb';
  return {
    write: (text) => void stream.write(text),
    terminal,
    colours: pc.createColors(wantsColour(env, terminal)),
    columns: () => stream.columns || FALLBACK_COLUMNS,
    live: async () => {
      const { createLogUpdate } = await import('log-update');
      const update = createLogUpdate(stream);
      return { show: (frame) => update(frame), end: () => update.done() };
    },
  };
}

/** On stderr, so that stdout holds the output alone. Ctrl-C and Ctrl-D leave the question, not the process. */
const ask = (question: string): Promise<string> =>
  new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    let answer = '';
    lines.on('SIGINT', () => lines.close());
    lines.on('close', () => resolve(answer));
    lines.question(question, (text) => {
      answer = text;
      lines.close();
    });
  });

export function processIo(): Io {
  const { env } = process;
  // A reader that has had enough (head, less) is no error of ours.
  process.stdout.on('error', (err: NodeJS.ErrnoException) => {
    if (err.code === 'EPIPE') process.exit(0);
    throw err;
  });
  return {
    out: outStream(process.stdout, 1, env),
    err: outStream(process.stderr, 2, env),
    env,
    readStdin: () => readAll(process.stdin),
    interactive: isatty(0) && isatty(2),
    ask,
    onInterrupt: (fn) => {
      let interrupted = false;
      // Not once(): a library that restores the cursor at exit ends the process when no other listener is left.
      const listener = () => {
        if (interrupted) process.exit(EXIT.interrupted);
        interrupted = true;
        fn();
      };
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, listener);
      return () => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, listener);
      };
    },
  };
}
