import type { Command } from 'commander';
import type { LeaseDescription, LeaseSummary } from '../../index.ts';
import type { CloneClient } from '../../index.ts';
import { EXIT, UsageError, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../output.ts';
import { leaseTable, leaseText } from '../render/lease.ts';
import { withClient } from '../session.ts';

interface ListOptions extends OutputOptions {
  cluster?: string;
  ended?: boolean;
}

interface ChangeOptions extends OutputOptions {
  by?: string;
  until?: string;
  cluster?: string;
  requestedBy?: string;
}

const WHICH = 'the lease: its workflow ID, the workflow ID or request ID of the clone, or the volume, as 63 or lab/63';

/** Looks at Temporal that are under way at once. */
const LOOKS = 8;

export function addLease(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const lease = program
    .command('lease')
    .summary('keep clones longer, or for good')
    .description('Shows and changes when clones that were made with --lease are deleted.')
    .helpCommand(false);
  addLeaseList(lease, io, exit);
  addExtend(lease, io, exit);
  addRelease(lease, io, exit);
}

function addLeaseList(lease: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = lease
    .command('list')
    .summary('list leases, those that end first on top')
    .description('Lists the leases that run: which clone is deleted when, and who asked for it.')
    .option('--cluster <alias>', 'of this cluster')
    .option('--ended', 'those too that have ended within the retention of the namespace')
    .addHelpText('after', '\nExample:\n  element-clone lease list --cluster lab --output json');
  withOutput(command).action(async (options: ListOptions) =>
    exit(
      await withClient(async (client) => {
        const { cluster, ended } = options;
        const leases = await withUsers(client, await client.leases.list({ cluster, ended }));
        if (options.output === 'json') printJSON(io, leases);
        else if (leases.length === 0) note(io, 'No leases match. The index lags by a second or so behind a start.');
        else printLine(io, leaseTable(leases, { colours: io.out.colours, now: Date.now() }));
        return EXIT.ok;
      }),
    ),
  );
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

/** Whom those wait for whose time is over: it is in the pending step, which the index does not have. */
async function withUsers(client: CloneClient, leases: readonly LeaseSummary[]) {
  const rows: (LeaseSummary | LeaseDescription)[] = [...leases];
  const queue = [...leases.entries()].filter(([, l]) => l.status === 'RUNNING' && l.state === 'ending');
  const look = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [i, lease] = next;
      // It may have ended, or gone, since the index knew it.
      const now = await client.leases.describe(lease.workflowId).catch(() => undefined);
      if (now) rows[i] = now;
    }
  };
  await Promise.all(Array.from({ length: LOOKS }, look));
  return rows;
}
