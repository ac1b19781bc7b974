import type { ElementClient, CloneJob } from '../element/index.ts';

/** A cluster's running clone jobs, at most this old, shared by all that wait for one. */
const MAX_AGE_MS = 1_500;

/** Clone jobs that ran on the cluster at a moment. */
export interface SeenJobs {
  jobs: CloneJob[];
  /** When the answer came: estimates count from here. Milliseconds since the epoch. */
  at: number;
}

interface View {
  askedAt: number;
  /** `undefined` while the call is under way. */
  at: number | undefined;
  seen: Promise<SeenJobs>;
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

  /**
   * Running clone jobs, as the cluster showed them in answer to a call made at `since` or later: what had begun by then is
   * among them. `api` makes the call when a new look is due; whoever makes it pays for it.
   */
  cloneJobs(api: ElementClient, since = -Infinity): Promise<SeenJobs> {
    const { view } = this;
    const from = Math.min(since, this.now());
    if (view === undefined) return this.ask(api);
    if (view.askedAt >= from) {
      return view.at === undefined || this.now() - view.at < MAX_AGE_MS ? view.seen : this.ask(api);
    }
    if (view.at !== undefined) return this.ask(api);
    // Under way, but asked too early. Of those who wait for its answer, the first asks anew for all.
    const again = () => this.cloneJobs(api, from);
    return view.seen.then(again, again);
  }

  private ask(api: ElementClient): Promise<SeenJobs> {
    const view: View = { askedAt: this.now(), at: undefined, seen: this.fetch(api) };
    this.view = view;
    view.seen.then(
      ({ at }) => {
        view.at = at;
      },
      () => {
        // A failed look is nobody's view: the next one asks again.
        if (this.view === view) this.view = undefined;
      },
    );
    return view.seen;
  }

  private async fetch(api: ElementClient): Promise<SeenJobs> {
    // The signal is left out on purpose: others may be waiting for the same answer.
    const { cloneJobs } = await api.listSyncJobs({}, { signal: undefined });
    return { jobs: cloneJobs, at: this.now() };
  }
}
