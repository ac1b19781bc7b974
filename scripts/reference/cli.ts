// docs/reference/cli.md: what --help says of each command, made from the program itself.
import type { Command } from 'commander';
import pc from 'picocolors';
import type { Io, OutStream } from '../../client/cli/io.ts';
import { createProgram } from '../../client/cli/program.ts';

const COLUMNS = 100;

const HEAD = `# Command line

What \`--help\` says of each command; made from the program by \`npm run reference\`.
`;

/** The commands that do something, by their full name, without those that hold others. */
export function commands(program: Command): [name: string, command: Command][] {
  const below = (command: Command, path: string): [string, Command][] =>
    command.commands.flatMap((c) => {
      const name = `${path} ${c.name()}`;
      return [[name, c] as [string, Command], ...below(c, name)];
    });
  return below(program, program.name());
}

/** The program with streams that end here. */
export function programForReading(write: (text: string) => void): Command {
  const stream: OutStream = {
    write,
    terminal: false,
    colours: pc.createColors(false),
    columns: () => COLUMNS,
    live: () => Promise.reject(new Error('not a terminal')),
  };
  const io: Io = {
    ...{ out: stream, err: stream, env: {}, interactive: false },
    ...{ readStdin: async () => '', ask: async () => '', onInterrupt: () => () => {} },
  };
  return createProgram(io, () => {});
}

/** The page, before Prettier. */
export function cliPage(): string {
  let said = '';
  const program = programForReading((text) => {
    said += text;
  });
  const helpOf = (command: Command) => {
    said = '';
    command.outputHelp();
    return `\`\`\`text\n${said.trim()}\n\`\`\`\n`;
  };
  const parts = [HEAD, helpOf(program)];
  for (const [name, command] of commands(program)) parts.push(`## ${name}\n`, helpOf(command));
  return parts.join('\n');
}
