import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineUpdate,
  isCancellation,
  log,
  rootCause,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Deletion, LeasedVolume, Loss } from '../activities/types.ts';
import type { CloneLeaseRequest } from '../contracts/clone-lease.ts';
import {
  isoTime,
  LEASE,
  type CloneLeaseResult,
  type LeaseExtension,
  type LeaseOutcome,
  type LeaseRelease,
  type LeaseState,
  type LeaseView,
} from '../contracts/lease.ts';
import { METRICS } from '../contracts/metrics.ts';
import { MEMO } from '../contracts/names.ts';
import { stableJSON } from '../contracts/stable-json.ts';
import { invalidRequest } from './failure.ts';
import { checks, deletions, warnings, watches } from './lease/activities.ts';
import { checkRelease, endAfter, tooLate } from './lease/changes.ts';
import { leaseDetails } from './lease/details.ts';
import { extended, newRecord, refused, type LeaseRecord } from './lease/record.ts';
import { add } from './measure.ts';
import { publish } from './search-attributes.ts';

const extendUpdate = defineUpdate<LeaseView, [LeaseExtension]>(LEASE.extend);
const releaseUpdate = defineUpdate<LeaseView, [LeaseRelease]>(LEASE.release);
const viewQuery = defineQuery<LeaseView>(LEASE.view);

/** How it ended. */
interface End {
  outcome: LeaseOutcome;
  message: string;
  releasedBy?: string;
  sessionsCut?: number;
}

/** `state` is what its predecessor handed over. */
type Input = CloneLeaseRequest & { state?: unknown };

/**
 * Deletes a clone when its time is over, unless the lease is extended or released until then. Ends at once when somebody
 * else has deleted the volume, or when it no longer carries the tag of the clone. When it is cancelled the volume stays.
 * @throws ApplicationFailure `InvalidRequest`
 */
export async function cloneLease(input: Input): Promise<CloneLeaseResult> {
  const lease = new Lease(input);
  try {
    return await lease.run();
  } catch (err) {
    if (isCancellation(err)) lease.cancelled();
    throw err;
  }
}

class Lease {
  private readonly input: Input;
  private readonly leaseID = workflowInfo().workflowId;
  private record: LeaseRecord;
  /** While the deletion is under way nothing can be extended: an extension that is accepted is kept. */
  private deleting = false;
  private end: End | undefined;
  /** Tells somebody that the lease ends soon, for as long as that is true. */
  private warning: CancellationScope | undefined;

  constructor(input: Input) {
    this.input = input;
    this.record = (input?.state as LeaseRecord | undefined) ?? newRecord(input ?? {}, Date.now());
    // Before the first await: messages may come with the start.
    setHandler(viewQuery, () => this.view());
    setHandler(extendUpdate, (extension) => this.extend(extension), { validator: (e) => void this.endAfter(e) });
    setHandler(releaseUpdate, (release) => this.release(release), { validator: (r) => this.checkRelease(r) });
  }

  async run(): Promise<CloneLeaseResult> {
    await this.begin();
    while (this.end === undefined) {
      if (this.isDue()) await continueAsNew<typeof cloneLease>({ ...this.input, state: this.record });
      const { endsAt, nextTryAt } = this.record;
      if (Date.now() < endsAt) await this.untilOver();
      else if (Date.now() < nextTryAt) await this.until(nextTryAt);
      else await this.deleteWhenUnused();
    }
    // A cancellation that came during the deletion came too late.
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
    return this.finish(this.end);
  }

  cancelled(): void {
    publish({ phase: 'cancelled' });
    this.show('The lease was cancelled: the volume stays.');
  }

  private async begin(): Promise<void> {
    const { cluster, volumeID } = this.record;
    publish({
      phase: 'waiting',
      ...(typeof cluster === 'string' ? { cluster: cluster.slice(0, 64) } : {}),
      ...(Number.isSafeInteger(volumeID) ? { cloneVolumeID: volumeID } : {}),
    });
    if (this.input?.state === undefined) await this.check();
    this.show();
  }

  private async check(): Promise<void> {
    try {
      const { clone, requestedBy, apiCalls } = await checks.checkLease.executeWithOptions(
        { summary: 'Check the lease' },
        [{ request: this.input }],
      );
      this.record = { ...this.record, clone, ...(requestedBy === undefined ? {} : { requestedBy }) };
      this.record.apiCalls += apiCalls;
      publish({ sourceVolumeID: clone.sourceVolumeID });
    } catch (err) {
      const refusal = invalidRequest(err);
      if (refusal) publish({ phase: 'failed' });
      throw refusal ?? err;
    }
  }

