import type { Method } from '../method.ts';
import { accessGroupMethods } from './access-groups.ts';
import { accountMethods } from './accounts.ts';
import { asyncResultMethods } from './async-results.ts';
import { cloneMethods } from './clones.ts';
import { clusterMethods } from './cluster.ts';
import { groupSnapshotMethods } from './group-snapshots.ts';
import { qosPolicyMethods } from './qos-policies.ts';
import { snapshotMethods } from './snapshots.ts';
import { syncJobMethods } from './sync-jobs.ts';
import { volumeListMethods } from './volume-lists.ts';
import { volumeMethods } from './volumes.ts';

/** Every method the simulator has, by name. */
export const methods: ReadonlyMap<string, Method> = new Map(
  [
    ...accessGroupMethods,
    ...accountMethods,
    ...asyncResultMethods,
    ...cloneMethods,
    ...clusterMethods,
    ...groupSnapshotMethods,
    ...qosPolicyMethods,
    ...snapshotMethods,
    ...syncJobMethods,
    ...volumeListMethods,
    ...volumeMethods,
  ].map((m) => [m.name, m]),
);
