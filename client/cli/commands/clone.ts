import type { Command } from 'commander';
import type { ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { withOutput, type OutputOptions } from '../output.ts';
import { requestFromFlags, type CloneFlags } from '../request-from-flags.ts';
import {
  changeOptions,
  clusterOption,
  leaseOptions,
  newVolumeOptions,
  orderOptions,
  snapMirrorOptions,
  snapshotOptions,
  waitOptions,
} from './clone-options.ts';
import { FLAGS, startAndShow, withFlagNames } from './start.ts';

interface Options extends CloneFlags, OutputOptions {
  wait?: boolean;
  dryRun?: boolean;
}

const EXAMPLES = `
Examples:
  element-clone clone --cluster lab --volume-id 42 --name db-uat
  element-clone clone --cluster lab --volume-id 42 --name db-uat --new-size 200GiB \\
      --min-iops 500 --max-iops 5000 --burst-iops 8000 --volume-access-group esx-uat
  element-clone clone --file request.yaml --name db-uat-2 --no-wait
  generate-request | element-clone clone --file - --wait --output json

The request in a file has the fields of the contract (cluster, volumeID, name, modify, …); a flag overrides the
field of the file. Ctrl-C while waiting stops the waiting, never the clone, and exits with 130.
Exit codes: 0 done or started, 1 the clone failed, 2 the request cannot be used, 130 stopped watching.`;

const CLONE_FLAGS = {
  ...FLAGS,
  volumeID: '--volume-id',
  name: '--name',
  snapshotID: '--snapshot-id',
};

export function addClone(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('clone')
    .summary('clone a volume')
    .description('Clones a volume: snapshot, clone, changes, access, all undone again if one of them fails.')
    .option('--file <path>', 'the request as JSON or YAML; - reads standard input');
  clusterOption(command.optionsGroup('What:'))
    .option('--volume-id <id>', 'volume to clone')
    .option('--name <name>', 'name of the new volume')
    .option('--snapshot-id <id>', 'clone this snapshot instead of taking one');
  snapshotOptions(command);
  newVolumeOptions(command.optionsGroup('The new volume, by CloneVolume:'))
    .option('--enable-512e', '512-byte sector emulation')
    .option('--no-enable-512e');
  snapMirrorOptions(command);
  changeOptions(command.optionsGroup('Changes to it afterwards, by ModifyVolume:'));
  leaseOptions(command.optionsGroup('How long it lives:'));
  orderOptions(command.optionsGroup('The order:'));
  waitOptions(command.optionsGroup('Options:')).addHelpText('after', EXAMPLES);
  withOutput(command).action(async (options: Options) => {
    const { parseCloneVolumeRequest } = await import('../../../contracts/clone-volume.ts');
    const request = await withFlagNames(
      async () => parseCloneVolumeRequest(await requestFromFlags(options, io)),
      CLONE_FLAGS,
    );
    exit(await startAndShow({ type: 'cloneVolume', request, begin: (client) => client.start(request) }, options, io));
  });
}