  /** Until the time is over, and a warning before that. The volume is looked at meanwhile. */
  private async untilOver(): Promise<void> {
    const watch = this.inScope('Look now and then whether the volume is there', (options) =>
      watches.watchLease.executeWithOptions(options, [{ leased: this.leased() }]),
    );
    void watch.answer.then((loss) => loss && this.lose(loss));
    try {
      while (this.end === undefined && !this.isDue() && Date.now() < this.record.endsAt) {
        const { noticeAt, endsAt } = this.record;
        if (noticeAt !== null && Date.now() >= noticeAt) {
          this.record.noticeAt = null;
          this.show();
          void this.warn();
        } else await this.until(noticeAt ?? endsAt);
      }
    } finally {
      watch.cancel();
    }
  }

  /** Until then, or until something happens to the lease. */
  private async until(time: number): Promise<void> {
    const before = this.record;
    const changed = () => this.record !== before || this.end !== undefined || this.isDue();
    await condition(changed, Math.max(1, time - Date.now()), { summary: `Until ${isoTime(time)}` });
  }

  private async warn(): Promise<void> {
    const warning = (this.warning = new CancellationScope());
    const news = { leaseID: this.leaseID, lease: this.view() };
    try {
      await warning.run(() =>
        warnings.warnOfLeaseEnd.executeWithOptions({ summary: 'Warn that the lease ends soon' }, [news]),
      );
    } catch (err) {
      if (!isCancellation(err)) log.warn('Nobody could be warned that a lease ends', { error: rootCause(err) });
    } finally {
      if (this.warning === warning) this.warning = undefined;
    }
  }

  private async deleteWhenUnused(): Promise<void> {
    const before = this.record;
    const { endsAt, graceMs } = before;
    const graceEnds = endsAt + graceMs;
    this.show();
    const look = this.inScope(`Wait until nobody uses volume ${before.volumeID}`, (options) =>
      watches.awaitUnused.executeWithOptions(options, [{ leased: this.leased(), graceEndsAt: isoTime(graceEnds) }]),
    );
    let seen: Awaited<typeof look.answer>;
    void look.answer.then((answer) => (seen = answer));
    try {
      const changed = () => seen !== undefined || this.record !== before || this.end !== undefined || this.isDue();
      // When the grace is over already, the deletion looks for itself.
      if (Date.now() < graceEnds) {
        await condition(changed, graceEnds - Date.now(), { summary: `Grace until ${isoTime(graceEnds)}` });
      }
    } finally {
      look.cancel();
    }
    if (this.record !== before || this.end !== undefined) return;
    if (seen !== undefined) this.record.apiCalls += seen.apiCalls;
    if (seen !== undefined && 'lost' in seen) this.lose(seen);
    else if (seen !== undefined || Date.now() >= graceEnds) await this.delete(seen === undefined);
  }

  private async delete(force: boolean): Promise<void> {
    this.deleting = true;
    this.show();
    try {
      // Once it has begun it is finished: a cancellation waits for the answer.
      const done = await CancellationScope.nonCancellable(() =>
        deletions.deleteLeased.executeWithOptions({ summary: `DeleteVolume ${this.record.volumeID}` }, [
          { leased: this.leased(), force },
        ]),
      );
      this.record.apiCalls += done.apiCalls;
      this.judge(done);
    } catch (err) {
      this.judge({ outcome: 'refused', reason: rootCause(err) ?? String(err) });
    } finally {
      this.deleting = false;
    }
    if (this.end === undefined) this.show();
  }

  private judge(done: Deletion): void {
    const { volumeID } = this.record;
    switch (done.outcome) {
      case 'deleted': {
        const { sessionsCut } = done;
        const cut = sessionsCut === 0 ? '' : `; it was still in use, and ${sessionsCut} iSCSI sessions were cut`;
        this.end = {
          outcome: 'deleted',
          sessionsCut,
          message: `Volume ${volumeID} was deleted${cut}. Until the cluster purges it, 8 hours later, RestoreDeletedVolume brings it back.`,
        };
        return;
      }
      case 'lost':
        return this.lose(done.loss);
      case 'refused':
        this.record = refused(this.record, done.reason, Date.now());
        return;
      case 'inUse':
        return;
    }
  }

  private lose({ lost, reason }: Loss): void {
    this.end ??= { outcome: lost, message: `The lease ends: ${reason}.` };
  }

