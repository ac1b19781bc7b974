import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { CloneFanOutResult } from '../contracts/clone-fan-out-result.ts';
import type { CloneFanOutRequest } from '../contracts/clone-fan-out.ts';
import type { CloneGroupResult } from '../contracts/clone-group-result.ts';
import type { CloneGroupRequest } from '../contracts/clone-group.ts';
import type { CloneVolumeResult } from '../contracts/clone-result.ts';
import type { RefreshCloneResult } from '../contracts/refresh-clone-result.ts';
import type { RefreshCloneRequest } from '../contracts/refresh-clone.ts';
import type { OrphanRemoval } from '../contracts/orphans.ts';
import type { CloneType, RequestOf } from '../contracts/clone-types.ts';
import type { CloneVolumeRequest } from '../contracts/clone-volume.ts';
import type { CopyVolumeResult, UndoCopyResult } from '../contracts/copy-result.ts';
import type { CopyVolumeRequest } from '../contracts/copy-volume.ts';
import type { ClonesPlan, PlannableType } from '../contracts/dry-run.ts';
import { DEFAULT_TASK_QUEUE } from '../contracts/names.ts';
import { stableJSON } from '../contracts/stable-json.ts';
import { CloneHandle, type ResultOptions } from './clone-handle.ts';
import { connectTemporal, type ConnectOptions } from './connect.ts';
import { requestOf, toSummary, type CloneSummary } from './description.ts';
import { RequestConflictError } from './errors.ts';
import { takeInventory, type Inventory, type InventoryOptions } from './inventory.ts';
import { Leases } from './leases.ts';
import {
  findOrphans,
  removeOrphans,
  type OrphansFound,
  type OrphansOptions,
  type RemoveOrphansOptions,
} from './orphans.ts';
import { planClones } from './dry-run.ts';
import { kindOf } from './kinds.ts';
import { Runbooks } from './runbooks.ts';
import { Schedules } from './schedules/schedules.ts';
import type { TaskOptions } from './task.ts';
import { startOptions, type CloneWorkflow } from './start-options.ts';
import { undoCopy, type UndoCopyOptions } from './undo-copy.ts';
import { translate } from './temporal-errors.ts';
import { visibilityQuery, type ListFilter } from './visibility.ts';

export interface CloneClientOptions {
  /** Queue that the workers of this service poll. @default ELEMENT_CLONE_TASK_QUEUE, else `element-clone` */
  taskQueue?: string;
}

export interface ListOptions extends ListFilter {
  /** At most this many, newest first. @default all */
  limit?: number;
}

const SUFFIX_TRIES = 3;

/**
 * Starts, watches and lists clones, and finds what they left.
 *
 * ```ts
 * const clones = await CloneClient.connect();
 * const clone = await clones.start({ cluster: 'lab', volumeID: 42, name: 'db-uat', requestId: 'nightly-0412' });
 * for await (const { percent, message } of clone.progress()) console.log(percent, message);
 * const { volumeID } = await clone.result();
 * ```
 */
export class CloneClient {
  /** The Temporal client underneath, for whatever this library leaves out. */
  readonly temporal: Client;
  readonly taskQueue: string;
  /** Recurring runs. */
  readonly schedules: Schedules;
  /** Documents of steps. */
  readonly runbooks: Runbooks;
  private readonly ownsConnection: boolean;

  /** When clones that were asked for with a lease are deleted, and how to keep them. */
  readonly leases: Leases;

  /** Over a Temporal client of yours, whose connection stays yours to close. */
  constructor(temporal: Client, options: CloneClientOptions = {}, ownsConnection = false) {
    this.temporal = temporal;
    this.taskQueue = options.taskQueue ?? process.env['ELEMENT_CLONE_TASK_QUEUE'] ?? DEFAULT_TASK_QUEUE;
    this.ownsConnection = ownsConnection;
    this.leases = new Leases(temporal, this.taskQueue);
    this.schedules = new Schedules(temporal, this.taskQueue);
    this.runbooks = new Runbooks(temporal, this.taskQueue);
  }

