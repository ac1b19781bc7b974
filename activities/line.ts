import { activityInfo } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import prettyMs from 'pretty-ms';
import { FAILURE } from '../contracts/names.ts';
import type { LineView, Place } from '../contracts/slots.ts';
import type { ActivityDeps } from './deps.ts';
import { LineUnavailable } from './slot-broker.ts';
import { jobsSeen, ownWorkflowID, slotLimits, type SlotLines } from './slots.ts';
import { NotYet, runStep } from './step.ts';
import type { CloneActivities } from './types.ts';

/** Pauses between two looks at one's place: more often near the head, seldom when thousands wait. */
const PLACE_MIN_MS = 5_000;
const PLACE_MAX_MS = 120_000;
const PLACE_MS_PER_WAITING = 100;
/** Looks without an answer before the slot is asked for again. */
const TRIES = 4;

/** A watch ends after this long, so that the line is never much older than that. */
const WATCH_MS = 60_000;
const WATCH_PAUSE_MS = 10_000;
const WATCH_PAUSE_MIN_MS = 1_000;
/** Holders that a look asks after, of hundreds. */
const HOLDERS_PER_LOOK = 20;

export const createLineActivities = (
  deps: ActivityDeps,
  lines: SlotLines,
): Pick<CloneActivities, 'waitForSlot' | 'watchSlots'> => ({
  waitForSlot: ({ cluster }) =>
    runStep(deps, cluster, async (ctx) => {
      const workflowID = ownWorkflowID();
      const place = (line: LineView | undefined) => line?.waiting.find((w) => w.workflowID === workflowID);
      try {
        const broker = lines(cluster);
        // What was seen a moment ago may be older than our joining.
        const own = place(await broker.view()) ?? place(await broker.view({ fresh: true }));
        if (!own) return {};
        ctx.memory.line = { place: own.place, of: own.of };
        const pause = Math.max(PLACE_MIN_MS, own.of * PLACE_MS_PER_WAITING, (own.etaSeconds ?? 0) * 250);
        throw new NotYet(placeLine(own), Math.min(PLACE_MAX_MS, pause), FAILURE.busy);
      } catch (err) {
        if (!(err instanceof LineUnavailable)) throw err;
        ctx.memory.suspects += 1;
        if (ctx.memory.suspects >= TRIES) return {};
        throw new NotYet('waiting for a clone slot; the line does not answer', PLACE_MIN_MS, FAILURE.busy, {
          keepSuspects: true,
        });
      }
    }),

  watchSlots: ({ cluster, foreign, holders, pausedMs }) =>
    runStep(deps, cluster, async (ctx) => {
      const since = ctx.now() - activityInfo().scheduledTimestampMs;
      const [jobs, gone, limits] = await Promise.all([ctx.jobs(), overOnes(deps, some(holders)), slotLimits(ctx)]);
      const running = new Set(jobs.map((j) => j.dstVolumeID));
      const ended = foreign.some((dst) => !running.has(dst));
      const resumed = pausedMs > 0 && since >= pausedMs;
      if (gone.length > 0 || ended || resumed || since >= WATCH_MS) return { jobs: jobsSeen(jobs), limits, gone };

      const remaining = jobs
        .filter((j) => foreign.includes(j.dstVolumeID) && j.stage !== 'metadata')
        .map((j) => j.remainingTime * 500);
      const pause = Math.min(WATCH_PAUSE_MS, ...remaining, ...(pausedMs > since ? [pausedMs - since] : []));
      throw new NotYet(
        `${foreign.length} clone jobs of others and ${holders.length} of ours run`,
        Math.max(WATCH_PAUSE_MIN_MS, pause),
      );
    }),
});

/** Reads as a progress line. */
export function placeLine({ place, of, etaSeconds }: Place): string {
  const about = etaSeconds === undefined ? '' : `, about ${prettyMs(etaSeconds * 1_000, { compact: true })} to go`;
  return `waiting for a clone slot: number ${place} of ${of} in line${about}`;
}

/** Few are all looked at each time, of many others at each look. */
function some(holders: readonly string[]): string[] {
  const parts = Math.ceil(holders.length / HOLDERS_PER_LOOK);
  const part = Math.floor(Math.random() * parts);
  return holders.filter((_, i) => i % parts === part);
}

/** Workflows that no longer run. One that cannot be asked is taken to run. */
async function overOnes({ temporal }: ActivityDeps, workflowIDs: readonly string[]): Promise<string[]> {
  const over = await Promise.all(
    workflowIDs.map(async (id) => {
      try {
        const { status } = await temporal.workflow.getHandle(id).describe();
        return status.name !== 'RUNNING' && status.name !== 'PAUSED';
      } catch (err) {
        return err instanceof WorkflowNotFoundError;
      }
    }),
  );
  return workflowIDs.filter((_, i) => over[i]);
}
