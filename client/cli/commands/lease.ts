import type { Command } from 'commander';
import { EXIT, UsageError, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { printJSON, printLine, withOutput, type OutputOptions } from '../output.ts';
import { leaseText } from '../render/lease.ts';
import { withClient } from '../session.ts';

interface ChangeOptions extends OutputOptions {
  by?: string;
  until?: string;
  cluster?: string;
  requestedBy?: string;
}

const WHICH = 'the lease: its workflow ID, the workflow ID or request ID of the clone, or the volume, as 63 or lab/63';

export function addLease(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const lease = program
    .command('lease')
    .summary('keep clones longer, or for good')
    .description('Changes when clones that were made with --lease are deleted; "list --leases" shows it.')
    .helpCommand(false);
  addExtend(lease, io, exit);
  addRelease(lease, io, exit);
}

function addExtend(lease: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = lease
    .command('extend')
    .summary('keep a clone longer')
    .description('Moves the end of a lease. Works until the deletion begins, also while hosts keep the volume alive.')
    .argument('<id>', WHICH)
    .option('--by <duration>', 'after its present end, or after now when that has passed')
    .option('--until <time>', 'a time with a zone, such as 2026-12-01T08:00:00Z')
    .option('--cluster <alias>', 'of the volume, when several clusters have one of this ID')
    .option('--requested-by <who>', 'shown to people')
    .addHelpText(
      'after',
      `
Examples:
  element-clone lease extend 63 --by 24h
  element-clone lease extend lease-of-volume-63-of-lab --until 2026-12-01T08:00:00Z

Exit codes: 0 extended, 1 it is too late or there is no such lease, 2 it cannot be extended so.`,
    );
  withOutput(command).action(async (id: string, options: ChangeOptions) => {
    const { by, until, requestedBy } = options;
    if ((by === undefined) === (until === undefined)) throw new UsageError('give either --by or --until');
    exit(
      await withClient(async (client) => {
        const changed = await client.leases.extend(reference(id, options), { by, until, requestedBy });
        if (options.output === 'json') printJSON(io, changed);
        else printLine(io, leaseText(changed, { colours: io.out.colours, now: Date.now() }));
        return EXIT.ok;
      }),
    );
  });
}

function addRelease(lease: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = lease
    .command('release')
    .summary('keep a clone for good')
    .description('Ends a lease: its clone stays until somebody deletes it.')
    .argument('<id>', WHICH)
    .option('--cluster <alias>', 'of the volume, when several clusters have one of this ID')
    .option('--requested-by <who>', 'shown to people')
    .addHelpText('after', '\nExample:\n  element-clone lease release lab/63');
  withOutput(command).action(async (id: string, options: ChangeOptions) =>
    exit(
      await withClient(async (client) => {
        const { requestedBy } = options;
        const changed = await client.leases.release(reference(id, options), { requestedBy });
        if (options.output === 'json') printJSON(io, changed);
        else printLine(io, leaseText(changed, { colours: io.out.colours, now: Date.now() }));
        return EXIT.ok;
      }),
    ),
  );
}

/** `--cluster` belongs to a volume that is named by its number alone. */
function reference(id: string, { cluster }: { cluster?: string }): string {
  if (cluster === undefined) return id;
  if (!/^\d+$/.test(id)) throw new UsageError(`--cluster is for a volume ID; "${id}" is none, so leave it out`);
  return `${cluster}/${id}`;
}
