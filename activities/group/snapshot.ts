import { withTag } from '../../contracts/tag.ts';
import type { ActivityDeps } from '../deps.ts';
import { inDoubtSince, makeOnce } from '../doubt.ts';
import { tagOf } from '../find.ts';
import { runStep } from '../step.ts';
import { findOwnGroupSnapshots } from './find.ts';
import type { GroupActivities } from './types.ts';

export const createGroupSnapshotActivities = (deps: ActivityDeps): Pick<GroupActivities, 'createGroupSnapshot'> => ({
  createGroupSnapshot: ({ plan, owner }) =>
    runStep(deps, plan.cluster, async (ctx) => {
      const { name, expiry } = plan.snapshot!;
      const { groupSnapshotID } = await makeOnce<{ groupSnapshotID: number }>(ctx, owner, plan, {
        method: 'CreateGroupSnapshot',
        find: async () => (await findOwnGroupSnapshots(ctx.api, plan, owner))[0],
        create: () =>
          ctx.api.createGroupSnapshot({
            volumes: plan.members.map((m) => m.source.volumeID),
            name,
            retention: expiry,
            attributes: withTag({}, tagOf(owner, plan.members[0]!, 'groupSnapshot')),
          }),
      });
      return { groupSnapshotID, inDoubtSince: inDoubtSince(ctx) };
    }),
});
