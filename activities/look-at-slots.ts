import type { SlotsNow } from '../contracts/dry-run.ts';
import type { ActivityDeps } from './deps.ts';
import { slotLimits, type SlotLines } from './slots.ts';
import { runStep } from './step.ts';
import type { PlanActivities } from './types.ts';

export const createLookAtSlotsActivities = (deps: ActivityDeps, lines: SlotLines): PlanActivities => ({
  lookAtSlots: ({ cluster }) =>
    runStep(deps, cluster, async (ctx): Promise<SlotsNow> => {
      const [jobs, limits, line] = await Promise.all([
        ctx.jobs(),
        slotLimits(ctx),
        // Nobody has to keep a line for a plan to be made.
        lines(cluster)
          .view()
          .catch(() => undefined),
      ]);
      const running: Record<number, number> = {};
      for (const { srcVolumeID } of jobs) running[srcVolumeID] = (running[srcVolumeID] ?? 0) + 1;
      const rates = jobs.map((j) => j.bytesPerSecond).filter((rate) => rate > 0);
      return {
        ...limits,
        running,
        waiting: line?.waiting.length ?? 0,
        bytesPerSecond: rates.length === 0 ? null : Math.round(rates.reduce((a, b) => a + b, 0) / rates.length),
        heldSeconds: line?.heldSeconds ?? null,
      };
    }),
});
