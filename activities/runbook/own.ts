import { readTag, type OwnershipTag } from '../../contracts/tag.ts';
import type { Volume } from '../../element/index.ts';
import { findVolume } from '../find.ts';
import { StepFailed, type StepContext } from '../step.ts';

/** The tag of a finished clone of this service; a copy that somebody made of it has inherited another volume's. */
export function cloneTag(volume: Volume): OwnershipTag | undefined {
  const tag = readTag(volume.attributes);
  return tag?.step === 'clone' && tag.volumeID === volume.volumeID ? tag : undefined;
}

/** The volume, if it is there and ours to change. */
export async function volumeToChange(ctx: StepContext, volumeID: number, force: boolean): Promise<Volume> {
  const volume = await findVolume(ctx.api, volumeID);
  if (volume === undefined) {
    throw new StepFailed(`cluster ${ctx.alias} has no volume ${volumeID}, or it was deleted`);
  }
  if (!force && cloneTag(volume) === undefined) {
    throw new StepFailed(
      `volume ${volumeID} ("${volume.name}") was not made by this service, so it is left as it is; to change it all the same, set force: true`,
    );
  }
  return volume;
}
