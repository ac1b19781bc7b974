import type { Client } from '@temporalio/client';
import { CloneClient } from '../../client/index.ts';
import type { StateView } from '../../simulator/index.ts';
import { judge } from './check.ts';
import { FAULTS, type Evidence, type Left, type Verdict } from './verdict.ts';
import { TASK_QUEUE } from './ids.ts';

export interface Sweep {
  /** Objects that were removed. */
  removed: number;
  /** What should have been removed, and what should not, in words. */
  findings: string[];
}

/**
 * Has the service remove what terminated workflows, and clones that were to keep what they made, have left: what
 * `element-clone orphans --delete --include kept` does. Nothing of that may be left then, and nothing else be gone.
 */
export async function sweep(client: Client, evidence: Evidence, look: () => StateView, first: Verdict): Promise<Sweep> {
  const clones = new CloneClient(client, { taskQueue: TASK_QUEUE });
  const { removed, failed, more } = await clones.removeOrphans({ cluster: 'lab', include: ['kept'] });
  const then = judge({ ...evidence, after: look() });
  return {
    removed: removed.length,
    findings: [
      ...failed.map(({ kind, id, reason }) => `orphans could not remove ${kind} ${id}: ${reason}`),
      ...(more ? ['one run of orphans was not enough'] : []),
      ...leftOvers('of terminated workflows', then.byTerminated),
      ...leftOvers('that failures name', then.named),
      ...(then.expiring > 0 ? [`orphans left ${then.expiring} snapshots of good clones`] : []),
      ...FAULTS.flatMap((f) => then[f].filter((what) => !first[f].includes(what)).map((what) => `by orphans: ${what}`)),
    ],
  };
}

const leftOvers = (whose: string, left: Left): string[] =>
  Object.entries(left).flatMap(([kind, n]) => (n > 0 ? [`orphans left ${n} ${kind} ${whose}`] : []));
