import { withTag } from '../contracts/tag.ts';
import type { ActivityDeps } from './deps.ts';
import { inDoubtSince, makeOnce } from './doubt.ts';
import { findOwnSnapshots, tagOf } from './find.ts';
import { runStep } from './step.ts';
import type { CloneActivities } from './types.ts';

export const createSnapshotActivities = (deps: ActivityDeps): Pick<CloneActivities, 'createSnapshot'> => ({
  createSnapshot: ({ plan, owner }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      const tag = tagOf(owner, plan, 'snapshot');
      const { name, expiry } = plan.snapshot!;
      const { snapshotID } = await makeOnce<{ snapshotID: number }>(ctx, owner, plan, {
        method: 'CreateSnapshot',
        find: async () => (await findOwnSnapshots(ctx.api, tag))[0],
        create: () =>
          ctx.api.createSnapshot({
            volumeID: plan.source.volumeID,
            name,
            retention: expiry,
            attributes: withTag({}, tag),
          }),
      });
      return { snapshotID, inDoubtSince: inDoubtSince(ctx) };
    }),
});
