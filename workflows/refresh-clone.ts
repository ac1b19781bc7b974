import { CancellationScope, log, workflowInfo } from '@temporalio/workflow';
import type { CopyGroup, GroupPlan, MadeGroupSnapshot, RefreshPlan } from '../activities/types.ts';
import type { CloneGroupResult } from '../contracts/clone-group-result.ts';
import type { CloneVolumeResult } from '../contracts/clone-result.ts';
import type { CopyVolumeResult } from '../contracts/copy-result.ts';
import type { CopyVolumeRequest, UndoCopyRequest } from '../contracts/copy-volume.ts';
import type { LeftBehind } from '../contracts/failure.ts';
import { cloneLabel, copyLabel, groupLabel, label, refreshLabel, undoCopyLabel } from '../contracts/label.ts';
import { WORKFLOW } from '../contracts/names.ts';
import type { GenerationVolume, MovedGroup, RefreshCloneResult } from '../contracts/refresh-clone-result.ts';
import type { RefreshCloneRequest } from '../contracts/refresh-clone.ts';
import { isSeries, seriesWorkflowID } from '../contracts/series.ts';
import { isRequestID, workflowIDForRequest, workflowIDForUndo } from '../contracts/workflow-id.ts';
import { changes, creates, hooks as hookCalls, reads, retires, undo } from './activities.ts';
import { isTakenBack, madeNothing, reasonOf } from './failure.ts';
import { joinOrRun, runChild } from './join.ts';
import { endOfChild } from './refresh/child.ts';
import { markdownTable } from './markdown.ts';
import { nominalTime } from './nominal-time.ts';
import { refreshInSeries } from './refresh/series-lock.ts';
import { carryOut, Run, type Subject } from './run.ts';
import { publish } from './search-attributes.ts';
import { REFRESH_STEPS } from './story.ts';

/**
 * Makes a new generation of a series, moves the volume access groups from the old one to it, and retires what is older than
 * the newest `keep`: preflight → clone (a workflow of its own) → swap → retire, with hooks between them.
 *
 * Runs in the one workflow that its series allows; under another ID it waits for its turn there. Until the old generations
 * are retired, whatever fails or is cancelled puts the generation before back into service.
 * @throws ApplicationFailure `InvalidRequest` (nothing was created) or `CloneFailed` (`details[0]`: RefreshFailureDetails)
 */
export async function refreshClone(request: RefreshCloneRequest): Promise<RefreshCloneResult> {
  const title = refreshLabel(request);
  const cluster: unknown = request?.clone?.cluster;
  const { workflowId } = workflowInfo();
  // What cannot be the name of a series is refused by preflight, with everything else that is wrong.
  const lock =
    isSeries(request?.series) && typeof cluster === 'string' ? seriesWorkflowID(cluster, request.series) : '';
  if (lock === '' || workflowId === lock) return carryOut(new RefreshRun(request, title));
  const key = request.requestId;
  if (isRequestID(key) && workflowId !== workflowIDForRequest(key)) {
    return joinOrRun(WORKFLOW.refreshClone, key, request, title);
  }
  publish({ phase: 'waiting', cluster: label(cluster), series: request.series });
  return refreshInSeries(lock, { ...request, nominalTime: momentOf(request) }, title);
}

/** The moment that the run is for: a schedule's own time, however late it begins. */
const momentOf = ({ nominalTime: given }: RefreshCloneRequest): string =>
  typeof given === 'string' ? given : nominalTime().toISOString();

/** Steps of clones count for the cluster that they are on. */
type OnCluster = RefreshCloneRequest & { cluster: string };

interface Generation {
  workflowID: string;
  copyWorkflowIDs?: string[];
  volumes: GenerationVolume[];
  bytes: number;
}

class RefreshRun extends Run<OnCluster, RefreshCloneResult> {
  private readonly asked: RefreshCloneRequest;
  private plan: RefreshPlan | undefined;
  /** One of the groups could not be put right: then the new generation may be all that is in service. */
  private stuck = false;

  constructor(request: RefreshCloneRequest, title: string) {
    super({ ...request, cluster: request?.clone?.cluster }, title, REFRESH_STEPS);
    this.asked = request;
  }

