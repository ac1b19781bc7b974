import type { ActivityDeps } from '../deps.ts';
import { findVolume } from '../find.ts';
import { withoutTag } from '../../contracts/tag.ts';
import { evaluateExpression } from '../../contracts/runbook/expression.ts';
import { NotYet, runStep, StepFailed } from '../step.ts';
import type { Fields, RunbookActivities } from './types.ts';

/** Pause before the second look; doubled after each. */
const FIRST_PAUSE_MS = 2_000;
const PAUSE_MAX_MS = 60_000;

export const createVolumeConditionActivities = (
  deps: ActivityDeps,
): Pick<RunbookActivities, 'awaitVolumeCondition'> => ({
  awaitVolumeCondition: ({ cluster, volumeID, until, scope }) =>
    runStep(deps, cluster, async (ctx) => {
      const found = await findVolume(ctx.api, volumeID);
      if (found === undefined) {
        throw new StepFailed(`cluster ${ctx.alias} has no volume ${volumeID}, or it was deleted`);
      }
      const volume = JSON.parse(JSON.stringify({ ...found, attributes: withoutTag(found.attributes ?? {}) })) as Fields;
      let answer: unknown;
      try {
        answer = evaluateExpression(until, { ...scope, volume });
      } catch (err) {
        throw new StepFailed(`until: ${err instanceof Error ? err.message : String(err)}`);
      }
      if (typeof answer !== 'boolean')
        throw new StepFailed(`until: "${until}" is ${JSON.stringify(answer)}, not true or false`);
      if (!answer) {
        const pauseMs = Math.min(PAUSE_MAX_MS, FIRST_PAUSE_MS * 2 ** Math.min(10, ctx.attempt - 1));
        throw new NotYet(`volume ${volumeID}: "${until}" does not hold yet`, pauseMs);
      }
      return { cluster, volumeID, volume };
    }),
});