  /**
   * Connects to Temporal, by default as the environment says; waits for a server that is just starting.
   * @throws ServiceUnavailableError
   */
  static async connect(options: ConnectOptions & CloneClientOptions = {}): Promise<CloneClient> {
    return new CloneClient(await connectTemporal(options), options, true);
  }

  /** Closes the connection that `connect` made. Clones go on. */
  async close(): Promise<void> {
    if (this.ownsConnection) await this.temporal.connection.close();
  }

  /**
   * Starts a clone and returns at once. With a `requestId` that is known already nothing is started: the handle is
   * that of the clone which has it, running or done; only after a failure does the key start a clone again.
   * @throws InvalidRequestError with every fault, RequestConflictError, ServiceUnavailableError
   */
  async start(request: CloneVolumeRequest): Promise<CloneHandle> {
    return this.begin('cloneVolume', request);
  }

  /** Starts clones of several volumes as they are at one moment; otherwise as `start`. */
  async startGroup(request: CloneGroupRequest): Promise<CloneHandle<'cloneGroup'>> {
    return this.begin('cloneGroup', request);
  }

  /** Starts many clones of one volume, all of one snapshot; otherwise as `start`. */
  async startFanOut(request: CloneFanOutRequest): Promise<CloneHandle<'cloneFanOut'>> {
    return this.begin('cloneFanOut', request);
  }

  /**
   * Starts a refresh: a new generation of a series; otherwise as `start`. While another one refreshes the same series, it
   * waits for its turn.
   */
  async startRefresh(request: RefreshCloneRequest): Promise<CloneHandle<'refreshClone'>> {
    return this.begin('refreshClone', request);
  }

  /** Starts a copy onto a volume that is there, which keeps its identity; otherwise as `start`. */
  async startCopy(request: CopyVolumeRequest): Promise<CloneHandle<'copyVolume'>> {
    return this.begin('copyVolume', request);
  }

  /**
   * Rolls the destination of a copy back to what it held before, and waits until that is done. The snapshot stays until it
   * expires. A copy that runs is cancelled instead, which rolls back too.
   * @throws InvalidRequestError when it cannot or must not be, CloneFailedError, CloneNotFoundError,
   * CloneStillRunningError, ServiceUnavailableError
   */
  async undoCopy(workflowId: string, options: UndoCopyOptions = {}): Promise<UndoCopyResult> {
    return undoCopy(this.temporal, this.taskQueue, this.handle<'copyVolume'>(workflowId), options);
  }

  /** Starts a clone and waits for the new volume. */
  async execute(request: CloneVolumeRequest, options: ResultOptions = {}): Promise<CloneVolumeResult> {
    return (await this.start(request)).result(options);
  }

  /** Starts a copy and waits until the destination holds it. */
  async executeCopy(request: CopyVolumeRequest, options: ResultOptions = {}): Promise<CopyVolumeResult> {
    return (await this.startCopy(request)).result(options);
  }

  /** Starts a group and waits for the new volumes. */
  async executeGroup(request: CloneGroupRequest, options: ResultOptions = {}): Promise<CloneGroupResult> {
    return (await this.startGroup(request)).result(options);
  }

  /** Starts a fan-out and waits for all of its clones. Those that failed are in the result. */
  async executeFanOut(request: CloneFanOutRequest, options: ResultOptions = {}): Promise<CloneFanOutResult> {
    return (await this.startFanOut(request)).result(options);
  }

  /** Starts a refresh and waits until the new generation is in service. */
  async executeRefresh(request: RefreshCloneRequest, options: ResultOptions = {}): Promise<RefreshCloneResult> {
    return (await this.startRefresh(request)).result(options);
  }

  /**
   * What a request would do, without doing it: the calls, the clone slots there are, how long the copies would take.
   * @throws InvalidRequestError as the request itself would, TaskFailedError, ServiceUnavailableError
   */
  async plan<T extends PlannableType>(type: T, request: RequestOf<T>, options: TaskOptions = {}): Promise<ClonesPlan> {
    return planClones(this.temporal, this.taskQueue, { type, request }, options);
  }

  /** The clone with this workflow ID, of whichever type. Whether there is one shows at the first call. */
  handle<T extends CloneType = 'cloneVolume'>(workflowId: string): CloneHandle<T> {
    return new CloneHandle<T>(this.temporal, workflowId);
  }

