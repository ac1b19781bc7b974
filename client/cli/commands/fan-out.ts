import { Option, type Command } from 'commander';
import { EXIT, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { withOutput, type OutputOptions } from '../output.ts';
import { fanOutFromFlags, type FanOutFlags } from '../request-from-flags.ts';
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

interface Options extends FanOutFlags, OutputOptions {
  wait?: boolean;
  dryRun?: boolean;
}

const EXAMPLES = `
Examples:
  element-clone fan-out --cluster lab --volume-id 42 --name dev-ann --name dev-bob --max-iops 500
  element-clone fan-out --cluster lab --volume-id 42 --count 50 --name-prefix dev-
  element-clone fan-out --file developers.yaml --no-wait

All clones are made of one snapshot, which is removed when the last is done. They take turns: a cluster runs a few
clone jobs per volume at once. Flags are for all clones; what differs from one to the other stands in a file:
clones: [{ name: dev-ann }, { name: dev-bob, modify: { qosPolicyID: 1 } }]. A flag overrides the field of the file.
Ctrl-C while waiting stops the waiting, never the clones, and exits with 130.
Exit codes: 0 all done or started, 1 a clone failed, 2 the request cannot be used, 130 stopped watching.`;

const FAN_OUT_FLAGS = {
  ...FLAGS,
  volumeID: '--volume-id',
  clones: '--name',
  snapshotID: '--snapshot-id',
};

export function addFanOut(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('fan-out')
    .summary('clone a volume many times from one snapshot')
    .description('Makes many clones of one volume, all of one snapshot, as fast as the cluster has clone slots.')
    .option('--file <path>', 'the request as JSON or YAML; - reads standard input');
  clusterOption(command.optionsGroup('What:'))
    .option('--volume-id <id>', 'volume to clone')
    .addOption(repeatable('--name <name>', 'name of a new volume'))
    .option('--count <n>', 'this many, named by --name-prefix and a number')
    .option('--name-prefix <text>', 'beginning of the names for --count')
    .option('--snapshot-id <id>', 'clone this snapshot instead of taking one');
  snapshotOptions(command);
  newVolumeOptions(command.optionsGroup('The new volumes, by CloneVolume:'))
    .option('--enable-512e', '512-byte sector emulation')
    .option('--no-enable-512e');
  snapMirrorOptions(command);
  changeOptions(command.optionsGroup('Changes to them afterwards, by ModifyVolume:'));
  leaseOptions(command.optionsGroup('How long they live:'));
  orderOptions(command.optionsGroup('The order:')).addOption(
    new Option('--on-member-failure <what>', 'continue with the others, or stop them (default continue)').choices([
      'continue',
      'stop',
    ]),
  );
  waitOptions(command.optionsGroup('Options:')).addHelpText('after', EXAMPLES);
  withOutput(command).action(async (options: Options) => {
    const { parseCloneFanOutRequest } = await import('../../../contracts/clone-fan-out.ts');
    const request = await withFlagNames(
      async () => parseCloneFanOutRequest(await fanOutFromFlags(options, io)),
      FAN_OUT_FLAGS,
    );
    exit(
      await startAndShow(
        {
          type: 'cloneFanOut',
          request,
          begin: (client) => client.startFanOut(request),
          exitCode: ({ failed }) => (failed.length === 0 ? EXIT.ok : EXIT.failed),
        },
        options,
        io,
      ),
    );
  });
}
