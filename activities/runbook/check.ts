import type { Json, RunbookRequest } from '../../contracts/runbook/types.ts';
import type { ActivityDeps } from '../deps.ts';
import type { RunbookActivities } from './types.ts';

export const createCheckRunbookActivities = (_deps: ActivityDeps): Pick<RunbookActivities, 'checkRunbook'> => ({
  async checkRunbook({ request }) {
    const { runbook, inputs = {} } = request as RunbookRequest;
    const defaults = Object.fromEntries(
      Object.entries(runbook.inputs ?? {}).flatMap(([name, input]): [string, Json][] =>
        input.default === undefined ? [] : [[name, input.default]],
      ),
    );
    return { inputs: { ...defaults, ...inputs } };
  },
});
