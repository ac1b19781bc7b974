import type { CloneType, RequestOf } from '../../contracts/clone-types.ts';
import type { CloneHandle, CloneProgressView } from '../index.ts';
import { titleOf } from '../labels.ts';
import type { Io, OutStream } from './io.ts';
import { note } from './output.ts';
import { progressLine, renderProgress, stepsBeside, stepsWithout } from './render/progress.ts';

const LIVE_INTERVAL_MS = 500;
const LINES_INTERVAL_MS = 1_000;
/** Without a terminal a line is written when this much has been copied since the last one. */
const PERCENT_STEP = 5;

export interface WatchOptions {
  /** Where progress is shown. */
  to: OutStream;
  /** Given, each view goes here instead of being drawn. */
  onView?: (view: CloneProgressView) => void;
  type?: CloneType;
  request?: RequestOf | undefined;
}

/**
 * Shows a clone until it ends. Ctrl-C stops the watching, never the clone.
 * @returns the last view, or `undefined` when interrupted
 */
export async function watchClone(
  io: Io,
  clone: Pick<CloneHandle, 'workflowId' | 'progress'>,
  options: WatchOptions,
): Promise<CloneProgressView | undefined> {
  const stop = new AbortController();
  const release = io.onInterrupt(() => stop.abort());
  const screen = options.onView === undefined ? await screenFor(options) : undefined;
  const intervalMs = options.to.terminal ? LIVE_INTERVAL_MS : LINES_INTERVAL_MS;
  let last: CloneProgressView | undefined;
  try {
    for await (const view of clone.progress({ intervalMs, signal: stop.signal })) {
      last = view;
      options.onView?.(view);
      screen?.show(view);
    }
  } finally {
    screen?.end();
    release();
  }
  if (!stop.signal.aborted) return last;
  note(io, stoppedText(clone.workflowId));
  return undefined;
}

const stoppedText = (id: string) =>
  [
    '',
    'Stopped watching; the clone goes on.',
    `  Watch it again:  element-clone watch ${id}`,
    `  Cancel it:       element-clone cancel ${id}`,
  ].join('\n');

interface Screen {
  show(view: CloneProgressView): void;
  end(): void;
}

async function screenFor({ to, type, request }: WatchOptions): Promise<Screen> {
  if (!to.terminal) return lines(to);
  const live = await to.live();
  const title = type && request && titleOf(type, request);
  return {
    show: (view) =>
      live.show(
        renderProgress(view, {
          columns: to.columns(),
          colour: to.colours.isColorSupported,
          skip: stepsWithout(request),
          more: stepsBeside(request),
          ...(title === undefined ? {} : { title }),
        }),
      ),
    end: () => live.end(),
  };
}

/** A line only when something has changed that a reader of a log wants to know. */
function lines(to: OutStream): Screen {
  let shown: CloneProgressView | undefined;
  return {
    show(view) {
      // Between two steps there is nothing to say but the phase.
      const isSaid = view.message === view.phase || view.message === shown?.message;
      const same =
        shown !== undefined &&
        shown.phase === view.phase &&
        isSaid &&
        Math.abs(view.percent - shown.percent) < PERCENT_STEP;
      if (same) return;
      shown = view;
      to.write(`${progressLine(view)}\n`);
    },
    end: () => {},
  };
}
