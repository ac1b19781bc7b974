import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseDuration } from '../../../contracts/duration.ts';
import { INCLUDABLE, removableRefs, type Includable } from '../../../contracts/orphans.ts';
import type { CloneClient, OrphansFound } from '../../index.ts';
import { EXIT, UsageError, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../output.ts';
import { failureLines, orphanTable, questionText, removalText, reportNotes } from '../render/orphans.ts';
import { withClient } from '../session.ts';
import { whileWaiting } from '../waiting.ts';

interface Options extends OutputOptions {
  cluster?: string;
  olderThan?: string;
  delete?: true;
  include?: Includable[];
  yes?: true;
}

const duration = (text: string): string => {
  if (parseDuration(text) === undefined)
    throw new InvalidArgumentError('It must be a duration with a unit, such as 24h.');
  return text;
};

export function addOrphans(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('orphans')
    .summary('find, and remove, what clones left behind')
    .description(
      'Lists volumes and snapshots with our ownership tag that no running workflow owns and that are no finished clone, with their access group memberships, clone jobs and kept async results. A worker does the looking.',
    )
    .option('--cluster <alias>', 'of this cluster (default: all that the worker knows)')
    .option('--older-than <duration>', 'only what is older, such as 24h (default: any age)', duration)
    .option('--delete', 'remove them, after asking; volumes are deleted, never purged')
    .addOption(
      new Option('--include <what...>', 'also remove what is kept on purpose, or whose workflow is unknown').choices(
        INCLUDABLE,
      ),
    )
    .option('--yes', 'remove without asking, for scripts')
    .addHelpText(
      'after',
      `
Examples:
  element-clone orphans --cluster lab --older-than 24h
  element-clone orphans --delete
  element-clone orphans --delete --yes --output json

TEMPORAL_UI_URL, when set, adds a link to each workflow.
Exit codes: 0 looked at, and removed if asked; 1 a cluster could not be asked, or something could not be removed.`,
    );
  withOutput(command).action(async (options: Options) => {
    checkUsage(options, io);
    exit(await withClient((client) => orphans(client, options, io)));
  });
}

function checkUsage(o: Options, io: Io): void {
  if (!o.delete && o.yes) throw new UsageError('--yes goes with --delete: it removes without asking');
  if (!o.delete && o.include) throw new UsageError('--include goes with --delete: it says what else is removed');
  if (o.delete && !o.yes && !io.interactive) {
    throw new UsageError('--delete asks before it removes anything, and there is no terminal to ask at; add --yes');
  }
}

async function orphans(client: CloneClient, options: Options, io: Io): Promise<ExitCode> {
  const { cluster, olderThan, include = [] } = options;
  const report = await whileWaiting(io, client.orphans({ cluster, olderThan }));
  const json = options.output === 'json';
  if (!json && report.orphans.length > 0) {
    printLine(io, orphanTable(report.orphans, io.out.colours, io.env['TEMPORAL_UI_URL']));
  }
  for (const line of failureLines(report.failed, io.err.colours)) note(io, line);
  const looked = report.failed.length === 0 ? EXIT.ok : EXIT.failed;
  if (!options.delete) {
    if (json) printJSON(io, report);
    else for (const line of reportNotes(report)) note(io, line);
    return looked;
  }

  for (const line of json ? [] : reportNotes(report, { deleting: true })) note(io, line);
  if (!(await confirmed(report, include, options, io))) {
    if (json) printJSON(io, { ...report, removal: null });
    return looked;
  }
  // What was shown and agreed to; who agrees beforehand gets rid of what did not fit into the report as well.
  const only = options.yes && report.leftOut > 0 ? undefined : report.orphans;
  const removal = await whileWaiting(io, client.removeOrphans({ cluster, olderThan, include, only }));
  if (json) printJSON(io, { ...report, removal });
  else printLine(io, removalText(removal, io.out.colours));
  return removal.failed.length + removal.failedClusters.length > 0 ? EXIT.failed : looked;
}

/** True when there is something to remove, and it is to be removed. */
async function confirmed(report: OrphansFound, include: Includable[], options: Options, io: Io): Promise<boolean> {
  const refs = removableRefs(report.orphans, include);
  if (refs.length === 0) return false;
  if (options.yes) return true;
  if (options.output === 'json') note(io, orphanTable(report.orphans, io.err.colours));
  const answer = await io.ask(questionText(refs, include));
  if (/^y(es)?$/i.test(answer.trim())) return true;
  note(io, 'Nothing was removed.');
  return false;
}
