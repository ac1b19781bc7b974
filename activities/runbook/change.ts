import { z } from 'zod';
import { clusterSchema, id, modifySchema, volumeAccessGroupsSchema } from '../../contracts/fields.ts';
import { TAG_ATTRIBUTE } from '../../contracts/names.ts';
import type { Volume } from '../../element/index.ts';
import type { ActivityDeps } from '../deps.ts';
import { addToGroup } from '../modify.ts';
import { revokeAccess } from '../release.ts';
import { runStep, StepFailed, type StepContext } from '../step.ts';
import { readFields } from './fields.ts';
import { volumeToChange } from './own.ts';
import type { Fields, RunbookActivities } from './types.ts';

const target = {
  cluster: clusterSchema.optional(),
  volumeID: id('the ID of the volume'),
  force: z.boolean({ error: 'must be true or false' }).optional(),
};
const modification = z.strictObject({ ...modifySchema.shape, ...target });
const access = z.strictObject({ ...target, volumeAccessGroups: volumeAccessGroupsSchema });

/** Absolute values: repeating them changes nothing. */
export const createChangeForRunbookActivities = (
  deps: ActivityDeps,
): Pick<RunbookActivities, 'modifyForRunbook' | 'accessForRunbook'> => ({
  async modifyForRunbook({ cluster, fields }) {
    const { cluster: _c, volumeID, force = false, attributes, ...changes } = readFields(modification, fields);
    return runStep(deps, cluster, async (ctx) => {
      const volume = await volumeToChange(ctx, volumeID, force);
      await ctx.api.modifyVolume({
        volumeID,
        ...given(changes),
        ...(attributes === undefined ? {} : { attributes: keepingTag(volume, attributes) }),
      });
      return { cluster, volumeID };
    });
  },

  async accessForRunbook({ cluster, fields, change }) {
    const { volumeID, force = false, volumeAccessGroups } = readFields(access, fields);
    return runStep(deps, cluster, async (ctx) => {
      await volumeToChange(ctx, volumeID, force);
      const groups = await groupIDs(ctx, volumeAccessGroups);
      if (change === 'revoke') await revokeAccess(ctx.api, { volumeID, volumeAccessGroups: groups });
      else for (const group of groups) await addToGroup(ctx.api, group, volumeID);
      return { cluster, volumeID, volumeAccessGroups: groups } satisfies Fields;
    });
  },
});

const given = (changes: object) =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));

/** ModifyVolume replaces all attributes; the tag is not the user's to take away, nor to set. */
function keepingTag(volume: Volume, attributes: Record<string, unknown>): Record<string, unknown> {
  const { [TAG_ATTRIBUTE]: _theirs, ...rest } = attributes;
  const tag = (volume.attributes as Record<string, unknown> | null)?.[TAG_ATTRIBUTE];
  return tag === undefined ? rest : { ...rest, [TAG_ATTRIBUTE]: tag };
}

async function groupIDs(ctx: StepContext, wanted: readonly (number | string)[]): Promise<number[]> {
  const { volumeAccessGroups } = await ctx.api.listVolumeAccessGroups({});
  return wanted.map((group) => {
    const found = volumeAccessGroups.filter(
      (g) => (typeof group === 'number' ? g.volumeAccessGroupID : g.name) === group,
    );
    if (found.length === 1) return found[0]!.volumeAccessGroupID;
    throw new StepFailed(
      found.length === 0
        ? `cluster ${ctx.alias} has no volume access group ${JSON.stringify(group)}`
        : `cluster ${ctx.alias} has ${found.length} volume access groups ${JSON.stringify(group)}; give the ID`,
    );
  });
}
