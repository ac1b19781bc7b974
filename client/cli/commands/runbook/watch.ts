import type { RunbookHandle, RunbookView } from '../../../index.ts';
import type { Io } from '../../io.ts';
import { note } from '../../output.ts';
import { changedLines, stepTree } from '../../render/runbook.ts';

const LIVE_INTERVAL_MS = 500;
const LINES_INTERVAL_MS = 1_000;

/**
 * Shows the steps of a run until it ends. Ctrl-C stops the watching, never the run.
 * @returns the last view, or `undefined` when interrupted
 */
export async function watchRunbook(
  io: Io,
  run: Pick<RunbookHandle, 'workflowId' | 'watch'>,
): Promise<RunbookView | undefined> {
  const stop = new AbortController();
  const release = io.onInterrupt(() => stop.abort());
  const to = io.err;
  const live = to.terminal ? await to.live() : undefined;
  let last: RunbookView | undefined;
  try {
    const intervalMs = live === undefined ? LINES_INTERVAL_MS : LIVE_INTERVAL_MS;
    for await (const view of run.watch({ intervalMs, signal: stop.signal })) {
      if (live !== undefined) {
        live.show(stepTree(view.steps, { columns: to.columns(), colours: to.colours, now: Date.now() }));
      } else for (const line of changedLines(last?.steps ?? [], view.steps, Date.now())) to.write(`${line}\n`);
      last = view;
    }
  } finally {
    live?.end();
    release();
  }
  if (!stop.signal.aborted) return last;
  note(
    io,
    [
      '',
      'Stopped watching; the run goes on.',
      `  See it again:  element-clone runbook show ${run.workflowId}`,
      `  Cancel it:     element-clone runbook cancel ${run.workflowId}`,
    ].join('\n'),
  );
  return undefined;
}
