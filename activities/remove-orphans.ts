import { log } from '@temporalio/activity';
import { isRemovable, type Orphan, type OrphanRef, type Removal } from '../contracts/orphans.ts';
import type { StepMemory } from '../contracts/progress.ts';
import { removalNote, withRemovalNote } from '../contracts/tag.ts';
import { classify, ElementTransportError, type Volume } from '../element/index.ts';
import type { ActivityDeps } from './deps.ts';
import { findVolume } from './find.ts';
import { listHoldings, listOwnSnapshots, ownVolume, type Holdings } from './holdings.ts';
import { clusterTime } from './look-for-orphans.ts';
import { cancelClone } from './remove.ts';
import {
  deleteOwnGroupSnapshot,
  deleteOwnSnapshot,
  deleteOwnVolume,
  releaseAsyncResult,
  revokeAccess,
} from './release.ts';
import { NotYet, runStep, type StepContext } from './step.ts';
import { survey, volumesOf } from './survey.ts';
import type { HousekeepingActivities } from './types.ts';
import { openWorkflowBook, type Stories } from './workflow-book.ts';

/** Rounds until what the cluster does not give up is reported: somebody may be waiting for the answer. */
const ROUNDS_TRANSIENT = 10;
const ROUNDS_REFUSED = 3;
const PAUSE_MS = 2_000;
const PAUSE_MAX_MS = 10_000;

type Input = Parameters<HousekeepingActivities['removeOrphanBatch']>[0];
type Done = NonNullable<StepMemory['removal']>;

export const createRemoveOrphansActivities = (
  deps: ActivityDeps,
): Pick<HousekeepingActivities, 'removeOrphanBatch'> => ({
  removeOrphanBatch: (input) =>
    runStep(deps, input.cluster, async (ctx) => {
      const done = (ctx.memory.removal ??= { removed: [], skipped: [], failed: [], rounds: 0, begun: [] });
      const remover = new Remover(deps, ctx, input, await listHoldings(ctx.api), done);
      done.rounds += 1;
      const reason = await round(remover, ctx, input.objects, done);
      const rest = open(input.objects, done);
      if (rest.length > 0) {
        if (done.rounds < ROUNDS_TRANSIENT) {
          const message = `${rest.length} objects could not be removed yet: ${reason}`;
          throw new NotYet(message, Math.min(PAUSE_MS * done.rounds, PAUSE_MAX_MS));
        }
        done.failed.push(...rest.map((o) => ({ ...refOf(o), reason })));
      }
      const { removed, skipped, failed } = done;
      return { removed, skipped, failed };
    }),
});

/** Tries what is still to be removed, once. The last reason why something was not. */
async function round(remover: Remover, ctx: StepContext, objects: readonly OrphanRef[], done: Done): Promise<string> {
  let reason = '';
  for (const object of open(objects, done)) {
    try {
      await remover.remove(object);
    } catch (err) {
      ctx.signal.throwIfAborted();
      reason = err instanceof Error ? err.message : String(err);
      const { kind } = classify(err);
      const patience = kind === 'permanent' ? 1 : kind === 'suspect' ? ROUNDS_REFUSED : ROUNDS_TRANSIENT;
      if (done.rounds >= patience) done.failed.push({ ...refOf(object), reason });
      // Nobody answers: the others would only wait for the same time-out.
      if (err instanceof ElementTransportError) return reason;
    }
    ctx.save();
  }
  return reason;
}

/** What is neither removed nor given up. */
function open(objects: readonly OrphanRef[], { removed, skipped, failed }: Done): OrphanRef[] {
  const over = new Set([...removed, ...skipped, ...failed].map(keyOf));
  return objects.filter((o) => !over.has(keyOf(o)));
}

const keyOf = ({ kind, id }: Pick<Removal, 'kind' | 'id'>) => `${kind} ${id}`;
const refOf = ({ cluster, kind, id }: OrphanRef): Removal => ({
  cluster,
  kind,
  id,
  volumeID: kind === 'volume' ? id : null,
});

class Remover {
  private readonly deps: ActivityDeps;
  private readonly ctx: StepContext;
  private readonly input: Input;
  private readonly holdings: Holdings;
  private readonly done: Done;
  private readonly stories: Stories = new Map();

  constructor(deps: ActivityDeps, ctx: StepContext, input: Input, holdings: Holdings, done: Done) {
    this.deps = deps;
    this.ctx = ctx;
    this.input = input;
    this.holdings = holdings;
    this.done = done;
  }

  async remove(object: OrphanRef): Promise<void> {
    const { kind, id } = object;
    if (kind === 'volume') return this.removeVolume(object);
    const rows = await this.judge(
      kind === 'asyncResult' ? this.holdingsOfResult(id) : await this.freshSnapshot(object),
    );
    const row = rows.find((o) => o.kind === kind && o.id === id);
    if (row === undefined && this.done.begun.includes(keyOf(object))) return this.removed(refOf(object));
    if (!this.mayGo(object, row)) return;
    this.begin(object);
    if (kind === 'snapshot') await deleteOwnSnapshot(this.ctx.api, id);
    else if (kind === 'groupSnapshot') await deleteOwnGroupSnapshot(this.ctx.api, id);
    else await releaseAsyncResult(this.ctx.api, id);
    this.removed(row);
  }

