import { parseRunbookRequest } from '../../contracts/runbook/check.ts';
import { STEP_KINDS, type RunbookDocument, type RunbookRequest, type StepKind } from '../../contracts/runbook/types.ts';
import type { ActivityDeps } from '../deps.ts';
import { checked, invalid } from '../preflight.ts';
import type { Fields, RunbookActivities } from './types.ts';
import { isObject } from '../../contracts/json-object.ts';

export const createCheckRunbookActivities = (deps: ActivityDeps): Pick<RunbookActivities, 'checkRunbook'> => ({
  async checkRunbook({ request }) {
    const { runbook, inputs } = checked(parseRunbookRequest, request);
    const faults = unknownToWorker(runbook, deps);
    if (faults.length > 0) throw invalid(faults);
    return { inputs };
  },
});

/** Hooks and clusters that are named outright must be in this worker's configuration. */
function unknownToWorker(runbook: RunbookRequest['runbook'], deps: ActivityDeps): string[] {
  const [hooks, clusters] = [deps.hooks?.names() ?? [], deps.clusterAliases()];
  const faults: string[] = [];
  const check = (path: string, value: unknown, known: readonly string[], what: string) => {
    if (typeof value !== 'string' || value.includes('${') || known.includes(value)) return;
    faults.push(`${path}: this worker knows no ${what} "${value}" (it knows: ${known.join(', ') || 'none'})`);
  };
  const checkFields = (kind: StepKind, fields: Fields, path: string) => {
    check(`${path}.cluster`, fields['cluster'], clusters, 'cluster');
    if (kind === 'refresh') check(`${path}.clone.cluster`, objectAt(fields, 'clone')['cluster'], clusters, 'cluster');
    if (kind === 'wait') check(`${path}.volume.cluster`, objectAt(fields, 'volume')['cluster'], clusters, 'cluster');
    if (kind === 'http') check(`${path}.hook`, fields['hook'], hooks, 'hook');
    if (kind === 'refresh') {
      for (const [when, hook] of Object.entries(objectAt(fields, 'hooks'))) {
        check(`${path}.hooks.${when}`, typeof hook === 'string' ? hook : objectOf(hook)['hook'], hooks, 'hook');
      }
    }
    if (kind === 'runbook') checkAll(objectAt(fields, 'document') as unknown as RunbookDocument, `${path}.document`);
  };
  const checkAll = ({ steps, cluster }: RunbookDocument, path: string) => {
    check(`${path}.cluster`, cluster, clusters, 'cluster');
    for (const [i, step] of steps.entries()) {
      for (const [at, action] of [['', step] as const, ['.undo', step.undo ?? {}] as const]) {
        for (const kind of STEP_KINDS) {
          const fields = action[kind];
          if (fields !== undefined) checkFields(kind, fields, `${path}.steps.${i}${at}.${kind}`);
        }
      }
    }
  };
  checkAll(runbook, 'runbook');
  return faults;
}

const objectOf = (value: unknown): Fields => (isObject(value) ? (value as Fields) : {});
const objectAt = (fields: Fields, name: string): Fields => objectOf(fields[name]);
