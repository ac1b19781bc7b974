import { z } from 'zod';
import { parseDuration } from '../../contracts/duration.ts';
import { durationSchema } from '../../contracts/duration-schema.ts';
import { clusterSchema, id, text } from '../../contracts/fields.ts';
import { DEFAULT_SNAPSHOT_EXPIRY } from '../../contracts/names.ts';
import { withTag } from '../../contracts/tag.ts';
import type { ActivityDeps } from '../deps.ts';
import { makeOnce } from '../doubt.ts';
import { findOwnSnapshots, findVolume, tagOf } from '../find.ts';
import { hhmmss } from '../preflight.ts';
import { runStep, StepFailed } from '../step.ts';
import { readFields } from './fields.ts';
import type { RunbookActivities } from './types.ts';

const schema = z.strictObject({
  cluster: clusterSchema.optional(),
  volumeID: id('the ID of the volume'),
  name: text(64).optional(),
  expiresIn: durationSchema(365).optional(),
});

export const createSnapshotForRunbookActivities = (
  deps: ActivityDeps,
): Pick<RunbookActivities, 'snapshotForRunbook'> => ({
  async snapshotForRunbook({ cluster, owner, fields }) {
    const { volumeID, name, expiresIn = DEFAULT_SNAPSHOT_EXPIRY } = readFields(schema, fields);
    return runStep(deps, cluster, async (ctx) => {
      const volume = await findVolume(ctx.api, volumeID);
      if (volume === undefined) {
        throw new StepFailed(`cluster ${ctx.alias} has no volume ${volumeID}, or it was deleted`);
      }
      const tag = tagOf(owner, { source: { volumeID } }, 'snapshot');
      const named = name ?? volume.name;
      const { snapshotID } = await makeOnce<{ snapshotID: number }>(
        ctx,
        owner,
        {},
        {
          method: 'CreateSnapshot',
          find: async () => (await findOwnSnapshots(ctx.api, tag))[0],
          create: () =>
            ctx.api.createSnapshot({
              volumeID,
              name: named,
              retention: hhmmss(parseDuration(expiresIn)!),
              attributes: withTag({}, tag),
            }),
        },
      );
      return { cluster, volumeID, snapshotID, name: named };
    });
  },
});
