import { log } from '@temporalio/activity';
import type { ActivityDeps } from '../deps.ts';
import { NotYet, runStep } from '../step.ts';
import { patiently } from './patience.ts';
import type { LeaseActivities } from './types.ts';
import { usersOf, usersText } from './users.ts';
import { lookInUseMs, lookMs, lossSeen } from './volume.ts';

/** A tenth in all: the looks of leases that began together spread. */
const jitter = () => 0.95 + 0.1 * Math.random();

export const createWatchLeaseActivities = (
  deps: ActivityDeps,
): Pick<LeaseActivities, 'watchLease' | 'awaitUnused'> => ({
  watchLease: ({ leased }) =>
    runStep(deps, leased.cluster, async (ctx) => {
      const loss = await patiently(ctx, (await lookMs(ctx)) * jitter(), () => lossSeen(ctx, leased));
      if (loss === undefined) {
        throw new NotYet(`volume ${leased.volumeID} is there, and ours`, (await lookMs(ctx)) * jitter());
      }
      return loss;
    }),

  awaitUnused: ({ leased, graceEndsAt }) =>
    runStep(deps, leased.cluster, async (ctx) => {
      const { volumeID } = leased;
      const pause = (await lookInUseMs(ctx)) * jitter();
      return patiently(ctx, pause, async () => {
        const loss = await lossSeen(ctx, leased);
        if (loss !== undefined) return loss;
        const users = usersText(await usersOf(ctx, volumeID), volumeID);
        if (users === undefined) return { unused: true as const };
        if (ctx.attempt === 1)
          log.warn('A lease is over, and its volume still in use', { volumeID, users, graceEndsAt });
        throw new NotYet(
          `volume ${volumeID} is still used by ${users}; it is deleted all the same at ${graceEndsAt}, unless the lease is extended`,
          pause,
        );
      });
    }),
});
