import type { Command } from 'commander';
import type { ExitCode } from '../../errors.ts';
import type { Io } from '../../io.ts';
import { addCancel } from './cancel.ts';
import { addDecisions } from './decide.ts';
import { addList } from './list.ts';
import { addRun } from './run.ts';
import { addShow } from './show.ts';
import { addValidate } from './validate.ts';

export function addRunbook(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const runbook = program
    .command('runbook')
    .summary('check and run documents of steps, approve, watch')
    .description(
      'Checks and runs documents of steps (see docs/runbooks.md), and decides over those that wait for an approval.',
    )
    .helpCommand(false);
  addValidate(runbook, io, exit);
  addRun(runbook, io, exit);
  addList(runbook, io, exit);
  addShow(runbook, io, exit);
  addDecisions(runbook, io, exit);
  addCancel(runbook, io, exit);
}
