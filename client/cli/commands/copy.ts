import type { Command } from 'commander';
import { EXIT, UsageError, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../output.ts';
import { undoCopyText } from '../render/result.ts';
import { copyFromFlags, type CopyFlags } from '../request-from-flags.ts';
import { withClient } from '../session.ts';
import { whileWaiting } from '../waiting.ts';
import { clusterOption, orderOptions, snapshotOptions, waitOptions } from './clone-options.ts';
import { FLAGS, startAndShow, withFlagNames } from './start.ts';

interface Options extends CopyFlags, OutputOptions {
  wait?: boolean;
  dryRun?: boolean;
  undo?: string;
}

const EXAMPLES = `
Examples:
  element-clone copy --cluster lab --volume-id 42 --dst-volume-id 57
  element-clone copy --cluster lab --volume-id 42 --dst-volume-id 57 --force --undo-expires-in 72h
  element-clone copy --undo copy-volume-42-of-lab-onto-volume-57-k3j9x2p0aq

The destination keeps its ID, IQN, QoS and access groups: unmount it, copy, mount it again. It must have the size of the
source, be a clone that this service made, and have no iSCSI sessions; --force lifts the last two. A snapshot of it from
just before is kept for --undo-expires-in after the copy: --undo rolls back to it, and what was written since is lost.
Ctrl-C while waiting stops the waiting, never the copy, and exits with 130.
Exit codes: 0 done or started, 1 the copy failed, 2 the request cannot be used, 130 stopped watching.`;

const COPY_FLAGS = {
  ...FLAGS,
  volumeID: '--volume-id',
  dstVolumeID: '--dst-volume-id',
  snapshotID: '--snapshot-id',
  'undo.expiresIn': '--undo-expires-in',
  workflowID: '--undo',
  force: '--force',
};

export function addCopy(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('copy')
    .summary('overwrite a volume with another one, in place')
    .description('Overwrites the content of a volume that is there, which keeps its identity; with a way back.')
    .option('--file <path>', 'the request as JSON or YAML; - reads standard input')
    .option('--undo <id>', 'take a copy back: the workflow ID that copy printed');
  clusterOption(command.optionsGroup('What:'))
    .option('--volume-id <id>', 'volume to read')
    .option('--dst-volume-id <id>', 'volume to overwrite')
    .option('--snapshot-id <id>', 'copy this snapshot instead of taking one')
    .option('--undo-expires-in <duration>', 'keep the way back for this long after the copy (default 24h)')
    .option('--force', 'even if hosts are connected, or it is not ours');
  snapshotOptions(command);
  orderOptions(command.optionsGroup('The order:'));
  waitOptions(command.optionsGroup('Options:')).addHelpText('after', EXAMPLES);
  withOutput(command).action(async (options: Options) => {
    exit(await (options.undo === undefined ? start(options, io) : undo(options.undo, options, io)));
  });
}

async function start(options: Options, io: Io): Promise<ExitCode> {
  const { parseCopyVolumeRequest } = await import('../../../contracts/copy-volume.ts');
  const request = await withFlagNames(async () => parseCopyVolumeRequest(await copyFromFlags(options, io)), COPY_FLAGS);
  return startAndShow({ type: 'copyVolume', request, begin: (client) => client.startCopy(request) }, options, io);
}

/** Flags that say something about a copy back too. */
const UNDO_FLAGS = new Set(['undo', 'cluster', 'dstVolumeId', 'force', 'deadline', 'requestedBy', 'output', 'wait']);

async function undo(workflowID: string, options: Options, io: Io): Promise<ExitCode> {
  const others = Object.keys(options).filter((flag) => !UNDO_FLAGS.has(flag));
  if (others.length > 0 || options.wait === false) {
    throw new UsageError(
      '--undo takes --force, --cluster, --dst-volume-id, --deadline and --requested-by only, and waits for the end',
    );
  }
  const { cluster, force, deadline, requestedBy } = options;
  const dstVolumeID = options.dstVolumeId === undefined ? undefined : Number(options.dstVolumeId);
  return withClient(async (client) => {
    note(io, `Taking back ${workflowID} …`);
    const result = await withFlagNames(
      () => whileWaiting(io, client.undoCopy(workflowID, { cluster, dstVolumeID, force, deadline, requestedBy })),
      COPY_FLAGS,
    );
    if (options.output === 'json') printJSON(io, result);
    else printLine(io, undoCopyText(result, io.out.colours));
    return EXIT.ok;
  });
}
