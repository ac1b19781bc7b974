import { parseRunbookRequest } from '../../contracts/runbook/check.ts';
import type { RunbookRequest } from '../../contracts/runbook/types.ts';
import type { ActivityDeps } from '../deps.ts';
import { checked, invalid } from '../preflight.ts';
import type { RunbookActivities } from './types.ts';

export const createCheckRunbookActivities = (deps: ActivityDeps): Pick<RunbookActivities, 'checkRunbook'> => ({
  async checkRunbook({ request }) {
    const { runbook, inputs } = checked(parseRunbookRequest, request);
    const faults = unknownToWorker(runbook, deps);
    if (faults.length > 0) throw invalid(faults);
    return { inputs };
  },
});

/** Hooks and clusters that are named outright must be in this worker's configuration. */
function unknownToWorker({ steps, cluster }: RunbookRequest['runbook'], deps: ActivityDeps): string[] {
  const [hooks, clusters] = [deps.hooks?.names() ?? [], deps.clusterAliases()];
  const faults: string[] = [];
  const check = (path: string, value: unknown, known: readonly string[], what: string) => {
    if (typeof value !== 'string' || value.includes('${') || known.includes(value)) return;
    faults.push(`${path}: this worker knows no ${what} "${value}" (it knows: ${known.join(', ') || 'none'})`);
  };
  check('runbook.cluster', cluster, clusters, 'cluster');
  for (const [i, step] of steps.entries()) {
    for (const [at, action] of [
      ['', step],
      ['.undo', step.undo ?? {}],
    ] as const) {
      const path = `runbook.steps.${i}${at}`;
      check(`${path}.http.hook`, action.http?.['hook'], hooks, 'hook');
      for (const kind of [
        'clone',
        'group',
        'fanOut',
        'copy',
        'snapshot',
        'modify',
        'grant',
        'revoke',
        'delete',
        'lease',
      ] as const) {
        check(`${path}.${kind}.cluster`, action[kind]?.['cluster'], clusters, 'cluster');
      }
    }
  }
  return faults;
}
