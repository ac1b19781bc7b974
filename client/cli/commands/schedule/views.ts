import { Option, type Command } from 'commander';
import { SCHEDULE_TYPES, type ScheduleType } from '../../../schedule-types.ts';
import { EXIT, type ExitCode } from '../../errors.ts';
import type { Io } from '../../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../../output.ts';
import { schedulePage, scheduleTable } from '../../render/schedule.ts';
import { withClient } from '../../session.ts';

interface ListFlags extends OutputOptions {
  cluster?: string;
  type?: ScheduleType;
}

/** Commands that change nothing. */
export function addScheduleViews(schedule: Command, io: Io, exit: (code: ExitCode) => void): void {
  const list = schedule
    .command('list')
    .summary('list schedules')
    .description('Lists schedules: what they do, when, what is next and how the last run went.')
    .option('--cluster <alias>', 'of this cluster')
    .addOption(new Option('--type <type>', 'of this type of workflow').choices([...SCHEDULE_TYPES]))
    .addHelpText(
      'after',
      `
Examples:
  element-clone schedule list --cluster lab
  element-clone schedule list --output json`,
    );
  withOutput(list).action(async (options: ListFlags) =>
    exit(
      await withClient(async (client) => {
        const { cluster, type } = options;
        const found = [];
        for await (const s of client.schedules.list({ cluster, type, withLast: true })) found.push(s);
        if (options.output === 'json') printJSON(io, found);
        else if (found.length === 0) note(io, 'No schedules match. The index lags by a second or so behind a change.');
        else printLine(io, scheduleTable(found, { colours: io.out.colours, now: Date.now() }));
        return EXIT.ok;
      }),
    ),
  );

  const show = schedule
    .command('show')
    .summary('show a schedule: its next five runs, and its last five')
    .description(
      'Shows a schedule: what it does, its next five runs, and its last five times with their outcome, or why there was no run.',
    )
    .argument('<id>', 'ID of the schedule')
    .addHelpText(
      'after',
      `
Example:
  element-clone schedule show nightly`,
    );
  withOutput(show).action(async (id: string, options: OutputOptions) =>
    exit(
      await withClient(async (client) => {
        const view = await client.schedules.describe(id);
        if (options.output === 'json') printJSON(io, view);
        else printLine(io, schedulePage(view, { colours: io.out.colours, now: Date.now() }));
        return EXIT.ok;
      }),
    ),
  );
}
