import { readTag } from '../../contracts/tag.ts';
import type { CloneJobView, StateView } from '../../simulator/index.ts';
import type { Made } from './ledger.ts';
import type { Deeds } from './people.ts';

/** What one workflow has on the cluster. Deleted volumes are nothing any more. */
export interface Belongings {
  volumes: StateView['volumes'];
  /** Without those of a group snapshot that is there. */
  snapshots: StateView['snapshots'];
  groupSnapshots: StateView['groupSnapshots'];
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

export const noBelongings = (): Belongings => ({
  volumes: [],
  snapshots: [],
  groupSnapshots: [],
  jobs: [],
  asyncResults: [],
});

export const inWords = ({ volumes, snapshots, groupSnapshots, jobs, asyncResults }: Belongings): string[] => [
  ...volumes.map((v) => `volume ${v.volumeID}`),
  ...snapshots.map((s) => `snapshot ${s.snapshotID}`),
  ...groupSnapshots.map((g) => `group snapshot ${g.groupSnapshotID}`),
  ...jobs.map((j) => `clone job ${j.cloneID}`),
  ...asyncResults.map((r) => `async result ${r.asyncHandle}`),
];

export interface Provenance {
  deeds: Deeds;
  made: readonly Made[];
  /** Workflows by the volume that they were asked to copy onto. */
  copiers: ReadonlyMap<number, string>;
}

/** Everything that was not there before, by its owner; what people have made by hand is left out. */
export function sortByOwner(before: StateView, after: StateView, { deeds, made, copiers }: Provenance): Sorted {
  const byWorkflow = new Map<string, Belongings>();
  const nobodys: string[] = [];
  const theirs = new Set([...before.volumes, ...deeds.volumes].map((v) => v.volumeID));
  const known = {
    snapshots: new Set(before.snapshots.map((s) => s.snapshotID)),
    jobs: new Set(before.cloneJobs.map((j) => j.cloneID)),
    results: new Set(before.asyncResults.map((r) => r.asyncHandle)),
  };
  /** Also of volumes that the cluster has forgotten. */
  const makerOf = (kind: Made['kind'], id: number) => made.find((m) => m.kind === kind && m.id === id)?.tag?.workflowID;
  const ownerOfJob = ({ kind, cloneID, dstVolumeID }: CloneJobView) =>
    kind === 'copy' ? (copiers.get(dstVolumeID) ?? makerOf('copy', cloneID)) : makerOf('volume', dstVolumeID);
  const isByHand = ({ kind, dstVolumeID }: CloneJobView) => kind === 'clone' && theirs.has(dstVolumeID);

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
  const groups = new Set(after.groupSnapshots.map((g) => g.groupSnapshotID));
  for (const group of after.groupSnapshots) {
    if (before.groupSnapshots.some((g) => g.groupSnapshotID === group.groupSnapshotID)) continue;
    give('groupSnapshots', group, readTag(group['attributes'])?.workflowID);
  }
  for (const snapshot of after.snapshots) {
    // Where its group goes, it goes too.
    if (known.snapshots.has(snapshot.snapshotID) || groups.has(Number(snapshot['groupID']))) continue;
    give('snapshots', snapshot, readTag(snapshot['attributes'])?.workflowID);
  }
  const jobs = new Map(after.cloneJobs.map((j) => [j.cloneID, j]));
  for (const job of after.cloneJobs) {
    if (job.status !== 'running' || isByHand(job) || known.jobs.has(job.cloneID)) continue;
    give('jobs', job, ownerOfJob(job));
  }
  for (const result of after.asyncResults) {
    const job = jobs.get(result.cloneIDs[0] ?? 0);
    if ((job && isByHand(job)) || known.results.has(result.asyncHandle)) continue;
    give('asyncResults', result, job && ownerOfJob(job));
  }
  return { byWorkflow, nobodys };
}
