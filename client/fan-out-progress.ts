import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { FAN_OUT_PROGRESS, type FanOutProgress } from '../contracts/clone-fan-out-result.ts';
import type { ProgressView } from '../contracts/progress.ts';
import { SLOTS, slotsWorkflowID, type LineView } from '../contracts/slots.ts';
import { observe } from './observe.ts';
import { toProgressView, type CloneProgressView } from './progress-view.ts';
import { KEYS } from './search-attributes.ts';

/** Looks at Temporal that are under way at once. */
const LOOKS = 8;
/** Between two looks at all the copies that run. */
const LOOK_MS = 2_000;

/**
 * Progress of a fan-out as a whole: how many of its clones are ready, how far those are that copy, and when the last will
 * be ready by the place that it has in line and the time for which slots were held so far.
 */
export class FanOutLook {
  private readonly client: Client;
  private last: { at: number; view: Partial<CloneProgressView> } | undefined;

  constructor(client: Client) {
    this.client = client;
  }

  /** What the clones say, to lay over the fan-out's own view; nothing before they are started and after the end. */
  async over(view: CloneProgressView, d: WorkflowExecutionDescription): Promise<CloneProgressView> {
    if (d.status.name !== 'RUNNING' || view.phase !== 'cloning') return view;
    const now = Date.now();
    if (this.last === undefined || now - this.last.at >= LOOK_MS) {
      this.last = { at: now, view: await this.look(d).catch(() => this.last?.view ?? {}) };
    }
    return { ...view, ...this.last.view };
  }

  private async look(d: WorkflowExecutionDescription): Promise<Partial<CloneProgressView>> {
    const handle = this.client.workflow.getHandle(d.workflowId, d.runId);
    const [progress, line] = await Promise.all([handle.query<FanOutProgress>(FAN_OUT_PROGRESS), this.line(d)]);
    const own = new Set(progress.running);
    const waiting = line?.waiting.filter((w) => own.has(w.workflowID)) ?? [];
    const holding = line?.holding.filter((w) => own.has(w.workflowID)) ?? [];
    const copies = await this.copies(holding.map((h) => h.workflowID));
    return { step: 'startClone', ...summed(progress, copies), ...expected(copies, waiting, line) };
  }

  private async line(d: WorkflowExecutionDescription): Promise<LineView | undefined> {
    const cluster = d.typedSearchAttributes.get(KEYS.cluster);
    if (cluster === undefined) return undefined;
    const handle = this.client.workflow.getHandle(slotsWorkflowID(cluster, d.taskQueue));
    return handle.query<LineView>(SLOTS.line).catch(() => undefined);
  }

  private async copies(workflowIDs: readonly string[]): Promise<ProgressView[]> {
    const queue = [...workflowIDs];
    const views: ProgressView[] = [];
    const look = async () => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
        const description = await this.client.workflow
          .getHandle(id)
          .describe()
          .catch(() => undefined);
        if (description) views.push(toProgressView(await observe(this.client, description), Date.now()));
      }
    };
    await Promise.all(Array.from({ length: LOOKS }, look));
    return views;
  }
}

/** Percent of all clones, those that failed counted as over. */
export function summed({ total, succeeded, failed, running }: FanOutProgress, copies: readonly ProgressView[]) {
  const copied = copies.reduce((sum, c) => sum + c.percent / 100, 0);
  const copying = copies.filter((c) => c.phase === 'cloning').length;
  const parts = [
    `${succeeded} of ${total} clones ready`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(copying > 0 ? [`${copying} copying`] : []),
    ...(running.length > copying ? [`${running.length - copying} waiting`] : []),
  ];
  return {
    message: parts.join(', '),
    percent: Math.min(99.9, (100 * (succeeded + failed + copied)) / Math.max(1, total)),
    bytesPerSecond: copies.reduce((sum, c) => sum + (c.bytesPerSecond ?? 0), 0),
  };
}

/** Seconds until the last is ready: after the turn of the last in line has come, and its copy has taken as long as others. */
export function expected(
  copies: readonly ProgressView[],
  waiting: readonly { etaSeconds?: number }[],
  line: Pick<LineView, 'heldSeconds'> | undefined,
): Pick<ProgressView, 'remainingTime'> {
  const last = Math.max(...waiting.map((w) => w.etaSeconds ?? NaN));
  if (waiting.length > 0) {
    return Number.isFinite(last) && line?.heldSeconds !== undefined ? { remainingTime: last + line.heldSeconds } : {};
  }
  const remaining = copies.flatMap((c) => (c.remainingTime === undefined ? [] : [c.remainingTime]));
  return remaining.length === 0 ? {} : { remainingTime: Math.max(...remaining) };
}
