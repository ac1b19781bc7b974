import type { ElementClient, CloneJob } from '../element/index.ts';

/** A cluster's running clone jobs, at most this old, shared by all that wait for one. */
const MAX_AGE_MS = 1_500;

interface View {
  at: number;
  jobs: Promise<CloneJob[]>;
  settled: boolean;
}

/**
 * One view of a cluster per worker: one ListSyncJobs in flight, however many clones wait. The cluster then sees a
 * constant number of calls per second, not one per clone.
 */
export class SyncJobsView {
  private readonly now: () => number;
  private view: View | undefined;

  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  /** Running clone jobs. `api` makes the call when a new look is due; whoever makes it pays for it. */
  cloneJobs(api: ElementClient): Promise<CloneJob[]> {
    const current = this.view;
    if (current && (!current.settled || this.now() - current.at < MAX_AGE_MS)) return current.jobs;
    const view: View = { at: this.now(), settled: false, jobs: fetchJobs(api) };
    this.view = view;
    view.jobs.then(
      () => {
        view.settled = true;
        view.at = this.now();
      },
      () => {
        // A failed look is nobody's view: the next one asks again.
        if (this.view === view) this.view = undefined;
      },
    );
    return view.jobs;
  }
}

/** The signal is left out on purpose: others may be waiting for the same answer. */
const fetchJobs = async (api: ElementClient): Promise<CloneJob[]> =>
  (await api.listSyncJobs({}, { signal: undefined })).cloneJobs;