  async run(): Promise<RefreshCloneResult> {
    const plan = await this.preflight();
    const { make } = plan;
    if (!plan.superseded) await this.before(plan);
    const overwrites = make.type === 'copyVolume' || make.type === 'copyGroup';
    // Before the content changes, hosts must have let go of the volumes.
    if (overwrites) await this.hook(plan, 'beforeSwap', 'unmount');
    const made = overwrites ? await this.overwrite(make) : await this.make(plan, make);
    const moved = plan.superseded ? [] : await this.swap(plan, made);
    // From here on the generation before may be deleted: the new one stays, whatever comes.
    this.compensation.settle();
    const retirement = await CancellationScope.nonCancellable(() => this.retire(plan, made));
    this.story.end('done', `Done: generation ${plan.generation} is in service.`);
    publish({ phase: 'done' });
    return {
      cluster: plan.cluster,
      series: plan.series,
      mode: this.asked.mode ?? 'swap',
      generation: plan.generation,
      nominalTime: plan.nominalTime,
      volumes: made.volumes,
      cloneWorkflowID: made.workflowID,
      ...(made.copyWorkflowIDs === undefined ? {} : { copyWorkflowIDs: made.copyWorkflowIDs }),
      previous: plan.previous,
      volumeAccessGroups: moved,
      ...retirement,
      startedAt: this.startedAt,
      finishedAt: new Date().toISOString(),
      bytes: made.bytes,
      apiCalls: this.apiCalls,
    };
  }

  protected subject(): Subject {
    const [cluster, series] = [label(this.request?.cluster), label(this.request?.series)];
    const generation = this.plan?.generation;
    const what = generation === undefined ? '' : `, generation ${generation},`;
    return {
      what: `Refreshing series "${series}"${what} of cluster ${cluster}`,
      details: { cluster, series, ...(generation === undefined ? {} : { generation }) },
    };
  }

  private async preflight(): Promise<RefreshPlan> {
    const { asked, owner, story } = this;
    publish({
      phase: 'waiting',
      ...(typeof this.request.cluster === 'string' ? { cluster: label(this.request.cluster) } : {}),
      ...(isSeries(asked?.series) ? { series: asked.series } : {}),
    });
    const { before, beforeSwap, after } = asked?.hooks ?? {};
    if (before === undefined) story.skip('quiesce');
    if (beforeSwap === undefined) story.skip('unmount');
    if (after === undefined) story.skip('remount');
    this.begin('preflightRefresh', 'preflight', 'Checking the request, and looking for the generations before.');
    const { apiCalls, ...plan } = await reads.preflightRefresh.executeWithOptions(
      { summary: `Check series ${label(asked?.series)}`, scheduleToCloseTimeout: this.timeLeft() },
      [
        {
          request: asked,
          owner,
          nominalTime: momentOf(asked),
          key: `refresh.${workflowInfo().firstExecutionRunId}`,
        },
      ],
    );
    this.count({ apiCalls });
    this.plan = plan;
    story.learn(`generation ${plan.generation} of ${plan.series}, for ${plan.nominalTime}`);
    if (plan.previous !== null) {
      const ids = plan.previous.volumes.map((v) => v.volumeID).join(', ');
      story.learn(`in service: generation ${plan.previous.generation}, volume ${ids}`);
    }
    const [source] = 'volumes' in plan.make.request ? plan.make.request.volumes : [plan.make.request];
    if (source !== undefined) publish({ sourceVolumeID: source.volumeID });
    return plan;
  }

  private async before(plan: RefreshPlan): Promise<void> {
    const { after } = this.asked.hooks ?? {};
    if (after !== undefined) {
      // The oldest entry: it is called when everything else is undone, and so finds what is in service again.
      this.compensation.always(
        () => this.resume(plan),
        () => [],
      );
    }
    await this.hook(plan, 'before', 'quiesce');
  }

  private hooksCalled = 0;

  /** The hook that takes back what the others did, at the end of a run that failed. */
  private async resume(plan: RefreshPlan): Promise<{ undone: string[]; leftBehind: LeftBehind[] }> {
    if (this.hooksCalled === 0) return { undone: [], leftBehind: [] };
    const name = hookName(this.asked.hooks?.after);
    try {
      await this.callHook(plan, 'after', { outcome: 'failed', inService: plan.previous }, 3_600_000);
      return { undone: [`hook "${name}" called, to resume`], leftBehind: [] };
    } catch (err) {
      log.warn('The hook that resumes could not be called', { hook: name, error: reasonOf(err) });
      return { undone: [`hook "${name}" did not resume: ${reasonOf(err)}; see to it by hand`], leftBehind: [] };
    }
  }

