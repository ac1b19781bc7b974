import { withTag } from '../contracts/tag.ts';
import type { ActivityDeps } from './deps.ts';
import { tagOf } from './find.ts';
import { runStep } from './step.ts';
import { doneAlready } from './tolerate.ts';
import type { CloneActivities } from './types.ts';

export const createModifyActivities = (deps: ActivityDeps): Pick<CloneActivities, 'modifyVolume' | 'grantAccess'> => ({
  modifyVolume: ({ plan, owner, volumeID }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      const modify = plan.request.modify ?? {};
      await ctx.api.modifyVolume({
        volumeID,
        // Always: the stamp tells our finished clone from a copy that somebody makes of it and that inherits the tag.
        attributes: withTag(plan.attributes, { ...tagOf(owner, plan, 'clone'), volumeID }),
        ...(modify.access === undefined ? {} : { access: modify.access }),
        ...(modify.accountID === undefined ? {} : { accountID: modify.accountID }),
        ...(modify.totalSize === undefined ? {} : { totalSize: modify.totalSize }),
        ...(modify.qos === undefined ? {} : { qos: modify.qos }),
        ...(modify.qosPolicyID === undefined ? {} : { qosPolicyID: modify.qosPolicyID }),
      });
      return {};
    }),

  grantAccess: ({ cluster, volumeID, volumeAccessGroups }) =>
    runStep(deps, cluster, async (ctx) => {
      for (const { volumeAccessGroupID } of volumeAccessGroups) {
        await doneAlready(['xAlreadyInVolumeAccessGroup'], () =>
          ctx.api.addVolumesToVolumeAccessGroup({ volumeAccessGroupID, volumes: [volumeID] }),
        );
      }
      return {};
    }),
});
