import { Option, type Command } from 'commander';
import type { Io } from './io.ts';

export interface OutputOptions {
  output: 'text' | 'json';
}

/** Every command takes it; `more` are formats of this one alone. */
export const withOutput = (command: Command, more: readonly string[] = []): Command =>
  command.addOption(
    new Option('--output <format>', 'json: one JSON document, or one per line for a stream, and nothing else on stdout')
      .choices(['text', 'json', ...more])
      .default('text'),
  );

export const printLine = (io: Io, text: string): void => io.out.write(`${text}\n`);
export const printJSON = (io: Io, document: unknown): void => printLine(io, JSON.stringify(document));
/** For the person at the terminal; never part of the output. */
export const note = (io: Io, text: string): void => io.err.write(`${text}\n`);
