import { readTag } from '../../contracts/tag.ts';
import type { StateView } from '../../simulator/index.ts';
import type { Made } from './ledger.ts';
import type { Deeds } from './people.ts';

/** What one workflow has on the cluster. Deleted volumes are nothing any more. */
export interface Belongings {
  volumes: StateView['volumes'];
  snapshots: StateView['snapshots'];
  /** Those that run. */
  jobs: StateView['cloneJobs'];
  asyncResults: StateView['asyncResults'];
}

export interface Sorted {
  /** By the ID of the workflow that the tag names. */
  byWorkflow: Map<string, Belongings>;
  /** In words, what is new and carries no tag. */
  nobodys: string[];
}

export const noBelongings = (): Belongings => ({ volumes: [], snapshots: [], jobs: [], asyncResults: [] });

export const inWords = ({ volumes, snapshots, jobs, asyncResults }: Belongings): string[] => [
  ...volumes.map((v) => `volume ${v.volumeID}`),
  ...snapshots.map((s) => `snapshot ${s.snapshotID}`),
  ...jobs.map((j) => `clone job ${j.cloneID}`),
  ...asyncResults.map((r) => `async result ${r.asyncHandle}`),
];

/** Everything that was not there before, by its owner; what people have made by hand is left out. */
export function sortByOwner(before: StateView, after: StateView, deeds: Deeds, made: readonly Made[]): Sorted {
  const byWorkflow = new Map<string, Belongings>();
  const nobodys: string[] = [];
  const theirs = new Set([...before.volumes, ...deeds.volumes].map((v) => v.volumeID));
  const snapshotsBefore = new Set(before.snapshots.map((s) => s.snapshotID));
  const jobsBefore = new Set(before.cloneJobs.map((j) => j.cloneID));
  /** Also of volumes that the cluster has forgotten. */
  const makerOf = new Map(
    made.flatMap(({ kind, id, tag }) => (kind === 'volume' && tag ? [[id, tag.workflowID]] : [])),
  );

  const give = <K extends keyof Belongings>(kind: K, thing: Belongings[K][number], to: string | undefined) => {
    const one = { ...noBelongings(), [kind]: [thing] };
    if (to === undefined) {
      nobodys.push(`${inWords(one)[0]} is nobody's: it carries no tag`);
      return;
    }
    const has = byWorkflow.get(to) ?? noBelongings();
    byWorkflow.set(to, { ...has, [kind]: [...has[kind], thing] });
  };
  for (const volume of after.volumes) {
    if (theirs.has(volume.volumeID) || volume.status === 'deleted') continue;
    give('volumes', volume, readTag(volume['attributes'])?.workflowID);
  }
  for (const snapshot of after.snapshots) {
    if (snapshotsBefore.has(snapshot.snapshotID)) continue;
    give('snapshots', snapshot, readTag(snapshot['attributes'])?.workflowID);
  }
  const destinationOf = new Map(after.cloneJobs.map((j) => [j.cloneID, j.dstVolumeID]));
  for (const job of after.cloneJobs) {
    if (job.status !== 'running' || theirs.has(job.dstVolumeID) || jobsBefore.has(job.cloneID)) continue;
    give('jobs', job, makerOf.get(job.dstVolumeID));
  }
  for (const result of after.asyncResults) {
    const volumeID = destinationOf.get(result.cloneIDs[0] ?? 0) ?? 0;
    if (theirs.has(volumeID) || before.asyncResults.some((r) => r.asyncHandle === result.asyncHandle)) continue;
    give('asyncResults', result, makerOf.get(volumeID));
  }
  return { byWorkflow, nobodys };
}