  private async hook(plan: RefreshPlan, when: When, step: 'quiesce' | 'unmount' | 'remount', made?: Generation) {
    if (this.asked.hooks?.[when] === undefined) return;
    this.begin('callHook', step, `Calling hook "${hookName(this.asked.hooks[when])}".`);
    this.hooksCalled += 1;
    const inService = when === 'after' ? { generation: plan.generation, volumes: made?.volumes ?? [] } : plan.previous;
    await this.callHook(plan, when, { outcome: 'running', inService, ...(made ? { made: made.volumes } : {}) });
  }

  private async callHook(plan: RefreshPlan, when: When, facts: object, scheduleToCloseTimeout = this.timeLeft()) {
    const hook = this.asked.hooks?.[when];
    if (hook === undefined) return;
    const parameters = typeof hook === 'string' ? undefined : hook.parameters;
    const { outcome } = facts as { outcome?: string };
    await hookCalls.callHook.executeWithOptions(
      { summary: `Hook ${hookName(hook)} (${when})`, scheduleToCloseTimeout },
      [
        {
          hook: hookName(hook),
          key: `${workflowInfo().firstExecutionRunId}:${when}${outcome === 'failed' ? ':failed' : ''}`,
          body: {
            event: when,
            cluster: plan.cluster,
            series: plan.series,
            generation: plan.generation,
            nominalTime: plan.nominalTime,
            ...facts,
            ...(parameters === undefined ? {} : { parameters }),
          },
        },
      ],
    );
  }

  private async make(plan: RefreshPlan, { type, request }: Clones): Promise<Generation> {
    this.begin('makeGeneration', 'clone', 'Making the volumes: a workflow of its own, see Relationships.', 'cloning');
    const key = request.requestId!;
    const title = type === 'cloneVolume' ? cloneLabel(request) : groupLabel(request);
    const workflowID = workflowIDForRequest(key);
    const result = await this.child(workflowID, () =>
      joinOrRun<CloneVolumeResult | CloneGroupResult>(type, key, request, title),
    );
    const members = 'members' in result ? result.members : [result];
    const volumes = members.map(({ sourceVolumeID, volumeID, volume }) => {
      return { sourceVolumeID, volumeID, name: volume.name };
    });
    if (!plan.superseded) this.undoOnFailure(plan, volumes);
    this.apiCalls += result.apiCalls ?? 0;
    for (const { volumeID, name } of volumes) this.story.learn(`volume ${volumeID} (${name})`);
    if (volumes[0] !== undefined) publish({ cloneVolumeID: volumes[0].volumeID });
    return { workflowID, volumes, bytes: result.bytes };
  }

  private async overwrite(make: Copies): Promise<Generation> {
    this.begin('makeGeneration', 'clone', 'Copying onto what is in service: see Relationships.', 'cloning');
    return make.type === 'copyGroup' ? this.copyGroup(make) : this.copy(make.request);
  }

  /** New content, all of one moment, in the volumes that there are: in all of them or in none. */
  private async copyGroup({ group, copies, ...given }: CopyGroup): Promise<Generation> {
    const snapshot = given.snapshots === null ? await this.createGroupSnapshot(group) : null;
    const snapshots = given.snapshots ?? snapshot?.snapshots ?? [];
    const done = await allOrNone(copies, (copy) => {
      const snapshotID = snapshots.find((s) => s.volumeID === copy.volumeID)?.snapshotID;
      // One that an earlier run had finished is of another snapshot by now.
      return this.copy({ ...copy, ...(snapshotID === undefined ? {} : { snapshotID }) }, { anySnapshot: true });
    });
    const anew = done.filter(({ snapshotID }) => snapshots.some((s) => s.snapshotID === snapshotID));
    if (anew.length > 0 && anew.length < done.length) {
      throw new Error('some copies of an earlier run stand beside new ones, which are of another moment; ask again');
    }
    if (snapshot !== null) {
      const { groupSnapshotID, inDoubtSince } = snapshot;
      await this.removeSnapshot(`group snapshot ${groupSnapshotID}`, async () => {
        const removed = await changes.cleanUpGroup.executeWithOptions(
          { summary: `Remove group snapshot ${groupSnapshotID}`, scheduleToCloseTimeout: this.timeLeft() },
          [{ plan: group, owner: this.owner, snapshot: { groupSnapshotID, inDoubtSince }, asyncHandle: null }],
        );
        return this.count(removed).groupSnapshotDeleted;
      });
    }
    return {
      workflowID: done[0]!.workflowID,
      copyWorkflowIDs: done.map((d) => d.workflowID),
      volumes: done.flatMap((d) => d.volumes),
      bytes: done.reduce((sum, d) => sum + d.bytes, 0),
    };
  }

