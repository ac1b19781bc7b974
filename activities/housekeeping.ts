import { ApplicationFailure } from '@temporalio/activity';
import { parseDuration } from '../contracts/duration.ts';
import { InvalidRequestError } from '../contracts/faults.ts';
import {
  findOrphansSchema,
  parseHousekeeping,
  removeOrphansSchema,
  takeInventorySchema,
} from '../contracts/housekeeping-requests.ts';
import { FAILURE } from '../contracts/names.ts';
import type { ActivityDeps } from './deps.ts';
import { createListClonesActivities } from './list-clones.ts';
import { createLookForOrphansActivities } from './look-for-orphans.ts';
import { createRemoveOrphansActivities } from './remove-orphans.ts';
import type { HousekeepingActivities, HousekeepingPlan } from './types.ts';

const SCHEMAS = { orphans: findOrphansSchema, removal: removeOrphansSchema, inventory: takeInventorySchema };

export const createHousekeepingActivities = (deps: ActivityDeps): HousekeepingActivities => ({
  planHousekeeping: async ({ what, request }) => {
    try {
      return plan(deps, parseHousekeeping(SCHEMAS[what], request));
    } catch (err) {
      if (!(err instanceof InvalidRequestError)) throw err;
      throw ApplicationFailure.create({
        type: FAILURE.invalidRequest,
        message: err.message,
        nonRetryable: true,
        details: [err.faults],
      });
    }
  },
  ...createLookForOrphansActivities(deps),
  ...createRemoveOrphansActivities(deps),
  ...createListClonesActivities(deps),
});

interface Named {
  cluster?: string | undefined;
  olderThan?: string | undefined;
  only?: { cluster: string }[] | undefined;
  from?: { cluster: string } | undefined;
}

function plan(deps: ActivityDeps, { cluster, olderThan, only, from }: Named): HousekeepingPlan {
  const known = deps.clusterAliases().toSorted();
  const chosen = cluster === undefined ? known : [cluster];
  const faults = [
    ...(cluster === undefined || known.includes(cluster) ? [] : [`cluster: ${unknown(cluster, known)}`]),
    ...(only ?? []).flatMap((o, i) =>
      chosen.includes(o.cluster) ? [] : [`only.${i}.cluster: ${unknown(o.cluster, known)}`],
    ),
  ];
  if (faults.length > 0) throw new InvalidRequestError(faults);
  return {
    clusters: chosen.filter((c) => from === undefined || c >= from.cluster),
    olderThanMs: parseDuration(olderThan) ?? null,
  };
}

const unknown = (alias: string, known: readonly string[]) =>
  `"${alias}" is none of the clusters that are looked at (this worker knows: ${known.join(', ') || 'none'}); correct the name or add it to the worker's configuration`;