  /** Clones that match, newest first. The server's index lags by a second or so; `describe()` does not. */
  async *list(options: ListOptions = {}): AsyncGenerator<CloneSummary, void, undefined> {
    const { limit = Infinity, ...filter } = options;
    let count = 0;
    if (limit <= 0) return;
    try {
      const pageSize = Math.min(limit, 1_000);
      for await (const info of this.temporal.workflow.list({ query: visibilityQuery(filter), pageSize })) {
        yield toSummary(info);
        count += 1;
        if (count >= limit) return;
      }
    } catch (err) {
      throw translate(err, { namespace: this.namespace });
    }
  }

  /**
   * What clones left on the clusters and no running workflow owns. Changes nothing. A worker does the looking.
   * @throws InvalidRequestError, TaskFailedError, ServiceUnavailableError
   */
  orphans(options: OrphansOptions = {}): Promise<OrphansFound> {
    return findOrphans(this.temporal, this.taskQueue, options);
  }

  /**
   * Removes orphans: those of a report (`only: report.orphans`), else all that a new look finds. Each is looked at again
   * just before it goes; volumes are deleted, never purged.
   * @throws as `orphans`; what could not be removed is in the result
   */
  removeOrphans(options: RemoveOrphansOptions = {}): Promise<OrphanRemoval> {
    return removeOrphans(this.temporal, this.taskQueue, options);
  }

  /**
   * The finished clones that still exist, by cluster and volumeID, as the cluster itself tells.
   * @throws as `orphans`
   */
  inventory(options: InventoryOptions = {}): Promise<Inventory> {
    return takeInventory(this.temporal, this.taskQueue, options);
  }

  private get namespace(): string {
    return this.temporal.options.namespace;
  }

  private async begin<T extends CloneType>(type: T, request: RequestOf<T>): Promise<CloneHandle<T>> {
    const checked = kindOf(type).parse(request);
    for (let tries = 1; ; tries += 1) {
      const options = startOptions(type, checked, this.taskQueue);
      try {
        await this.temporal.workflow.start<CloneWorkflow<T>>(type, options);
        return new CloneHandle<T>(this.temporal, options.workflowId);
      } catch (err) {
        const taken = err instanceof WorkflowExecutionAlreadyStartedError;
        if (taken && checked.requestId !== undefined) return this.join(options.workflowId, type, checked);
        if (!taken || tries === SUFFIX_TRIES) throw translate(err, { namespace: this.namespace });
      }
    }
  }

  /** The clone that has the key, if it was asked for the same. */
  private async join<T extends CloneType>(workflowId: string, type: T, request: RequestOf<T>): Promise<CloneHandle<T>> {
    const theirs = await this.requestBehind(workflowId);
    if (theirs.type !== type || (theirs.request !== undefined && stableJSON(theirs.request) !== stableJSON(request))) {
      const how = theirs.type === type ? differences(theirs.request ?? {}, request) : `it was for a ${theirs.type}`;
      throw new RequestConflictError(
        `requestId "${request.requestId}" was used before for a different request (${workflowId}: ${how}); use a new key, or repeat the request unchanged`,
        { workflowId },
      );
    }
    return new CloneHandle<T>(this.temporal, workflowId, true);
  }

  private async requestBehind(workflowId: string): Promise<{ type: string; request: RequestOf | undefined }> {
    try {
      const description = await this.temporal.workflow.getHandle(workflowId).describe();
      return { type: description.type, request: await requestOf(this.temporal, description) };
    } catch (err) {
      throw translate(err, { namespace: this.namespace, workflowId });
    }
  }
}

/** `name was "a", volumeID was 4`: only the fields that differ, as the earlier request had them. */
function differences(before: object, now: object): string {
  const [a, b]: Record<string, unknown>[] = [{ ...before }, { ...now }];
  return Object.keys({ ...a, ...b })
    .filter((key) => stableJSON(a?.[key]) !== stableJSON(b?.[key]))
    .map((key) => (a?.[key] === undefined ? `it had no ${key}` : `${key} was ${stableJSON(a[key])}`))
    .join(', ');
}