  private async createGroupSnapshot(group: GroupPlan): Promise<MadeGroupSnapshot> {
    // Before the call: its answer may be lost, and what it made must be found by its tag all the same.
    const undoing = this.compensation.groupSnapshot(group, this.owner);
    const made = await creates.createGroupSnapshot.executeWithOptions(
      { summary: `CreateGroupSnapshot of ${group.members.length} volumes`, scheduleToCloseTimeout: this.timeLeft() },
      [{ plan: group, owner: this.owner }],
    );
    undoing.learn(made.groupSnapshotID, made.inDoubtSince !== null);
    this.story.learn(`group snapshot ${made.groupSnapshotID}`);
    return this.count(made);
  }

  /** New content in one volume. It is taken back when the run fails later. */
  private async copy(request: CopyVolumeRequest, options: { anySnapshot?: boolean } = {}) {
    const { cluster, volumeID: sourceVolumeID, dstVolumeID } = request;
    const { workflowID, result } = await this.copyAnew(request, options);
    const content = (reason: string): LeftBehind[] => [{ kind: 'content', id: dstVolumeID, reason }];
    this.compensation.always(async () => {
      const back: UndoCopyRequest = { cluster, dstVolumeID, workflowID, force: this.asked.force ?? false };
      await runChild(WORKFLOW.undoCopy, back, undoCopyLabel(back), {
        workflowId: workflowIDForUndo(workflowID),
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      });
      return { undone: [`volume ${dstVolumeID} holds again what it held before`], leftBehind: [] };
    }, content);
    this.apiCalls += result.apiCalls ?? 0;
    const { name } = result.volume;
    this.story.learn(`volume ${dstVolumeID} (${name})`);
    publish({ cloneVolumeID: dstVolumeID });
    const volumes: GenerationVolume[] = [{ sourceVolumeID, volumeID: dstVolumeID, name }];
    return { workflowID, volumes, bytes: result.bytes, snapshotID: result.snapshotID };
  }

  /** By the copy that an earlier run has made, unless that was taken back: then the volume holds what it held before. */
  private async copyAnew(request: CopyVolumeRequest, options: { anySnapshot?: boolean }) {
    for (let tries = 1; ; tries += 1) {
      const key = tries === 1 ? request.requestId! : `${request.requestId}.${tries}`;
      const workflowID = workflowIDForRequest(key);
      try {
        const copy = { ...request, requestId: key };
        const result = await this.child(workflowID, () =>
          joinOrRun<CopyVolumeResult>(WORKFLOW.copyVolume, key, copy, copyLabel(copy), {
            ...options,
            unlessTakenBack: true,
          }),
        );
        return { workflowID, result };
      } catch (err) {
        if (!isTakenBack(err)) throw err;
      }
    }
  }

  /** A workflow that makes a generation; what it left is told when it fails. */
  private async child<T>(workflowID: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (err) {
      if (isTakenBack(err)) throw err;
      const end = endOfChild(err, workflowID);
      this.compensation.always(
        () => Promise.resolve(end),
        () => end.leftBehind,
      );
      throw err;
    }
  }

  private undoOnFailure(plan: RefreshPlan, volumes: GenerationVolume[]): void {
    const leave = (reason: string) => volumes.map((v): LeftBehind => ({ kind: 'volume', id: v.volumeID, reason }));
    this.compensation.undoing(async () => {
      // With the old generation out and the new one deleted, hosts would be left with none.
      if (this.stuck) return { undone: [], leftBehind: leave('it may be all that hosts have; see the groups') };
      return undo.undoGeneration.executeWithOptions(
        { summary: `Remove ${volumes.map((v) => `volume ${v.volumeID}`).join(', ')}`.slice(0, 200) },
        [{ plan, volumes, force: this.asked.force ?? false }],
      );
    }, leave);
  }

