import { Option, type Command } from 'commander';
import type { ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { withOutput, type OutputOptions } from '../output.ts';
import { refreshFromFlags, type RefreshFlags } from '../request-from-flags.ts';
import {
  changeOptions,
  clusterOption,
  newVolumeOptions,
  orderOptions,
  repeatable,
  snapshotOptions,
} from './clone-options.ts';
import { FLAGS, startAndShow, withFlagNames } from './start.ts';

interface Options extends RefreshFlags, OutputOptions {
  wait?: boolean;
}

const EXAMPLES = `
Examples:
  element-clone refresh --series uat-db --cluster lab --volume-id 42 --keep 3 --volume-access-group uat-hosts
  element-clone refresh --series uat --cluster lab --volume 41=data --volume 42=log --keep 2
  element-clone refresh --file nightly.yaml --no-wait

One run makes a new generation of the series, moves the volume access groups from the old one to it, keeps the newest
generations and deletes older ones: found by their tag, never purged, never one that hosts are still connected to
unless --force. A run that fails leaves the old generation in service. A second run of the same series waits for the
first. The request in a file has the fields of the contract (series, clone, keep, swap, hooks, …); a flag overrides the
field of the file. Ctrl-C while waiting stops the waiting, never the refresh, and exits with 130.
Exit codes: 0 done or started, 1 the refresh failed, 2 the request cannot be used, 130 stopped watching.`;

/** Where the flags of a clone stand in a refresh. */
const REFRESH_FLAGS: Record<string, string> = {
  ...FLAGS,
  ...Object.fromEntries(Object.entries(FLAGS).map(([path, flag]) => [`clone.${path}`, flag])),
  series: '--series',
  'clone.volumeID': '--volume-id',
  'clone.volumes': '--volume',
  'clone.snapshotID': '--snapshot-id',
  'clone.groupSnapshotID': '--group-snapshot-id',
  keep: '--keep',
  nameTemplate: '--name-template',
  timeZone: '--time-zone',
  nominalTime: '--nominal-time',
  'hooks.before': '--hook-before',
  'hooks.beforeSwap': '--hook-before-swap',
  'hooks.after': '--hook-after',
};

export function addRefresh(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('refresh')
    .summary('make a new generation of a series of clones')
    .description('Makes a new generation of a series, moves access to it, and retires old generations.')
    .option('--file <path>', 'the request as JSON or YAML; - reads standard input');
  clusterOption(command.optionsGroup('What:'))
    .option('--series <name>', 'name of the series')
    .option('--volume-id <id>', 'volume to clone')
    .addOption(repeatable('--volume <id[=name]>', 'instead: volume of a group, and its part of the names'))
    .option('--snapshot-id <id>', 'clone this snapshot instead of taking one')
    .option('--group-snapshot-id <id>', 'clone what this group snapshot holds instead of taking one')
    .option('--name-template <text>', 'names of the new volumes (default SERIES-{yyyy}{MM}{dd}-{HH}{mm})')
    .option('--time-zone <name>', 'in which names tell the time (default UTC)')
    .option('--nominal-time <time>', 'the moment that the run is for, ISO 8601 (default now)');
  snapshotOptions(command);
  newVolumeOptions(command.optionsGroup('The new volumes:'));
  changeOptions(command.optionsGroup('Changes to them afterwards, by ModifyVolume:'));
  command
    .optionsGroup('Old and new generations:')
    .addOption(
      new Option('--mode <mode>', 'swap: a new volume each time; copy: new content in the same one').choices([
        'swap',
        'copy',
      ]),
    )
    .option('--keep <n>', 'the newest generations that stay')
    .addOption(new Option('--retire <what>', 'older ones: delete or keep (default delete)').choices(['delete', 'keep']))
    .addOption(
      new Option('--swap <order>', 'the old one leaves a group before the new one comes, or after').choices([
        'before',
        'after',
      ]),
    )
    .option('--force', 'also delete generations that somebody still uses')
    .option('--hook-before <name>', 'hook to call before anything is made')
    .option('--hook-before-swap <name>', 'hook to call before access moves')
    .option('--hook-after <name>', 'hook to call when access has moved, or the run has failed');
  orderOptions(command.optionsGroup('The order:'));
  command
    .optionsGroup('Options:')
    .option('--wait', 'show progress and print the result (default on a terminal)')
    .option('--no-wait', 'print the workflow ID and end (default otherwise)')
    .addHelpText('after', EXAMPLES);
  withOutput(command).action(async (options: Options) => {
    const { parseRefreshCloneRequest } = await import('../../../contracts/refresh-clone.ts');
    const request = await withFlagNames(
      async () => parseRefreshCloneRequest(await refreshFromFlags(options, io)),
      REFRESH_FLAGS,
    );
    exit(
      await startAndShow(
        { type: 'refreshClone', request, begin: (client) => client.startRefresh(request) },
        options,
        io,
      ),
    );
  });
}
