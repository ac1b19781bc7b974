import { log } from '@temporalio/activity';
import { withTag } from '../contracts/tag.ts';
import type { ActivityDeps } from './deps.ts';
import { inDoubtSince, inheritDoubt, issue, settleBeforeRepeating } from './doubt.ts';
import { findOwnSnapshots, tagOf } from './find.ts';
import { runStep } from './step.ts';
import type { CloneActivities } from './types.ts';

export const createSnapshotActivities = (deps: ActivityDeps): Pick<CloneActivities, 'createSnapshot'> => ({
  createSnapshot: ({ plan, owner }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      const tag = tagOf(owner, plan, 'snapshot');
      inheritDoubt(ctx, plan);
      if (ctx.attempt > 1 || owner.mayHaveRunBefore) {
        const [found] = await findOwnSnapshots(ctx.api, tag);
        if (found) {
          log.info('Found the snapshot that an earlier attempt made', { snapshotID: found.snapshotID });
          return { snapshotID: found.snapshotID, inDoubtSince: inDoubtSince(ctx) };
        }
        settleBeforeRepeating(ctx, 'CreateSnapshot');
      }
      const { name, expiry } = plan.snapshot!;
      const { snapshotID } = await issue(ctx, () =>
        ctx.api.createSnapshot({
          volumeID: plan.source.volumeID,
          name,
          retention: expiry,
          attributes: withTag({}, tag),
        }),
      );
      return { snapshotID, inDoubtSince: inDoubtSince(ctx) };
    }),
});
