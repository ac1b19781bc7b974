import pc from 'picocolors';
import type { Io, OutStream } from '../../client/cli/io.ts';

export interface FakeIo extends Io {
  stdout(): string;
  stderr(): string;
  /** Ctrl-C, as often as somebody waits for it. */
  interrupt(): void;
  /** How many commands wait for it. */
  listeners(): number;
}

/** Streams in memory, for running a command line within the test. */
export function fakeIo(
  options: { terminal?: boolean; stdin?: string; env?: NodeJS.ProcessEnv; answers?: string[] } = {},
): FakeIo {
  const { terminal = false, stdin = '', env = {}, answers = [] } = options;
  const written = { out: '', err: '' };
  const interrupts = new Set<() => void>();
  const stream = (name: 'out' | 'err'): OutStream => ({
    write: (text) => {
      written[name] += text;
    },
    terminal,
    colours: pc.createColors(false),
    columns: () => 100,
    live: async () => ({
      show: (frame) => {
        written[name] += `${frame}\n`;
      },
      end: () => {},
    }),
  });
  return {
    out: stream('out'),
    err: stream('err'),
    env,
    readStdin: async () => stdin,
    interactive: terminal,
    ask: async (question) => {
      written.err += question;
      return answers.shift() ?? '';
    },
    onInterrupt: (fn) => {
      interrupts.add(fn);
      return () => void interrupts.delete(fn);
    },
    stdout: () => written.out,
    stderr: () => written.err,
    interrupt: () => interrupts.forEach((fn) => fn()),
    listeners: () => interrupts.size,
  };
}
