import { Option, type Command } from 'commander';

const collect = (value: string, before: string[] = []) => [...before, value];
export const repeatable = (flags: string, help: string) =>
  new Option(flags, `${help}; repeatable`).argParser<string[]>(collect);

export const clusterOption = (command: Command): Command =>
  command.option('--cluster <alias>', "cluster, by its alias in the worker's configuration");

/** How the snapshot is taken. */
export const snapshotOptions = (command: Command): Command =>
  command
    .option('--snapshot-name <name>', 'name of the snapshot that is taken')
    .addOption(new Option('--snapshot-retention <what>', 'afterwards: keep or delete it').choices(['keep', 'delete']))
    .option('--snapshot-expires-in <duration>', 'the cluster removes it after this, whatever happens');

/** What the call that clones is asked for. */
export const newVolumeOptions = (command: Command): Command =>
  command
    .option('--access <access>', 'readOnly, readWrite, locked or replicationTarget')
    .addOption(repeatable('--attribute <key=value>', 'attribute'))
    .option('--new-account-id <id>', 'account that owns it')
    .option('--new-size <size>', '10GiB, 10GB or bytes');

export const snapMirrorOptions = (command: Command): Command =>
  command
    .option('--enable-snapmirror-replication', 'SnapMirror replication')
    .option('--no-enable-snapmirror-replication');

/** What ModifyVolume and the volume access groups are asked for. */
export const changeOptions = (command: Command): Command =>
  command
    .option('--min-iops <n>', 'guaranteed IOPS')
    .option('--max-iops <n>', 'sustained IOPS')
    .option('--burst-iops <n>', 'IOPS in a short burst')
    .option('--qos-policy-id <id>', 'QoS policy, instead of the three')
    .option('--modify-access <access>', 'access once everything else is done')
    .addOption(repeatable('--modify-attribute <key=value>', 'attribute'))
    .option('--modify-account-id <id>', 'account')
    .option('--modify-total-size <size>', 'size; can only grow')
    .addOption(repeatable('--volume-access-group <id-or-name>', 'volume access group that gets it; a number is an ID'));

/** How the request is to be served. */
export const orderOptions = (command: Command): Command =>
  command
    .option('--request-id <key>', 'idempotency key: the same key never clones twice')
    .option('--requested-by <who>', 'shown to people and kept on the volume')
    .option('--deadline <duration>', 'give up and undo after this (default 24h)')
    .addOption(new Option('--on-failure <what>', 'cleanup or keep').choices(['cleanup', 'keep']))
    .option('--priority <1-5>', '1 is the most urgent (default 3)');

/** For how long the new volumes live. */
export const leaseOptions = (command: Command): Command =>
  command
    .option('--lease <duration>', 'delete each new volume this long after it is ready')
    .option('--lease-max <duration>', 'how far from now an extension may reach (default 30d)')
    .option('--lease-grace <duration>', 'connected hosts keep it alive for this much longer (default 24h)');

export const waitOptions = (command: Command): Command =>
  command
    .option('--wait', 'show progress and print the result (default on a terminal)')
    .option('--no-wait', 'print the workflow ID and end (default otherwise)')
    .option('--dry-run', 'only say what would be done: calls, clone slots, how long');
