import { InvalidArgumentError, Option, type Command } from 'commander';
import type { CloneType } from '../../../contracts/clone-types.ts';
import { PHASES, type Phase } from '../../../contracts/names.ts';
import type { CloneClient, CloneSummary, ListOptions, Status } from '../../index.ts';
import { CLONE_TYPES } from '../../labels.ts';
import { EXIT, UsageError, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../output.ts';
import { cloneTable } from '../render/clone.ts';
import { withClient } from '../session.ts';
import { listLeases } from './list-leases.ts';

interface Options extends OutputOptions {
  leases?: boolean;
  ended?: boolean;
  type?: CloneType;
  cluster?: string;
  phase?: Phase;
  series?: string;
  sourceVolumeId?: number;
  status?: keyof typeof STATUS;
  limit: number;
}

const STATUS = {
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Canceled',
  terminated: 'Terminated',
  'timed-out': 'TimedOut',
} as const satisfies Record<string, Status>;

const wholeNumber = (text: string): number => {
  if (!/^\d{1,15}$/.test(text) || Number(text) < 1)
    throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  return Number(text);
};

/** Looks at Temporal that are under way at once. */
const LOOKS = 8;

export function addList(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('list')
    .summary('list clones, newest first, or leases')
    .description(
      'Lists clones, newest first: those that run and those that ended within the retention of the namespace.',
    )
    .addOption(new Option('--type <type>', 'of this type of workflow').choices(CLONE_TYPES))
    .option('--cluster <alias>', 'of this cluster')
    .addOption(new Option('--phase <phase>', 'in this phase').choices(PHASES))
    .option('--series <name>', 'made by this recurring job')
    .option('--source-volume-id <id>', 'of this volume', wholeNumber)
    .addOption(new Option('--status <status>', 'whose workflow is in this state').choices(Object.keys(STATUS)))
    .addOption(
      new Option('--leases', 'leases in their place: which clone is deleted when, the next one on top').conflicts([
        ...['type', 'phase', 'series', 'sourceVolumeId', 'status'],
      ]),
    )
    .option('--ended', 'with --leases: those too that have ended')
    .option('--limit <n>', 'at most this many', wholeNumber, 50)
    .addHelpText(
      'after',
      `
Examples:
  element-clone list --status running
  element-clone list --cluster lab --phase failed --output json
  element-clone list --leases --cluster lab`,
    );
  withOutput(command).action(async (options: Options) => {
    if (options.ended && !options.leases) throw new UsageError('--ended is for --leases; give both, or --status');
    exit(
      await withClient(async (client) => {
        if (options.leases) {
          const { output, cluster, ended, limit } = options;
          await listLeases(client, io, { output, cluster, ended, limit });
          return EXIT.ok;
        }
        const clones = await collect(client, options);
        const rows = await withPercent(client, clones);
        if (options.output === 'json') printJSON(io, rows);
        else if (rows.length === 0) note(io, 'No clones match. The index lags by a second or so behind a start.');
        else {
          printLine(io, cloneTable(rows, { colours: io.out.colours, now: Date.now() }));
          if (rows.length === options.limit) note(io, `Only the newest ${options.limit}; --limit shows more.`);
        }
        return EXIT.ok;
      }),
    );
  });
}

async function collect(client: CloneClient, o: Options): Promise<CloneSummary[]> {
  const filter: ListOptions = {
    limit: o.limit,
    ...(o.type === undefined ? {} : { type: o.type }),
    ...(o.cluster === undefined ? {} : { cluster: o.cluster }),
    ...(o.phase === undefined ? {} : { phase: o.phase }),
    ...(o.series === undefined ? {} : { series: o.series }),
    ...(o.sourceVolumeId === undefined ? {} : { sourceVolumeID: o.sourceVolumeId }),
    ...(o.status === undefined ? {} : { status: STATUS[o.status] }),
  };
  const clones: CloneSummary[] = [];
  for await (const clone of client.list(filter)) clones.push(clone);
  return clones;
}

/** Percent of those that copy: it is in the pending step, which the index does not have. */
async function withPercent(client: CloneClient, clones: readonly CloneSummary[]) {
  const queue = [...clones.entries()];
  const rows: (CloneSummary & { percent?: number; line?: { place: number; of: number } })[] = [...clones];
  const look = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [i, clone] = next;
      if (clone.phase === 'done') rows[i] = { ...clone, percent: 100 };
      if (clone.status !== 'RUNNING') continue;
      // It may have ended, or gone, since the index knew it.
      const now = await client
        .handle<CloneType>(clone.workflowId)
        .describe()
        .catch(() => undefined);
      if (!now) continue;
      const { percent, line } = now.progress;
      rows[i] = { ...clone, phase: now.phase, status: now.status, percent, ...(line === undefined ? {} : { line }) };
    }
  };
  await Promise.all(Array.from({ length: LOOKS }, look));
  return rows;
}
