import type { CloneVolumeRequest } from '../contracts/clone-volume.ts';
import { leaseWorkflowID } from '../contracts/lease.ts';
import { withTag } from '../contracts/tag.ts';
import type { ActivityDeps } from './deps.ts';
import { tagOf } from './find.ts';
import { onClone } from './gone.ts';
import { runStep } from './step.ts';
import { doneAlready } from './tolerate.ts';
import type { ElementClient, ModifyVolumeParams } from '../element/index.ts';
import type { CloneActivities, ClonePlan, Owner } from './types.ts';

export const createModifyActivities = (deps: ActivityDeps): Pick<CloneActivities, 'modifyVolume' | 'grantAccess'> => ({
  modifyVolume: ({ plan, owner, volumeID }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      await onClone(volumeID, () => ctx.api.modifyVolume(modifyParams(plan, owner, volumeID)));
      return {};
    }),

  grantAccess: ({ cluster, volumeID, volumeAccessGroups }) =>
    runStep(deps, cluster, async (ctx) => {
      for (const { volumeAccessGroupID } of volumeAccessGroups)
        await onClone(volumeID, () => addToGroup(ctx.api, volumeAccessGroupID, volumeID));
      return {};
    }),
});

/** Where to ask about the lease of a finished clone. The end is not written: it may change, and Temporal knows it. */
export const leaseTag = (
  { cluster, lease }: Pick<CloneVolumeRequest, 'cluster' | 'lease'>,
  taskQueue: string | undefined,
  volumeID: number,
): { lease?: string } =>
  lease === undefined || taskQueue === undefined ? {} : { lease: leaseWorkflowID(cluster, volumeID, taskQueue) };

/** What ModifyVolume is asked for: the changes, and always the stamp. */
export function modifyParams(plan: ClonePlan, owner: Owner, volumeID: number): ModifyVolumeParams {
  const { access, accountID, totalSize, qos, qosPolicyID } = plan.request.modify ?? {};
  return {
    volumeID,
    // The stamp tells our finished clone from a copy that somebody makes of it and that inherits the tag.
    attributes: withTag(plan.attributes, {
      ...tagOf(owner, plan, 'clone'),
      volumeID,
      ...leaseTag(plan.request, plan.lease?.taskQueue, volumeID),
    }),
    ...(access === undefined ? {} : { access }),
    ...(accountID === undefined ? {} : { accountID }),
    ...(totalSize === undefined ? {} : { totalSize }),
    ...(qos === undefined ? {} : { qos }),
    ...(qosPolicyID === undefined ? {} : { qosPolicyID }),
  };
}

/** Membership that is there already is fine. */
export const addToGroup = (api: ElementClient, volumeAccessGroupID: number, volumeID: number): Promise<void> =>
  doneAlready(['xAlreadyInVolumeAccessGroup'], () =>
    api.addVolumesToVolumeAccessGroup({ volumeAccessGroupID, volumes: [volumeID] }),
  );
