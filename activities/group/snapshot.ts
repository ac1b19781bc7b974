import { withTag } from '../../contracts/tag.ts';
import type { ActivityDeps } from '../deps.ts';
import { inDoubtSince, makeOnce } from '../doubt.ts';
import { tagOf } from '../find.ts';
import { runStep } from '../step.ts';
import { findOwnGroupSnapshots } from './find.ts';
import type { GroupActivities, MemberSnapshot } from './types.ts';

export const createGroupSnapshotActivities = (deps: ActivityDeps): Pick<GroupActivities, 'createGroupSnapshot'> => ({
  createGroupSnapshot: ({ plan, owner }) =>
    runStep(deps, plan.cluster, async (ctx) => {
      const { name, expiry } = plan.snapshot!;
      const { groupSnapshotID, members } = await makeOnce<Made>(ctx, owner, plan, {
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
      return { groupSnapshotID, snapshots: snapshotsIn(members), inDoubtSince: inDoubtSince(ctx) };
    }),
});

interface Made {
  groupSnapshotID: number;
  members: readonly MemberSnapshot[];
}

/** What the cluster says of each member, without the rest of it. */
export const snapshotsIn = (members: readonly MemberSnapshot[]): MemberSnapshot[] =>
  members.map(({ volumeID, snapshotID }) => ({ volumeID, snapshotID }));