  /** Access first, so that no host is connected; then the copy, the volume itself, and the result that tells of it. */
  private async removeVolume(object: OrphanRef): Promise<void> {
    const { api } = this.ctx;
    const { id: volumeID } = object;
    const volume = (await api.listVolumes({ volumeIDs: [volumeID] })).volumes.find((v) => v.volumeID === volumeID);
    const own = volume && ownVolume(volume, this.holdings.jobs);
    const rows = own === undefined ? [] : await this.judge({ ...this.holdings, volumes: [own], snapshots: [] });
    const row = rows.find((o) => o.kind === 'volume');
    if (volume === undefined || volume.status === 'deleted') {
      const byUs = this.done.begun.includes(keyOf(object)) || removalNote(volume?.attributes) === this.input.removedAt;
      if (!byUs) return this.skip(object, 'it is gone already');
    } else {
      if (!this.mayGo(object, row)) return;
      this.begin(object);
      await this.takeDown(volume, rows);
    }
    for (const result of rows.filter((o) => o.kind === 'asyncResult')) {
      const refused = await this.unlessRefused('GetAsyncResult', () => releaseAsyncResult(api, result.id));
      if (refused === undefined) this.removed(result);
      else this.done.failed.push({ ...toRemoval(result), reason: refused });
    }
    this.removed(refOf(object));
  }

  private async takeDown(volume: Volume, rows: readonly Orphan[]): Promise<void> {
    const { api } = this.ctx;
    await revokeAccess(api, volume);
    for (const membership of rows.filter((o) => o.kind === 'accessGroupMembership')) this.removed(membership);
    const job = rows.find((o) => o.kind === 'cloneJob');
    if (job === undefined) return this.deleteVolume(volume);
    const refused = await this.unlessRefused('CancelClone', () => cancelClone(api, job.id));
    if (refused === undefined) this.removed(job);
    // A cancelled copy may have taken its volume along.
    const left = await findVolume(api, volume.volumeID);
    if (left !== undefined) await this.deleteVolume(left);
  }

  /** With a note on it first: should somebody restore it, the next look leaves it alone. */
  private async deleteVolume(volume: Volume): Promise<void> {
    const { api } = this.ctx;
    const { volumeID, attributes } = volume;
    const noted = withRemovalNote(attributes, this.input.removedAt);
    // A half-made volume is of no use to anybody.
    const note = volume.status === 'active';
    if (note) await this.unlessRefused('ModifyVolume', () => api.modifyVolume({ volumeID, attributes: noted }));
    try {
      await deleteOwnVolume(api, { volumeID, volumeAccessGroups: [] });
    } catch (err) {
      // A note on a volume that stays would say that somebody restored it.
      if (note) await api.modifyVolume({ volumeID, attributes }).catch(() => {});
      throw err;
    }
  }

  private holdingsOfResult(asyncHandle: number): Holdings {
    const results = this.holdings.results.filter((r) => r.asyncResultID === asyncHandle);
    const volumes = this.holdings.volumes.filter((v) => results.some((r) => volumesOf(r).includes(v.volume.volumeID)));
    return { ...this.holdings, volumes, snapshots: [], results };
  }

  /** Among all: asked for by its own ID, one that is gone is an error. */
  private async freshSnapshot({ kind, id }: OrphanRef): Promise<Holdings> {
    const is = (s: { kind: string; id: number }) => s.kind === kind && s.id === id;
    const snapshots = this.holdings.snapshots.some(is) ? await listOwnSnapshots(this.ctx.api) : [];
    return { ...this.holdings, volumes: [], snapshots: snapshots.filter(is) };
  }

  /** Asks Temporal anew, and judges as the report did. */
  private async judge(holdings: Holdings): Promise<Orphan[]> {
    const { cluster, olderThanMs, removedAt } = this.input;
    const { orphans } = await survey(holdings, openWorkflowBook(this.deps.temporal, this.stories), {
      cluster,
      olderThanMs,
      now: clusterTime(this.ctx),
      signal: this.ctx.signal,
      removalNote: removedAt,
    });
    return orphans;
  }

  private mayGo(object: OrphanRef, row: Orphan | undefined): row is Orphan {
    if (row !== undefined && isRemovable(row.verdict, this.input.include)) return true;
    this.skip(object, row === undefined ? 'it is gone, or no longer an orphan' : `it is ${row.verdict}: ${row.reason}`);
    return false;
  }

  private skip(object: OrphanRef, reason: string): void {
    this.done.skipped.push({ ...refOf(object), reason });
  }

  /** Before the call: should its answer be lost, what is gone then was removed here. */
  private begin(object: OrphanRef): void {
    this.done.begun.push(keyOf(object));
    this.ctx.save();
  }

  private removed(what: Removal): void {
    // The result of a group's copies goes with each of its volumes.
    if (what.kind === 'asyncResult' && this.done.removed.some((r) => keyOf(r) === keyOf(what))) return;
    this.done.removed.push(toRemoval(what));
  }

  /** What only helps must not keep the volume from being deleted. The reason, when the cluster said no. */
  private async unlessRefused(method: string, call: () => Promise<unknown>): Promise<string | undefined> {
    try {
      await call();
      return undefined;
    } catch (err) {
      const { kind } = classify(err);
      if ((kind === 'transient' || kind === 'busy') && this.done.rounds < ROUNDS_REFUSED) throw err;
      const reason = err instanceof Error ? err.message : String(err);
      log.warn('Going on without a call that the cluster refuses', { method, error: reason });
      return reason;
    }
  }
}

const toRemoval = ({ cluster, kind, id, volumeID }: Removal): Removal => ({ cluster, kind, id, volumeID });
