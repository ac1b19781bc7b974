import { Command, CommanderError } from 'commander';
import { addCancel } from './commands/cancel.ts';
import { addClone } from './commands/clone.ts';
import { addCopy } from './commands/copy.ts';
import { addCodecServer } from './commands/codec-server.ts';
import { addDoctor } from './commands/doctor.ts';
import { addInventory } from './commands/inventory.ts';
import { addFanOut } from './commands/fan-out.ts';
import { addGroup } from './commands/group.ts';
import { addLease } from './commands/lease.ts';
import { addList } from './commands/list.ts';
import { addRefresh } from './commands/refresh.ts';
import { addOrphans } from './commands/orphans.ts';
import { addRunbook } from './commands/runbook/index.ts';
import { addSchedule } from './commands/schedule/schedule.ts';
import { addShow } from './commands/show.ts';
import { addSimulator } from './commands/simulator.ts';
import { addWatch } from './commands/watch.ts';
import { addWorker } from './commands/worker.ts';
import { errorDocument, errorText, EXIT, exitCodeOf, UsageError, type ExitCode } from './errors.ts';
import type { Io } from './io.ts';
import { note, printJSON } from './output.ts';
import { plain } from './render/text.ts';
import { packageVersion } from './version.ts';

const FOOTER = `
Temporal is found by TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and the other standard TEMPORAL_* variables.
Exit codes: 0 ok, 1 the work failed, 2 bad usage or input.`;

/** Runs one command line and returns its exit code. Nothing here ends the process. */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = createProgram(io, (c) => {
    code = c;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (err) {
    if (err instanceof CommanderError) {
      if (err.exitCode === 0) return EXIT.ok;
      if (wantsJSON(args)) printJSON(io, errorDocument(new UsageError(err.message.replace(/^error: /, ''))));
      return EXIT.usage;
    }
    if (wantsJSON(args)) printJSON(io, errorDocument(err));
    note(io, io.err.colours.red(`✗ ${plain(errorText(err))}`));
    return exitCodeOf(err);
  }
}

const wantsJSON = (args: readonly string[]): boolean =>
  args.some((arg, i) => arg === '--output=json' || (arg === '--output' && args[i + 1] === 'json'));

export function createProgram(io: Io, exit: (code: ExitCode) => void): Command {
  const program = new Command('element-clone')
    .description('Durable cloning of NetApp Element (SolidFire) volumes, orchestrated by Temporal.')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showHelpAfterError('(element-clone --help shows what there is)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out.write(text),
      writeErr: (text) => io.err.write(text),
      getOutHelpWidth: () => Math.min(io.out.columns(), 120),
      getErrHelpWidth: () => Math.min(io.err.columns(), 120),
      getOutHasColors: () => io.out.colours.isColorSupported,
      getErrHasColors: () => io.err.colours.isColorSupported,
      outputError: (text, write) => write(io.err.colours.red(text)),
    })
    .configureHelp({ styleTitle: (text) => io.out.colours.bold(text) })
    .addHelpText('after', FOOTER);
  program.commandsGroup('Clones:');
  addClone(program, io, exit);
  addGroup(program, io, exit);
  addFanOut(program, io, exit);
  addRefresh(program, io, exit);
  addCopy(program, io, exit);
  addWatch(program, io, exit);
  addList(program, io, exit);
  addShow(program, io, exit);
  addCancel(program, io, exit);
  addLease(program, io, exit);
  program.commandsGroup('Larger runs:');
  addRunbook(program, io, exit);
  program.commandsGroup('Recurring:');
  addSchedule(program, io, exit);
  program.commandsGroup('What is on the clusters:');
  addInventory(program, io, exit);
  addOrphans(program, io, exit);
  program.commandsGroup('The service:');
  addWorker(program, io, exit);
  addDoctor(program, io, exit);
  addCodecServer(program, io, exit);
  addSimulator(program, io, exit);
  return program;
}
