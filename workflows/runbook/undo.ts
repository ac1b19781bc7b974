import { isObject } from '../../contracts/json-object.ts';
import { DEFAULT_UNDO_TIMEOUT } from '../../contracts/runbook/names.ts';
import type { RunbookStep } from '../../contracts/runbook/types.ts';
import type { LeftBehind } from '../../contracts/failure.ts';
import { reasonOf } from '../failure.ts';
import { act, describe, prepare, UNDO, type Action } from './actions.ts';
import { keysOf, leftByChild } from './failure.ts';
import type { RunbookRun } from './run.ts';
import { repeat, type Acted } from './step.ts';
import { within } from './within.ts';

export interface Undoing {
  /** In words. */
  undone: string[];
  /** What was tried in vain, and why. */
  failed: string[];
  leftBehind: LeftBehind[];
  /** Volumes and snapshots that were deleted, by steps too: see `keysOf`. */
  gone: Set<string>;
}

type Undo = NonNullable<RunbookStep['undo']>;

/** Undoes what was done, the last first. One that fails holds up none of the others. Runs where no cancellation reaches. */
export async function undoAll(run: RunbookRun): Promise<Undoing> {
  const undoing: Undoing = { undone: [], failed: [], leftBehind: [], gone: new Set() };
  for (const { kind, fields, output } of run.done) {
    if (kind === 'delete' && output !== undefined)
      for (const key of keysOf(fields, run.defaultCluster)) undoing.gone.add(key);
  }
  for (const acted of run.done.toReversed()) {
    const { undo } = acted.step;
    if (undo !== undefined) await undoOne(run, acted, undo, undoing);
  }
  return undoing;
}

async function undoOne(run: RunbookRun, acted: Acted, undo: Undo, undoing: Undoing): Promise<void> {
  const { step, name, item, output } = acted;
  const state = run.state(step.id);
  const scope = run.scope();
  const steps = { ...(scope['steps'] as Record<string, object>) };
  // Of a step with forEach these are the outputs of the item.
  steps[step.id] = { ...(isObject(output) ? output : {}), outcome: state.outcome };
  let action: Action;
  try {
    action = prepare(run, undo, `${name}${UNDO}`, 1, { ...scope, ...item, steps });
  } catch (err) {
    // It failed before it had any outputs: what it had made it has undone itself.
    if (output === undefined) state.undo ??= 'skipped';
    else failed(err);
    return;
  }
  if (state.undo !== 'failed') state.undo = 'running';
  run.show();
  try {
    await repeat(run, { retry: undo.retry }, (attempt) => {
      action = prepare(run, undo, `${name}${UNDO}`, attempt, { ...scope, ...item, steps });
      return within(undo.timeout ?? DEFAULT_UNDO_TIMEOUT, () => act(run, action, undefined));
    });
    if (state.undo === 'running') state.undo = 'succeeded';
    undoing.undone.push(`${name} (${describe(action)})`);
    if (action.kind === 'delete') for (const key of keysOf(action.fields, run.defaultCluster)) undoing.gone.add(key);
  } catch (err) {
    undoing.leftBehind.push(...leftByChild(err));
    failed(err);
  }
  run.show();

  function failed(err: unknown): void {
    state.undo = 'failed';
    undoing.failed.push(`${name} (${reasonOf(err)})`);
  }
}
