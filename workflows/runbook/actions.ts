import { CancellationScope } from '@temporalio/workflow';
import type { OnVolume } from '../../activities/runbook/types.ts';
import type { Owner } from '../../activities/types.ts';
import { asText } from '../../contracts/runbook/json-value.ts';
import { VALUES_BYTES_MAX } from '../../contracts/runbook/names.ts';
import type { Json, RunbookAction, RunbookStep, StepKind, StepState } from '../../contracts/runbook/types.ts';
import { madeNothing, reasonOf } from '../failure.ts';
import { hooks, takesBack, volumes } from './activities.ts';
import { runChildOf } from './children.ts';
import { expand, isTooLarge, type Scope } from './expressions.ts';
import { isFinal } from './failure.ts';
import { fieldsOf, kindOf } from './kind.ts';
import type { RunbookRun } from './run.ts';
import type { Done } from './step.ts';
import { waitFor } from './wait.ts';

type Fields = { [field: string]: Json };

/** One attempt of one action, with the values of its expressions. */
export interface Action {
  kind: StepKind;
  /** The step, with the index of the item, and `.undo`. */
  name: string;
  fields: Fields;
  /** The key of what it makes: another one for each attempt, the same over retries of its activity and over resets. */
  key: string;
  /** It undoes a step. */
  undoes: boolean;
  /** The same for each attempt: the `Idempotency-Key` header. */
  hookKey: string;
  /** `retry` is given, so that the engine repeats what an activity would. */
  retried: boolean;
  scope: Scope;
}

/** Where the name of an action ends that undoes a step; no ID of a step has a dot. */
export const UNDO = '.undo';

/** Fields whose expressions are not the step's own: the condition is for who looks at the volume, the document for its run. */
const FOR_OTHERS: { [K in StepKind]?: (fields: Fields) => string[] } = {
  wait: (fields) => (fields['volume'] === undefined ? [] : ['until']),
  runbook: () => ['document'],
};

/** The action with the values of its expressions. */
export function prepare(
  run: RunbookRun,
  action: RunbookAction & Pick<RunbookStep, 'retry'>,
  name: string,
  attempt: number,
  scope: Scope,
): Action {
  const kind = kindOf(action);
  const given = fieldsOf(action);
  const later = FOR_OTHERS[kind]?.(given) ?? [];
  const fields = Object.fromEntries(
    Object.entries(given).map(([field, value]) => [field, later.includes(field) ? value : expand(value, scope)]),
  );
  if (isTooLarge(fields)) {
    throw new Error(`its fields are larger than ${VALUES_BYTES_MAX} bytes with the values of their expressions`);
  }
  const again = attempt === 1 ? '' : `.${attempt}`;
  return {
    ...{ kind, name, fields, scope },
    key: shortKey(`${run.id.key}.${name}${again}`),
    hookKey: `${run.id.run}:${name}`,
    retried: action.retry !== undefined,
    undoes: name.endsWith(UNDO),
  };
}

/** Does it, and returns the outputs. */
export async function act(run: RunbookRun, action: Action, state: StepState | undefined): Promise<Done> {
  const { kind, fields, key, hookKey } = action;
  const owner = ownerOf(run, key);
  const cluster = typeof fields['cluster'] === 'string' ? fields['cluster'] : (run.defaultCluster ?? '');
  const on = { cluster, owner, fields };
  const summary = describe(action);
  const options = { summary: summary.slice(0, 200) };
  switch (kind) {
    case 'clone':
    case 'group':
    case 'fanOut':
    case 'copy':
    case 'refresh':
    case 'runbook':
    case 'workflow':
      return { output: await runChildOf(run, action, state) };
    case 'snapshot':
      return { output: await takeSnapshot(on, options) };
    case 'modify':
      return { output: await volumes.modifyForRunbook.executeWithOptions(options, [on]) };
    case 'grant':
    case 'revoke':
      return { output: await volumes.accessForRunbook.executeWithOptions(options, [{ ...on, change: kind }]) };
    case 'delete':
      return { output: await volumes.deleteForRunbook.executeWithOptions(options, [on]) };
    case 'lease':
      return { output: await volumes.leaseForRunbook.executeWithOptions(options, [{ ...on, undoes: action.undoes }]) };
    case 'http':
      return {
        output: await hooks.requestHook.executeWithOptions(options, [
          { fields, key: hookKey, repeat: !action.retried },
        ]),
      };
    case 'wait':
      return waitFor(run, action, state);
    case 'approval':
      return run.waitingApprovals.wait(action, state);
  }
}

/** A step that fails leaves nothing, also when it is not known whether the cluster has taken the snapshot. */
async function takeSnapshot(on: OnVolume, options: { summary: string }): Promise<Json> {
  try {
    return await volumes.snapshotForRunbook.executeWithOptions(options, [on]);
  } catch (err) {
    if (madeNothing(err) || isFinal(err)) throw err;
    const summary = 'Look for what the cluster may have taken';
    const left = await CancellationScope.nonCancellable(() =>
      takesBack.takeBackSnapshot.executeWithOptions({ summary }, [on]),
    ).then(
      () => [],
      (why: unknown) => [{ kind: 'snapshot', id: null, reason: `may exist: ${reasonOf(why)}; it expires by itself` }],
    );
    throw left.length === 0 ? err : Object.assign(new Error(reasonOf(err), { cause: err }), { leftBehind: left });
  }
}

/** What an action does, in a few words. */
export function describe({ kind, fields, name }: Pick<Action, 'kind' | 'fields' | 'name'>): string {
  const text = (field: string, otherwise = '?') => asText(fields[field] ?? otherwise);
  const volume = text('volumeID');
  const texts: { [K in StepKind]?: string } = {
    http: `${text('hook')}: ${text('method', 'POST')} ${text('path', '/')}`,
    delete: deletion(fields),
    snapshot:
      fields['volumes'] === undefined
        ? `CreateSnapshot of volume ${volume}`
        : `CreateGroupSnapshot of volumes ${text('volumes')}`,
    modify: `ModifyVolume ${volume}`,
    grant: `grant access to volume ${volume}`,
    revoke: `revoke access to volume ${volume}`,
    lease: `Lease of volume ${volume}`,
  };
  return texts[kind] ?? `${kind} (${name})`;
}

function deletion(fields: Fields): string {
  const [field, method] = (
    [
      ['snapshotID', 'DeleteSnapshot'],
      ['groupSnapshotID', 'DeleteGroupSnapshot'],
    ] as const
  ).find(([name]) => fields[name] !== undefined) ?? ['volumeID', 'DeleteVolume'];
  return `${method} ${asText(fields[field] ?? '?')}`;
}

const ownerOf = (run: RunbookRun, key: string): Owner => {
  const { workflowID, requestedBy, wasReset } = run.id;
  return {
    ...{ workflowID, request: key, mayHaveRunBefore: wasReset },
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(wasReset ? { wasReset } : {}),
  };
};

const KEY_MAX = 100;

/** Fits into a requestId, and stays unique. */
export function shortKey(text: string): string {
  const clean = text.replace(/[^\x21-\x7e]/g, '-');
  if (clean.length <= KEY_MAX) return clean;
  return `${clean.slice(0, KEY_MAX - 17)}.${hash(text, 1)}${hash(text, 2)}`;
}

/** 32 bits of FNV-1a. */
function hash(text: string, seed: number): string {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return (h >>> 0).toString(16).padStart(8, '0');
}