  /** Throws why the lease cannot be extended so. */
  private endAfter(extension: LeaseExtension): number {
    this.refuseWhenOver();
    return endAfter(extension, this.record, Date.now());
  }

  private extend(extension: LeaseExtension): LeaseView {
    const end = this.endAfter(extension);
    this.warning?.cancel();
    this.record = extended(this.record, end, extension.requestedBy, Date.now());
    this.show();
    return this.view();
  }

  private checkRelease(release: LeaseRelease | undefined): void {
    this.refuseWhenOver();
    checkRelease(release ?? {});
  }

  private release(release: LeaseRelease | undefined): LeaseView {
    this.checkRelease(release);
    const by = release?.requestedBy;
    this.end = {
      outcome: 'released',
      message: `The lease was released${by === undefined ? '' : ` by ${by}`}: volume ${this.record.volumeID} stays for good.`,
      ...(by === undefined ? {} : { releasedBy: by }),
    };
    return this.view();
  }

  private refuseWhenOver(): void {
    if (this.deleting) throw tooLate(`volume ${this.record.volumeID} is being deleted`);
    if (this.end !== undefined) throw tooLate(this.end.message);
  }

  private finish(end: End): CloneLeaseResult {
    const { cluster, volumeID, endsAt, extensions, apiCalls } = this.record;
    const { outcome, message, releasedBy, sessionsCut = 0 } = end;
    add(METRICS.leasesEnded, { cluster, outcome });
    log.info('A lease has ended', { cluster, volumeID, outcome, message });
    publish({ phase: 'done' });
    this.show(message);
    return {
      cluster,
      volumeID,
      outcome,
      message,
      endsAt: isoTime(endsAt),
      finishedAt: isoTime(Date.now()),
      extensions,
      ...(releasedBy === undefined ? {} : { releasedBy }),
      sessionsCut,
      apiCalls,
    };
  }

  private isDue(): boolean {
    const isBusy = this.deleting || this.warning !== undefined || !allHandlersFinished();
    return workflowInfo().continueAsNewSuggested && !isBusy;
  }

  private leased(): LeasedVolume {
    const { cluster, volumeID, clone } = this.record;
    return { cluster, volumeID, clone: clone! };
  }

  private view(): LeaseView {
    const { cluster, volumeID, clone, requestedBy, endsAt, graceMs, extensions, extendedBy, problem } = this.record;
    return {
      cluster,
      volumeID,
      ...(clone === undefined
        ? {}
        : {
            name: clone.name,
            sourceVolumeID: clone.sourceVolumeID,
            cloneWorkflowID: clone.workflowID,
            request: clone.request,
          }),
      ...(requestedBy === undefined ? {} : { requestedBy }),
      state: this.state(),
      endsAt: Number.isNaN(endsAt) ? '' : isoTime(endsAt),
      ...(this.isWarned() ? { endsSoon: true } : {}),
      ...(Date.now() < endsAt ? {} : { graceEndsAt: isoTime(endsAt + graceMs) }),
      extensions,
      ...(extendedBy === undefined ? {} : { extendedBy }),
      ...(problem === undefined ? {} : { problem }),
      ...(this.end === undefined ? {} : { outcome: this.end.outcome }),
    };
  }

  private isWarned(): boolean {
    return this.record.noticeAt === null && this.state() === 'running';
  }

  private state(): LeaseState {
    if (this.end !== undefined) return 'ended';
    if (this.deleting) return 'deleting';
    return Date.now() < this.record.endsAt ? 'running' : 'ending';
  }

  /** For people, and in the memo for lists: an event of its own, so only when something that lasts has changed. */
  private show(message?: string): void {
    const view = this.view();
    setCurrentDetails(leaseDetails(this.leaseID, view, message));
    const { endsSoon: _endsSoon, ...lasting } = view;
    if (stableJSON(workflowInfo().memo?.[MEMO.lease]) !== stableJSON(lasting)) upsertMemo({ [MEMO.lease]: lasting });
  }

  /** An activity whose answer may be dropped. `undefined`: it was cancelled, or has failed for good. */
  private inScope<T>(summary: string, run: (options: { summary: string }) => Promise<T>) {
    const scope = new CancellationScope();
    const answer = scope
      .run(() => run({ summary }))
      .catch((err: unknown) => {
        if (!isCancellation(err)) log.warn('A look at a leased volume has failed for good', { error: rootCause(err) });
        return undefined;
      });
    return { answer, cancel: () => scope.cancel() };
  }
}
