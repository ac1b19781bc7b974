import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import {
  defineSearchAttributeKey,
  TypedSearchAttributes,
  WorkflowNotFoundError,
  type UpdateDefinition,
} from '@temporalio/common';
import { WORKFLOW } from '../contracts/names.ts';
import {
  SLOTS,
  slotsWorkflowID,
  type LineView,
  type RefusedBy,
  type SlotAnswer,
  type SlotExchange,
  type SlotsInput,
  type SlotWish,
} from '../contracts/slots.ts';
import { AnswerCache } from './answer-cache.ts';

/** Without an answer for this long nobody keeps the line, and clones go on without it. */
const ANSWER_MS = 10_000;
/** A view of the line may be this old: places are for reading. */
const VIEW_MS = 2_000;

/**
 * Word that nobody is known to wait for may wait this long for something more urgent to go with: that a copy has begun,
 * and that one has ended while nobody is in line. Clones of other workers may be, so it is no long time.
 */
const LINGER_MS = 200;

/**
 * Exchanges begin at least this far apart. Each is an update of the line, which costs the server as much as two activities:
 * clones that come together ask together. One that comes alone does not wait.
 */
const APART_MS = 200;

/** Nobody keeps the line just now. */
export class LineUnavailable extends Error {
  override readonly name = 'LineUnavailable' as const;
}

/** The definition of @temporalio/workflow, without its code. */
const exchangeUpdate = { type: 'update', name: SLOTS.exchange } as UpdateDefinition<SlotAnswer, [SlotExchange]>;

interface Batch extends SlotExchange {
  ended: NonNullable<SlotExchange['ended']>;
  settle: ((answer: SlotAnswer | LineUnavailable) => void)[];
}

const emptyBatch = (): Batch => ({ wanted: [], started: [], ended: [], released: [], refused: [], settle: [] });

/**
 * Speaks with the line of one cluster for all clones of this worker. While an exchange is under way the next one
 * gathers, so that the line hears a bounded number of them however many clones start and end.
 */
export class SlotBroker {
  private readonly temporal: Client;
  private readonly cluster: string;
  private readonly taskQueue: string;
  private readonly views = new AnswerCache();
  private lookUnderWay: Promise<unknown> = Promise.resolve();
  private nextLook: Promise<LineView | undefined> | undefined;
  private next = emptyBatch();
  private speaking = false;
  /** Of the last exchange, in milliseconds of a clock that nobody sets. */
  private begunAt = -Infinity;
  private lingering: NodeJS.Timeout | undefined;
  /** Of this worker's clones, when the line was last asked; not known at first. */
  private someoneWaits = true;

  constructor(temporal: Client, cluster: string, taskQueue: string) {
    this.temporal = temporal;
    this.cluster = cluster;
    this.taskQueue = taskQueue;
  }

  /**
   * The slots, or a place in line. Asking again changes nothing.
   * @throws LineUnavailable
   */
  async want(wish: SlotWish, seen: Pick<SlotExchange, 'jobs' | 'limits'>): Promise<SlotAnswer[string]> {
    return this.ask(wish.workflowID, (batch) => {
      batch.wanted.push(wish);
      Object.assign(batch, seen);
    });
  }

  /** The cluster refused in spite of a slot: back to the head of the line. */
  async refused(
    workflowID: string,
    by: RefusedBy,
    seen: Pick<SlotExchange, 'jobs' | 'limits'>,
  ): Promise<SlotAnswer[string]> {
    return this.ask(workflowID, (batch) => {
      batch.refused.push({ workflowID, by });
      Object.assign(batch, seen);
    });
  }

  /** Word that is not waited for: were it lost, the line would find out by looking. */
  started(workflowID: string, dstVolumeIDs: number[]): void {
    this.next.started.push({ workflowID, dstVolumeIDs });
    this.linger();
  }

  /** Some of a group's copies, `[srcVolumeID, dstVolumeID]` each, while others go on. */
  ended(workflowID: string, copies: [number, number][]): void {
    this.next.ended.push({ workflowID, copies });
    this.tellOfEnd();
  }

  released(workflowID: string): void {
    this.next.released.push(workflowID);
    this.tellOfEnd();
  }

  private tellOfEnd(): void {
    if (this.someoneWaits) void this.speak();
    else this.linger();
  }

