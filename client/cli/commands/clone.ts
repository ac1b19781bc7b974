import { Option, type Command } from 'commander';
import { InvalidRequestError } from '../../../contracts/faults.ts';
import type { CloneVolumeRequest } from '../../../contracts/clone-volume.ts';
import type { CloneHandle } from '../../index.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../output.ts';
import { resultText } from '../render/clone.ts';
import { requestFromFlags, type CloneFlags } from '../request-from-flags.ts';
import { withClient } from '../session.ts';
import { watchClone } from '../watch.ts';

interface Options extends CloneFlags, OutputOptions {
  wait?: boolean;
}

const collect = (value: string, before: string[] = []) => [...before, value];
const repeatable = (flags: string, help: string) =>
  new Option(flags, `${help}; repeatable`).argParser<string[]>(collect);

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

export function addClone(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('clone')
    .summary('clone a volume')
    .description('Clones a volume: snapshot, clone, changes, access, all undone again if one of them fails.')
    .option('--file <path>', 'the request as JSON or YAML; - reads standard input')
    .optionsGroup('What:')
    .option('--cluster <alias>', "cluster, by its alias in the worker's configuration")
    .option('--volume-id <id>', 'volume to clone')
    .option('--name <name>', 'name of the new volume')
    .option('--snapshot-id <id>', 'clone this snapshot instead of taking one')
    .option('--snapshot-name <name>', 'name of the snapshot that is taken')
    .addOption(new Option('--snapshot-retention <what>', 'afterwards: keep or delete it').choices(['keep', 'delete']))
    .option('--snapshot-expires-in <duration>', 'the cluster removes it after this, whatever happens')
    .optionsGroup('The new volume, by CloneVolume:')
    .option('--access <access>', 'readOnly, readWrite, locked or replicationTarget')
    .addOption(repeatable('--attribute <key=value>', 'attribute'))
    .option('--new-account-id <id>', 'account that owns it')
    .option('--new-size <size>', '10GiB, 10GB or bytes')
    .option('--enable-512e', '512-byte sector emulation')
    .option('--no-enable-512e')
    .option('--enable-snapmirror-replication', 'SnapMirror replication')
    .option('--no-enable-snapmirror-replication')
    .optionsGroup('Changes to it afterwards, by ModifyVolume:')
    .option('--min-iops <n>', 'guaranteed IOPS')
    .option('--max-iops <n>', 'sustained IOPS')
    .option('--burst-iops <n>', 'IOPS in a short burst')
    .option('--qos-policy-id <id>', 'QoS policy, instead of the three')
    .option('--modify-access <access>', 'access once everything else is done')
    .addOption(repeatable('--modify-attribute <key=value>', 'attribute'))
    .option('--modify-account-id <id>', 'account')
    .option('--modify-total-size <size>', 'size; can only grow')
    .addOption(repeatable('--volume-access-group <id-or-name>', 'volume access group that gets it; a number is an ID'))
    .optionsGroup('The order:')
    .option('--request-id <key>', 'idempotency key: the same key never clones twice')
    .option('--requested-by <who>', 'shown to people and kept on the volume')
    .option('--deadline <duration>', 'give up and undo after this (default 24h)')
    .option('--lease <duration>', 'delete the clone after this')
    .addOption(new Option('--on-failure <what>', 'cleanup or keep').choices(['cleanup', 'keep']))
    .option('--priority <1-5>', '1 is the most urgent (default 3)')
    .optionsGroup('Options:')
    .option('--wait', 'show progress and print the result (default on a terminal)')
    .option('--no-wait', 'print the workflow ID and end (default otherwise)')
    .addHelpText('after', EXAMPLES);
  withOutput(command).action(async (options: Options) => {
    const { parseCloneVolumeRequest } = await import('../../../contracts/clone-volume.ts');
    const request = checked(() => parseCloneVolumeRequestOf(parseCloneVolumeRequest, options, io));
    const asked = await request;
    const wait = options.wait ?? io.out.terminal;
    exit(
      await withClient(async (client) => {
        const clone = await client.start(asked);
        return wait ? waitFor(clone, asked, options, io) : started(clone, options, io);
      }),
    );
  });
}

type Parse = (input: unknown) => CloneVolumeRequest;

const parseCloneVolumeRequestOf = async (parse: Parse, options: Options, io: Io) =>
  parse(await requestFromFlags(options, io));

/** Faults name the flag beside the field, since that is what was typed. */
async function checked(parse: () => Promise<CloneVolumeRequest>): Promise<CloneVolumeRequest> {
  try {
    return await parse();
  } catch (err) {
    if (!(err instanceof InvalidRequestError)) throw err;
    throw new InvalidRequestError(
      err.faults.map((fault) => fault.replace(/^[\w.]+/, (path) => (FLAGS[path] ? `${path} (${FLAGS[path]})` : path))),
    );
  }
}

const FLAGS: Record<string, string> = {
  cluster: '--cluster',
  volumeID: '--volume-id',
  name: '--name',
  snapshotID: '--snapshot-id',
  access: '--access',
  newAccountID: '--new-account-id',
  newSize: '--new-size',
  'snapshot.name': '--snapshot-name',
  'snapshot.expiresIn': '--snapshot-expires-in',
  'modify.qos.minIOPS': '--min-iops',
  'modify.qos.maxIOPS': '--max-iops',
  'modify.qos.burstIOPS': '--burst-iops',
  'modify.qosPolicyID': '--qos-policy-id',
  'modify.access': '--modify-access',
  'modify.accountID': '--modify-account-id',
  'modify.totalSize': '--modify-total-size',
  requestId: '--request-id',
  requestedBy: '--requested-by',
  deadline: '--deadline',
  lease: '--lease',
  priority: '--priority',
};

function started(clone: CloneHandle, options: OutputOptions, io: Io): ExitCode {
  if (options.output === 'json') {
    printJSON(io, { workflowId: clone.workflowId, joined: clone.joined });
    return EXIT.ok;
  }
  printLine(io, clone.workflowId);
  if (clone.joined) note(io, 'This requestId had been used before: nothing new was started.');
  note(io, `Watch it: element-clone watch ${clone.workflowId}`);
  return EXIT.ok;
}

async function waitFor(
  clone: CloneHandle,
  request: CloneVolumeRequest,
  options: OutputOptions,
  io: Io,
): Promise<ExitCode> {
  note(io, `${clone.joined ? 'Joined, by its requestId,' : 'Started'} ${io.err.colours.bold(clone.workflowId)}`);
  const last = await watchClone(io, clone, { to: io.err, request });
  if (last === undefined) return EXIT.interrupted;
  const result = await clone.result();
  if (options.output === 'json') printJSON(io, result);
  else printLine(io, resultText(result, io.out.colours));
  return EXIT.ok;
}