  private async swap(plan: RefreshPlan, made: Generation): Promise<MovedGroup[]> {
    if (plan.make.type === 'cloneVolume' || plan.make.type === 'cloneGroup') {
      await this.hook(plan, 'beforeSwap', 'unmount', made);
    }
    const order = this.asked.swap ?? 'before';
    const names = plan.moves.map((m) => m.name).join(', ');
    const [what, summary] =
      names === ''
        ? ['No volume access group moves: marking the new generation.', `Mark generation ${plan.generation}`]
        : [`Moving ${names} to the new generation.`, `Move ${names} to generation ${plan.generation}`];
    this.begin('swapAccess', 'swap', what, 'granting');
    const swapping = { failed: undefined as unknown };
    this.undoSwapOnFailure(plan, made.volumes, order, swapping);
    try {
      const { moved } = this.count(
        await changes.swapAccess.executeWithOptions(
          { summary: summary.slice(0, 200), scheduleToCloseTimeout: this.timeLeft() },
          [{ plan, volumes: made.volumes, order }],
        ),
      );
      this.showMoved(moved);
      await this.hook(plan, 'after', 'remount', made);
      // A cancellation that came while the last step was finished would else go unheard.
      this.checkCancelled();
      return moved;
    } catch (err) {
      swapping.failed = err;
      throw err;
    }
  }

  /** However the failure is to be dealt with: the generation before is in service again. */
  private undoSwapOnFailure(
    plan: RefreshPlan,
    volumes: GenerationVolume[],
    order: 'before' | 'after',
    swapping: { failed: unknown },
  ): void {
    this.compensation.always(
      async () => {
        const inDoubt = this.step === 'swapAccess' && !madeNothing(swapping.failed);
        this.stuck = true;
        const done = await undo.undoSwap.executeWithOptions(
          { summary: `Put generation ${plan.previous?.generation ?? 'before'} back into service` },
          [{ plan, volumes, order, inDoubt }],
        );
        this.stuck = done.leftBehind.length > 0;
        return done;
      },
      (reason) =>
        plan.moves.map(({ volumeAccessGroupID, name, leaving }) => ({
          kind: 'accessGroupMembership',
          id: volumeAccessGroupID,
          reason: `${name}: volume ${volumes.map((v) => v.volumeID).join(', ')} may be in it, and volume ${leaving.join(', ') || 'of the generation before'} may not; ${reason}`,
        })),
    );
  }

  private async retire(plan: RefreshPlan, { volumes }: Generation) {
    const { retire = 'delete', keep, force = false } = this.asked;
    const isKept = retire === 'keep' || plan.superseded;
    this.begin('retireGenerations', 'retire', isKept ? 'Counting the generations.' : 'Retiring old generations.');
    try {
      const { retired, keptBack, generations } = this.count(
        await retires.retireGenerations.executeWithOptions(
          { summary: isKept ? 'Count the generations' : `Keep the newest ${keep} generations` },
          [{ plan, volumes, keep: isKept ? null : (keep ?? null), force }],
        ),
      );
      for (const r of retired) this.story.learn(`generation ${r.generation} deleted`);
      for (const k of keptBack) this.story.learn(`generation ${k.generation} stays: ${k.reason}`);
      return { retired, keptBack, generations };
    } catch (err) {
      // The next run retires what this one could not.
      const retirementFailed = reasonOf(err);
      log.warn('Old generations could not be retired', { series: plan.series, error: retirementFailed });
      this.story.learn(`old generations could not be retired: ${retirementFailed}`);
      return { retired: [], keptBack: [], generations: [plan.generation], retirementFailed };
    }
  }

  private showMoved(moved: readonly MovedGroup[]): void {
    const rows = moved.map((m) => [m.volumeAccessGroupID, m.name, m.removed.join(', '), m.added.join(', ')]);
    if (rows.length > 0) this.story.tabulate(markdownTable(['group', 'name', 'out', 'in'], rows));
  }
}

type Clones = Extract<RefreshPlan['make'], { type: 'cloneVolume' | 'cloneGroup' }>;
type Copies = Exclude<RefreshPlan['make'], Clones>;

/** The first that fails ends the others. */
async function allOrNone<T, R>(list: readonly T[], run: (it: T) => Promise<R>): Promise<R[]> {
  const all = new CancellationScope();
  let first: unknown;
  const outcomes = await all.run(() =>
    Promise.allSettled(
      list.map(async (it) => {
        try {
          return await run(it);
        } catch (err) {
          first ??= err;
          all.cancel();
          throw err;
        }
      }),
    ),
  );
  if (first !== undefined) throw first;
  return outcomes.flatMap((o) => (o.status === 'fulfilled' ? [o.value] : []));
}

type When = 'before' | 'beforeSwap' | 'after';

const hookName = (hook: string | { hook: string } | undefined) => label(typeof hook === 'string' ? hook : hook?.hook);