  /** The line as it was a moment ago, or as it is from now on; `undefined` when there is none. */
  async view({ fresh = false }: { fresh?: boolean } = {}): Promise<LineView | undefined> {
    if (!fresh) return this.views.get('line', VIEW_MS, () => this.look());
    // Hundreds may ask at once, when many copies end together: they share the first look that begins after all of them asked.
    this.nextLook ??= this.lookUnderWay.then(() => {
      this.nextLook = undefined;
      return this.views.get('line', 0, () => this.look());
    });
    return this.nextLook;
  }

  private look(): Promise<LineView | undefined> {
    const look = this.readLine();
    this.lookUnderWay = look.catch(() => {});
    return look;
  }

  private async readLine(): Promise<LineView | undefined> {
    try {
      return await this.temporal.withDeadline(Date.now() + ANSWER_MS, async () => {
        const handle = this.handle();
        // One that has ended would still answer with how it was.
        if ((await handle.describe()).status.name !== 'RUNNING') return undefined;
        return handle.query<LineView>(SLOTS.line);
      });
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return undefined;
      throw new LineUnavailable('the line for clone slots does not answer', { cause: err });
    }
  }

  private async ask(workflowID: string, say: (batch: Batch) => void): Promise<SlotAnswer[string]> {
    const answer = await new Promise<SlotAnswer | LineUnavailable>((resolve) => {
      say(this.next);
      this.next.settle.push(resolve);
      void this.speak();
    });
    if (answer instanceof LineUnavailable) throw answer;
    const own = answer[workflowID];
    if (own === undefined) throw new LineUnavailable('the line for clone slots gave no answer');
    return own;
  }

  private async speak(): Promise<void> {
    if (this.speaking) return;
    this.speaking = true;
    try {
      for (let first = true; isWorthSaying(this.next) && (first || this.isUrgent(this.next)); first = false) {
        const tooEarly = this.begunAt + APART_MS - performance.now();
        if (tooEarly > 0) await new Promise((resolve) => setTimeout(resolve, tooEarly));
        this.begunAt = performance.now();
        const { settle, ...message } = this.next;
        this.next = emptyBatch();
        const answer = await this.exchange(message).catch(
          (err: unknown) => new LineUnavailable('the line for clone slots does not answer', { cause: err }),
        );
        if (answer instanceof LineUnavailable) this.someoneWaits = true;
        else if (settle.length > 0) this.someoneWaits = Object.values(answer).some((a) => a !== 'granted');
        for (const done of settle) done(answer);
      }
    } finally {
      this.speaking = false;
      if (isWorthSaying(this.next)) this.linger();
    }
  }

  private isUrgent(b: Batch): boolean {
    return isAsking(b) || (this.someoneWaits && tellsOfEnds(b));
  }

  private linger(): void {
    this.lingering ??= setTimeout(() => {
      this.lingering = undefined;
      void this.speak();
    }, LINGER_MS).unref();
  }

  private async exchange(message: SlotExchange): Promise<SlotAnswer> {
    return this.temporal.withDeadline(Date.now() + ANSWER_MS, async () => {
      try {
        return await this.handle().executeUpdate(exchangeUpdate, { args: [message] });
      } catch (err) {
        if (!(err instanceof WorkflowNotFoundError)) throw err;
        // Nobody waits and nobody runs: ends and starts are no news to a line that begins empty.
        if (message.wanted.length === 0) return {};
        return this.open(message);
      }
    });
  }

  /** Opens the line, unless another worker has done so in the meantime. */
  private open(message: SlotExchange): Promise<SlotAnswer> {
    return this.temporal.workflow.executeUpdateWithStart(exchangeUpdate, {
      args: [message],
      startWorkflowOperation: new WithStartWorkflowOperation<(input: SlotsInput) => Promise<void>>(
        WORKFLOW.cloneSlots,
        {
          workflowId: slotsWorkflowID(this.cluster, this.taskQueue),
          workflowIdConflictPolicy: 'USE_EXISTING',
          taskQueue: this.taskQueue,
          args: [{ cluster: this.cluster }],
          staticSummary: `Clone slots of cluster ${this.cluster}`,
          typedSearchAttributes: new TypedSearchAttributes([
            { key: defineSearchAttributeKey('ElementCluster', 'KEYWORD'), value: this.cluster },
          ]),
        },
      ),
    });
  }

  private handle() {
    return this.temporal.workflow.getHandle(slotsWorkflowID(this.cluster, this.taskQueue));
  }
}

const isAsking = (b: Batch) => b.wanted.length + b.refused.length > 0;
const tellsOfEnds = (b: Batch) => b.ended.length + b.released.length > 0;
const isWorthSaying = (b: Batch) => isAsking(b) || tellsOfEnds(b) || b.started.length > 0;
