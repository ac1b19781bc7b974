import { Option, type Command } from 'commander';
import { OVERLAP_POLICIES, type OverlapPolicy } from '../../../../contracts/schedule-names.ts';
import { EXIT, type ExitCode } from '../../errors.ts';
import type { Io } from '../../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../../output.ts';
import { timesTable } from '../../render/schedule.ts';
import { withClient } from '../../session.ts';

interface OverlapFlag extends OutputOptions {
  overlap?: OverlapPolicy;
}
interface BackfillFlags extends OverlapFlag {
  from: string;
  to: string;
  dryRun?: true;
}

const overlapOption = (help: string) => new Option('--overlap <policy>', help).choices([...OVERLAP_POLICIES]);
const idArgument = ['<id>', 'ID of the schedule'] as const;

/** Commands that act on a schedule that is there. */
export function addScheduleActs(schedule: Command, io: Io, exit: (code: ExitCode) => void): void {
  const say = (options: OutputOptions, document: object, text: string): ExitCode => {
    if (options.output === 'json') printJSON(io, document);
    else printLine(io, text);
    return EXIT.ok;
  };

  const pause = schedule
    .command('pause')
    .description('Pauses a schedule: nothing begins by itself until it is resumed. Runs that are under way go on.')
    .argument(...idArgument)
    .option('--reason <text>', 'shown by show and in the Temporal UI')
    .addHelpText('after', `\nExample:\n  element-clone schedule pause nightly --reason "storage maintenance"`);
  withOutput(pause).action(async (id: string, options: OutputOptions & { reason?: string }) =>
    exit(
      await withClient(async (client) => {
        await client.schedules.pause(id, options.reason);
        return say(options, { id, paused: true }, `Paused schedule ${id}. Runs that are under way go on.`);
      }),
    ),
  );

  const resume = schedule
    .command('resume')
    .description('Resumes a schedule. Times that passed meanwhile do not run; backfill runs them.')
    .argument(...idArgument)
    .option('--reason <text>', 'shown by show and in the Temporal UI')
    .addHelpText('after', `\nExample:\n  element-clone schedule resume nightly`);
  withOutput(resume).action(async (id: string, options: OutputOptions & { reason?: string }) =>
    exit(
      await withClient(async (client) => {
        await client.schedules.resume(id, options.reason);
        return say(options, { id, paused: false }, `Resumed schedule ${id}.`);
      }),
    ),
  );

  const trigger = schedule
    .command('trigger')
    .description('Begins a run now, also while the schedule is paused.')
    .argument(...idArgument)
    .addOption(overlapOption("when a run is under way (default: the schedule's own)"))
    .addHelpText(
      'after',
      `\nExample:\n  element-clone schedule trigger nightly\n\nExit codes: 0 begun, 1 a run is under way and this one was not begun.`,
    );
  withOutput(trigger).action(async (id: string, options: OverlapFlag) =>
    exit(
      await withClient(async (client) => {
        const begun = await client.schedules.trigger(id, { overlap: options.overlap });
        const text =
          begun.workflowId === undefined
            ? `Schedule ${id} begins a run once the one that is under way has ended.`
            : `Began ${begun.workflowId}. See: element-clone schedule show ${id}`;
        return say(options, begun, text);
      }),
    ),
  );

  const backfill = schedule
    .command('backfill')
    .description(
      'Runs the times of a range of the past now. A time whose run succeeded is not done again; one whose run failed is.',
    )
    .argument(...idArgument)
    .requiredOption('--from <time>', 'first moment (ISO 8601)')
    .requiredOption('--to <time>', 'last moment (ISO 8601)')
    .addOption(overlapOption('of the runs among each other (default bufferAll: one after the other)'))
    .option('--dry-run', 'only show the times')
    .addHelpText(
      'after',
      `\nExample:\n  element-clone schedule backfill nightly --from 2026-11-24T00:00:00Z --to 2026-11-25T00:00:00Z --dry-run`,
    );
  withOutput(backfill).action(async (id: string, options: BackfillFlags) =>
    exit(
      await withClient(async (client) => {
        const { from, to, overlap, dryRun } = options;
        const { definition } = await client.schedules.describe(id);
        const filled = await client.schedules.backfill(id, { from, to, overlap }, { dryRun });
        if (options.output === 'json') printJSON(io, { ...filled, outcome: dryRun ? 'wouldBackfill' : 'backfilled' });
        else if (filled.times.length === 0) note(io, `Schedule ${id} has no time between ${from} and ${to}.`);
        else {
          printLine(io, timesTable(filled.times, definition.timeZone, io.out.colours));
          note(io, dryRun ? 'Nothing was begun.' : `Begun. See: element-clone schedule show ${id}`);
        }
        return EXIT.ok;
      }),
    ),
  );

  const remove = schedule
    .command('delete')
    .description('Deletes a schedule. Runs that are under way go on, and clones stay.')
    .argument(...idArgument)
    .addHelpText('after', `\nExample:\n  element-clone schedule delete nightly`);
  withOutput(remove).action(async (id: string, options: OutputOptions) =>
    exit(
      await withClient(async (client) => {
        await client.schedules.delete(id);
        return say(options, { id, deleted: true }, `Deleted schedule ${id}. Runs that are under way go on.`);
      }),
    ),
  );
}
