import { setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { removableRefs, type OrphanRef, type OrphanRemoval, type RemoveOrphansRequest } from '../contracts/orphans.ts';
import { looks, perCluster, plans, removals, REPORT_BYTES } from './housekeeping.ts';
import { rethrowRefusal } from './refusal.ts';

/** Objects that one activity removes: bounds what is said in one answer, and what a dead worker does again. */
const BATCH = 25;

/** Looks of one run. Each finds as much as a report holds. */
const LOOKS_MAX = 5;

/** What is said about objects that stay: with its reason, each takes a few hundred bytes of the result. */
const REASONS_MAX = 2_000;

/**
 * Removes orphans: those that are named, else all that are found. Each is looked at again just before it goes.
 * @throws ApplicationFailure `InvalidRequest`
 */
export async function removeOrphans(request?: RemoveOrphansRequest): Promise<OrphanRemoval> {
  const { clusters, olderThanMs } = await plans
    .planHousekeeping({ what: 'removal', request: request ?? {} })
    .catch(rethrowRefusal);
  const { only, include = [] } = request ?? {};
  const removal: OrphanRemoval = { removed: [], skipped: [], failed: [], failedClusters: [], more: false };
  const { failed } = await perCluster(clusters, async (cluster) => {
    const remove = async (objects: OrphanRef[]) => {
      for (let i = 0; i < objects.length; i += BATCH) {
        if (removal.failed.length + removal.skipped.length > REASONS_MAX) {
          removal.more = true;
          return;
        }
        const batch = objects.slice(i, i + BATCH);
        const done = await removals.removeOrphanBatch.executeWithOptions(
          { summary: `Remove ${batch.length} objects from ${cluster}, ${objects.length - i} to go` },
          [{ cluster, objects: batch, olderThanMs, include, removedAt: workflowInfo().startTime.toISOString() }],
        );
        removal.removed.push(...done.removed);
        removal.skipped.push(...done.skipped);
        removal.failed.push(...done.failed);
        setCurrentDetails(summaryOf(removal));
      }
    };
    if (only !== undefined) return remove(only.filter((o) => o.cluster === cluster));
    const tried = new Set<string>();
    for (let look = 1; ; look += 1) {
      const found = await looks.lookForOrphans.executeWithOptions({ summary: `Look for orphans on ${cluster}` }, [
        { cluster, olderThanMs, maxBytes: Math.floor(REPORT_BYTES / clusters.length) },
      ]);
      // What could not be removed is found again.
      const objects = removableRefs(found.orphans, include).filter((o) => !tried.has(`${o.kind} ${o.id}`));
      for (const o of objects) tried.add(`${o.kind} ${o.id}`);
      await remove(objects);
      if (found.leftOut === 0) return;
      if (removal.more || objects.length === 0 || look === LOOKS_MAX) {
        removal.more = true;
        return;
      }
    }
  });
  removal.failedClusters.push(...failed);
  setCurrentDetails(summaryOf(removal));
  return removal;
}

const summaryOf = ({ removed, skipped, failed }: OrphanRemoval) =>
  `${removed.length} removed, ${skipped.length} left alone, ${failed.length} could not be removed.`;
