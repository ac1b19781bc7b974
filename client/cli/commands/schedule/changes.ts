import type { Command } from 'commander';
import { EXIT, UsageError, type ExitCode } from '../../errors.ts';
import type { Io } from '../../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../../output.ts';
import { createdText, differencesText } from '../../render/schedule.ts';
import { withClient } from '../../session.ts';
import { withFlagNames } from '../start.ts';
import { definitionFromFlags, definitionOptions, SCHEDULE_FLAGS, type DefinitionFlags } from './definition.ts';

interface Options extends DefinitionFlags, OutputOptions {
  dryRun?: true;
  yes?: true;
}

const FILE_EXAMPLE = `
A file holds the same:
  id: nightly
  type: cloneVolume
  request: { cluster: lab, volumeID: 42, name: db-uat, lease: 23h }
  at: MON-FRI 02:30            # or cron:, every:, calendars: (one or a list)
  timeZone: Europe/Berlin
  skip: { month: 12, dayOfMonth: 24-26, hour: 2, minute: 30 }`;

/** Commands that make a schedule what it is. */
export function addScheduleChanges(schedule: Command, io: Io, exit: (code: ExitCode) => void): void {
  const create = schedule
    .command('create')
    .summary('create a schedule; the same one twice changes nothing')
    .description('Creates a schedule. The same one a second time changes nothing; a different one is refused.')
    .argument('[id]', 'ID of the schedule, unless the file has it');
  definitionOptions(create)
    .option('--dry-run', 'only check it, and say what would be done')
    .addHelpText(
      'after',
      `
Examples:
  element-clone schedule create nightly --type cloneVolume --at 02:30 --time-zone Europe/Berlin \\
      --set cluster=lab --set volumeID=42 --set name=db-uat --set lease=23h
  element-clone schedule create nightly-uat --runbook refresh-uat.yaml --input source=42 --at 02:30
  element-clone schedule create --file nightly.yaml --dry-run
${FILE_EXAMPLE}

Exit codes: 0 created or already there, 2 it cannot be used, or there is a different one of this ID.`,
    );
  withOutput(create).action(async (id: string | undefined, options: Options) => {
    const { parseInput } = await import('../../../schedules/input.ts');
    const fields = await definitionFromFlags(id, options, io);
    await withFlagNames(async () => parseInput(fields), SCHEDULE_FLAGS);
    exit(
      await withClient(async (client) => {
        const created = await client.schedules.create(fields as never, { dryRun: options.dryRun });
        if (options.output === 'json') printJSON(io, created);
        else printLine(io, createdText(created, io.out.colours));
        return EXIT.ok;
      }),
    );
  });

  const update = schedule
    .command('update')
    .summary('change a schedule, after showing what differs')
    .description(
      'Changes a schedule. Flags change what they name; --file says all of it. What differs is shown first, and on a terminal it asks.',
    )
    .argument('[id]', 'ID of the schedule, unless the file has it');
  definitionOptions(update)
    .option('--dry-run', 'only show what would change')
    .option('--yes', 'change it without asking')
    .addHelpText(
      'after',
      `
Examples:
  element-clone schedule update nightly --at 03:00 --overlap bufferOne --dry-run
  element-clone schedule update nightly --set modify.qos.maxIOPS=5000
  element-clone schedule update --file nightly.yaml --yes

Times given as flags replace all times that there are. Paused stays paused.`,
    );
  withOutput(update).action(async (id: string | undefined, options: Options) => {
    if (id === undefined && options.file === undefined) throw new UsageError('Which schedule? Give its ID, or --file');
    exit(await withClient((client) => change(client, id, options, io)));
  });
}

async function change(
  client: Parameters<Parameters<typeof withClient>[0]>[0],
  id: string | undefined,
  options: Options,
  io: Io,
): Promise<ExitCode> {
  const json = options.output === 'json';
  const present = options.file === undefined ? (await client.schedules.describe(id!)).definition : {};
  const fields = await definitionFromFlags(id, options, io, { ...present });
  const { parseInput } = await import('../../../schedules/input.ts');
  await withFlagNames(async () => parseInput(fields), SCHEDULE_FLAGS);
  const planned = await client.schedules.update(fields as never, { dryRun: true });
  if (options.dryRun || planned.outcome === 'unchanged') {
    if (json) printJSON(io, planned);
    else printLine(io, differencesText(planned, io.out.colours));
    return EXIT.ok;
  }
  note(io, differencesText(planned, io.err.colours));
  if (io.interactive && !options.yes) {
    const answer = await io.ask(`Change schedule ${planned.id}? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) {
      if (json) printJSON(io, { ...planned, outcome: 'declined' });
      else note(io, 'Nothing was changed.');
      return EXIT.ok;
    }
  }
  const updated = await client.schedules.update(fields as never);
  if (json) printJSON(io, updated);
  else printLine(io, `Changed schedule ${updated.id}.`);
  return EXIT.ok;
}
