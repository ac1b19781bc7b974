import { isDeepStrictEqual } from 'node:util';
import { log } from '@temporalio/activity';
import type { ClonedVolume } from '../contracts/clone-result.ts';
import { FAILURE } from '../contracts/names.ts';
import type { MemberTask } from '../contracts/progress.ts';
import { withoutTag } from '../contracts/tag.ts';
import type { Volume } from '../element/index.ts';
import type { ActivityDeps } from './deps.ts';
import { settle } from './doubt.ts';
import { findOwnVolumesEver, findVolume, tagOf } from './find.ts';
import { removeOwnVolumes } from './remove.ts';
import { NotYet, runStep, StepFailed, type StepContext } from './step.ts';
import type { ClonePlan, CloneActivities } from './types.ts';

/** A difference is only believed after this many looks, since a change may take a moment to show. */
const TRIES = 3;

export const createVerifyActivities = (deps: ActivityDeps): Pick<CloneActivities, 'verifyClone'> => ({
  verifyClone: ({ plan, owner, volumeID, inDoubtSince }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      settle(ctx, inDoubtSince, 'waiting to see whether a CloneVolume whose answer was lost made a second volume');
      const tag = tagOf(owner, plan, 'clone');
      const { live: own, deleted } = await findOwnVolumesEver(ctx.api, plan.request.name, tag);

      const strangersRemoved = await removeStrangers(
        ctx,
        own.filter((v) => v.volumeID !== volumeID),
        deleted,
      );

      const volume = own.find((v) => v.volumeID === volumeID) ?? (await findVolume(ctx.api, volumeID));
      if (!volume) {
        throw new StepFailed(`volume ${volumeID}, the clone, is gone: somebody deleted it`, {
          type: FAILURE.verifyFailed,
        });
      }
      if (volume.status !== 'active') throw new NotYet(`volume ${volumeID} is still "${volume.status}"`, 2_000);
      const differences = compare(volume, plan);
      if (differences.length > 0) throw notAsAsked(ctx, differenceText(volumeID, differences));
      return { volume: describe(volume), strangersRemoved };
    }),
});

/** Volumes of the same request beside those that were adopted: the work of calls whose answers were lost. */
export async function removeStrangers(
  ctx: StepContext,
  strangers: readonly Volume[],
  deleted: readonly Volume[] = [],
): Promise<number[]> {
  if (strangers.length > 0) {
    log.warn('Removing what was made twice', { volumeIDs: strangers.map((v) => v.volumeID) });
  }
  const { removed, leftBehind } = await removeOwnVolumes(ctx, strangers, { deleted });
  const [refused] = leftBehind.filter((l) => l.kind === 'volume');
  if (refused) {
    throw new StepFailed(`volume ${refused.id}, made by a call whose answer was lost, ${refused.reason}`, {
      type: FAILURE.verifyFailed,
      ...refusalOf(ctx, refused.id),
    });
  }
  return removed;
}

/** Which call the cluster refused for this volume, by which name. */
function refusalOf({ memory }: StepContext, volumeID: number | null): Pick<MemberTask, 'method' | 'apiName'> {
  const { method, apiName } = memory.tasks?.[volumeID ?? -1] ?? {};
  return { ...(method === undefined ? {} : { method }), ...(apiName === undefined ? {} : { apiName }) };
}

/** A difference is looked at again before it is believed. */
export function notAsAsked(ctx: StepContext, message: string): NotYet | StepFailed {
  ctx.memory.suspects += 1;
  if (ctx.memory.suspects >= TRIES) return new StepFailed(message, { type: FAILURE.verifyFailed });
  return new NotYet(message, 2_000, FAILURE.notReady, { keepSuspects: true });
}

export const differenceText = (volumeID: number, differences: readonly string[]) =>
  `volume ${volumeID} is not as asked for: ${differences.join('; ')}`;

/** What differs from what was asked for, in words. */
export function compare(volume: Volume, plan: ClonePlan): string[] {
  const { expected } = plan;
  const differences: string[] = [];
  const check = (field: string, is: unknown, wanted: unknown) => {
    if (wanted !== undefined && !isDeepStrictEqual(is, wanted)) {
      differences.push(`${field} is ${JSON.stringify(is)} instead of ${JSON.stringify(wanted)}`);
    }
  };
  check('totalSize', volume.totalSize, expected.totalSize);
  check('accountID', volume.accountID, expected.accountID);
  check('access', volume.access, expected.access);
  check('enable512e', volume.enable512e, expected.enable512e);
  check('qosPolicyID', volume.qosPolicyID ?? undefined, expected.qosPolicyID);
  check('qos.minIOPS', volume.qos.minIOPS, expected.qos?.minIOPS);
  check('qos.maxIOPS', volume.qos.maxIOPS, expected.qos?.maxIOPS);
  check('qos.burstIOPS', volume.qos.burstIOPS, expected.qos?.burstIOPS);
  check('attributes', withoutTag(volume.attributes), plan.attributes);
  for (const { volumeAccessGroupID, name } of plan.volumeAccessGroups) {
    if (!volume.volumeAccessGroups.includes(volumeAccessGroupID)) {
      differences.push(`it is not in volume access group ${volumeAccessGroupID} (${name})`);
    }
  }
  return differences;
}

export const describe = (v: Volume): ClonedVolume => ({
  volumeID: v.volumeID,
  name: v.name,
  status: v.status,
  access: v.access,
  accountID: v.accountID,
  totalSize: v.totalSize,
  enable512e: v.enable512e,
  iqn: v.iqn,
  qos: { minIOPS: v.qos.minIOPS, maxIOPS: v.qos.maxIOPS, burstIOPS: v.qos.burstIOPS },
  qosPolicyID: v.qosPolicyID ?? null,
  volumeAccessGroups: v.volumeAccessGroups,
  attributes: withoutTag(v.attributes),
  createTime: v.createTime,
  ...(v.scsiNAADeviceID === undefined ? {} : { scsiNAADeviceID: v.scsiNAADeviceID }),
  ...(v.scsiEUIDeviceID === undefined ? {} : { scsiEUIDeviceID: v.scsiEUIDeviceID }),
});
