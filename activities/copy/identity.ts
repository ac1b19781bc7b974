import { isDeepStrictEqual } from 'node:util';
import { log } from '@temporalio/activity';
import { readTag, withoutTag } from '../../contracts/tag.ts';
import type { ModifyVolumeParams, Volume } from '../../element/index.ts';
import { unlessRefused } from '../remove.ts';
import type { StepContext } from '../step.ts';
import { describe } from '../verify.ts';
import type { CopyPlan, VolumeIdentity } from './types.ts';

export function identityOf(volume: Volume): VolumeIdentity {
  const {
    volumeID: _id,
    status: _status,
    createTime: _time,
    scsiNAADeviceID: _naa,
    scsiEUIDeviceID: _eui,
    ...rest
  } = describe(volume);
  return {
    ...rest,
    volumeAccessGroups: rest.volumeAccessGroups.toSorted((a, b) => a - b),
    attributes: volume.attributes,
  };
}

const COPYABLE = ['access', 'qos', 'qosPolicyID', 'attributes'] as const;
type Copyable = (typeof COPYABLE)[number];

const shown = (field: keyof VolumeIdentity, value: unknown): string =>
  JSON.stringify(field === 'attributes' ? withoutTag(value as Record<string, unknown>) : value);

/**
 * The destination with what it was before. A field that the copy brought along from the source is set back; what somebody
 * changed meanwhile stays, and is named.
 */
export async function keepIdentity(
  ctx: StepContext,
  plan: CopyPlan,
  volume: Volume,
): Promise<{ changes: string[]; setBack: boolean }> {
  const { before, sourceIdentity } = plan;
  const now = identityOf(volume);
  const different = (Object.keys(before) as (keyof VolumeIdentity)[]).filter(
    (field) => !isDeepStrictEqual(now[field], before[field]),
  );
  const isCopied = (field: keyof VolumeIdentity): field is Copyable =>
    COPYABLE.some((f) => f === field) && isDeepStrictEqual(now[field], sourceIdentity[field as Copyable]);
  const copied = different.filter(isCopied);
  // Our own workflows keep what they know in the tag.
  const isOnlyTag = (field: keyof VolumeIdentity) =>
    field === 'attributes' &&
    readTag(now.attributes) !== undefined &&
    isDeepStrictEqual(withoutTag(now.attributes), withoutTag(before.attributes));
  const changes = different
    .filter((field) => !isCopied(field) && !isOnlyTag(field))
    .map((field) => {
      const what = `${field} was ${shown(field, before[field])} and is ${shown(field, now[field])}`;
      return `${what}: changed by somebody while the copy ran, and left so`;
    });
  if (copied.length === 0) return { changes, setBack: false };
  log.warn('The copy brought along what is the source’s, setting it back', { volumeID: volume.volumeID, copied });
  const refused = await unlessRefused(ctx, 'ModifyVolume', () =>
    ctx.api.modifyVolume(setBack(volume.volumeID, before, copied)),
  );
  const list = copied.join(', ');
  return {
    changes: [
      ...changes,
      refused === undefined
        ? `${list}: came along from volume ${plan.source.volumeID}, and set back`
        : `${list}: came along from volume ${plan.source.volumeID} and could not be set back (${refused}); do so by ModifyVolume`,
    ],
    setBack: refused === undefined,
  };
}

function setBack(volumeID: number, before: VolumeIdentity, fields: readonly Copyable[]): ModifyVolumeParams {
  const has = (field: Copyable) => fields.includes(field);
  const { access, qos, qosPolicyID, attributes } = before;
  return {
    volumeID,
    ...(has('access') ? { access: access as NonNullable<ModifyVolumeParams['access']> } : {}),
    ...(has('qosPolicyID') && qosPolicyID !== null ? { qosPolicyID } : has('qos') ? { qos } : {}),
    ...(has('attributes') ? { attributes } : {}),
  };
}
