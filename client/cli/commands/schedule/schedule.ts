import type { Command } from 'commander';
import type { ExitCode } from '../../errors.ts';
import type { Io } from '../../io.ts';
import { addScheduleActs } from './acts.ts';
import { addScheduleChanges } from './changes.ts';
import { addScheduleViews } from './views.ts';

/** `schedule …`: recurring runs. */
export function addSchedule(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const schedule = program
    .command('schedule')
    .summary('recurring clones: create, look, pause, trigger, …')
    .description('Recurring runs, on Temporal schedules.')
    .addHelpText(
      'after',
      `
Examples:
  element-clone schedule create nightly --type cloneVolume --at 02:30 --time-zone Europe/Berlin \\
      --set cluster=lab --set volumeID=42 --set name=db-uat --set lease=23h
  element-clone schedule show nightly
  element-clone schedule backfill nightly --from 2026-11-24T00:00:00Z --to 2026-11-25T00:00:00Z

Every one of them takes --output <format>, text or json; element-clone schedule <command> --help tells the rest.`,
    );
  schedule.helpCommand(false);
  addScheduleChanges(schedule, io, exit);
  addScheduleViews(schedule, io, exit);
  addScheduleActs(schedule, io, exit);
}
