import type { CloneClient, LeaseDescription, LeaseListOptions, LeaseSummary } from '../../index.ts';
import type { Io } from '../io.ts';
import { note, printJSON, printLine, type OutputOptions } from '../output.ts';
import { leaseTable } from '../render/lease.ts';

/** Looks at Temporal that are under way at once. */
const LOOKS = 8;

/** `list --leases`: those that end first on top. */
export async function listLeases(
  client: CloneClient,
  io: Io,
  { output, limit, ...which }: OutputOptions & LeaseListOptions & { limit: number },
): Promise<void> {
  const all = await client.leases.list(which);
  const leases = await withUsers(client, all.slice(0, limit));
  if (output === 'json') printJSON(io, leases);
  else if (leases.length === 0) note(io, 'No leases match. The index lags by a second or so behind a start.');
  else {
    printLine(io, leaseTable(leases, { colours: io.out.colours, now: Date.now() }));
    if (all.length > limit) note(io, `Only the first ${limit} of ${all.length}; --limit shows more.`);
  }
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
