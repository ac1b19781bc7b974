import { readTag } from '../../contracts/tag.ts';
import type { RunningSimulator } from '../../simulator/index.ts';

/** What on the cluster carries a tag of this service and is not deleted; async results are all ours in a test. */
export function ours(simulator: RunningSimulator) {
  const state = simulator.cluster.state();
  const tagged = (o: Record<string, unknown>) => readTag(o['attributes']) !== undefined;
  return {
    volumes: state.volumes.filter((v) => v.status !== 'deleted' && tagged(v)).map((v) => v.volumeID),
    snapshots: state.snapshots.filter(tagged).map((s) => s.snapshotID),
    asyncResults: state.asyncResults.length,
    running: state.cloneJobs.filter((j) => j.status === 'running').length,
  };
}

export const NOTHING: ReturnType<typeof ours> = { volumes: [], snapshots: [], asyncResults: 0, running: 0 };
