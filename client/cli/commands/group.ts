import { Option, type Command } from 'commander';
import { EXIT, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { withOutput, type OutputOptions } from '../output.ts';
import { groupFromFlags, type GroupFlags } from '../request-from-flags.ts';
import {
  changeOptions,
  clusterOption,
  leaseOptions,
  newVolumeOptions,
  orderOptions,
  repeatable,
  snapMirrorOptions,
  snapshotOptions,
  waitOptions,
} from './clone-options.ts';
import { FLAGS, startAndShow, withFlagNames } from './start.ts';

interface Options extends GroupFlags, OutputOptions {
  wait?: boolean;
  dryRun?: boolean;
}

const EXAMPLES = `
Examples:
  element-clone group --cluster lab --volume 41 --volume 42=db-uat --volume 43
  element-clone group --cluster lab --volume 41 --volume 42 --qos-policy-id 3 --volume-access-group uat-hosts
  element-clone group --file group.yaml --no-wait

All volumes are cloned as they are at one moment, so that what belongs together still does. A clone without a name
is called like its source, with "-clone" behind. Flags are for all clones; what differs from one to the other stands
in a file: volumes: [{ volumeID: 41 }, { volumeID: 42, name: db-uat, modify: { qosPolicyID: 1 } }]. A flag overrides
the field of the file. Ctrl-C while waiting stops the waiting, never the clones, and exits with 130.
Exit codes: 0 done or started, 1 the group or a clone of it failed, 2 the request cannot be used, 130 stopped watching.`;

const GROUP_FLAGS = { ...FLAGS, volumes: '--volume', groupSnapshotID: '--group-snapshot-id' };

export function addGroup(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('group')
    .summary('clone several volumes of one moment')
    .description('Clones several volumes as they are at one moment: all of them, or none if one fails.')
    .option('--file <path>', 'the request as JSON or YAML; - reads standard input');
  clusterOption(command.optionsGroup('What:'))
    .addOption(repeatable('--volume <id[=name]>', 'volume to clone, and the name of the new one'))
    .option('--group-snapshot-id <id>', 'clone what this group snapshot holds instead of taking one');
  snapshotOptions(command);
  snapMirrorOptions(newVolumeOptions(command.optionsGroup('The new volumes, by CloneMultipleVolumes:')));
  changeOptions(command.optionsGroup('Changes to them afterwards, by ModifyVolume:'));
  leaseOptions(command.optionsGroup('How long they live:'));
  orderOptions(command.optionsGroup('The order:')).addOption(
    new Option('--on-member-failure <what>', 'keep the other clones when one fails (default all or nothing)').choices([
      'keep',
    ]),
  );
  waitOptions(command.optionsGroup('Options:')).addHelpText('after', EXAMPLES);
  withOutput(command).action(async (options: Options) => {
    const { parseCloneGroupRequest } = await import('../../../contracts/clone-group.ts');
    const request = await withFlagNames(
      async () => parseCloneGroupRequest(await groupFromFlags(options, io)),
      GROUP_FLAGS,
    );
    exit(
      await startAndShow(
        {
          type: 'cloneGroup',
          request,
          begin: (client) => client.startGroup(request),
          exitCode: ({ failed }) => (failed === undefined ? EXIT.ok : EXIT.failed),
        },
        options,
        io,
      ),
    );
  });
}
