import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TerminatedFailure } from '@temporalio/workflow';
import type { FailureDetails, LeftBehind, RunbookFailureDetails } from '../../contracts/failure.ts';
import { FAILURE } from '../../contracts/names.ts';
import type { Json, StepState } from '../../contracts/runbook/types.ts';
import { left, reasonOf, sentence } from '../failure.ts';
import { NotApproved } from './approvals.ts';
import { NotEnded } from './foreign.ts';
import type { Acted } from './step.ts';

/** Trying again would end in the same way. */
export const isFinal = (err: unknown): boolean =>
  err instanceof NotApproved ||
  hasNotEnded(err) ||
  typeOf(err) === FAILURE.invalidRequest ||
  typeOf(err) === FAILURE.requestConflict;

/** Also when that is why it took longer than its step allows. */
const hasNotEnded = (err: unknown): boolean =>
  err instanceof NotEnded || (err instanceof Error && err.cause instanceof NotEnded);

const typeOf = (err: unknown): string | null | undefined => {
  const cause = err instanceof ActivityFailure || err instanceof ChildWorkflowFailure ? err.cause : err;
  return cause instanceof ApplicationFailure ? cause.type : undefined;
};

/** What a child that failed says is still there. */
export function leftByChild(err: unknown): LeftBehind[] {
  if (!(err instanceof Error)) return [];
  const { causes, leftBehind } = err as { causes?: unknown; leftBehind?: LeftBehind[] };
  if (Array.isArray(leftBehind)) return leftBehind;
  if (Array.isArray(causes)) return causes.flatMap((cause) => leftByChild(cause));
  if (err instanceof ChildWorkflowFailure && err.cause instanceof TerminatedFailure) {
    const reason = `may exist: ${err.execution.workflowId ?? 'a child'} was terminated; "element-clone orphans" finds what it left`;
    return [{ kind: 'volume', id: null, reason }];
  }
  if (err instanceof ApplicationFailure) {
    const details = (err.details?.[0] ?? {}) as Partial<FailureDetails>;
    if (Array.isArray(details.leftBehind)) return details.leftBehind;
  }
  return leftByChild(err.cause);
}

const numbers = (value: Json | undefined): number[] => (typeof value === 'number' ? [value] : []);
const members = (value: Json | undefined): number[] =>
  Array.isArray(value) ? value.flatMap((m) => numbers((m as { [key: string]: Json } | null)?.['volumeID'])) : [];

/** What a step has made that stays when nobody takes it away, each with the key that `keysOf` gives to who deletes it. */
export function madeBy(
  { step, kind, name, fields, output }: Acted,
  defaultCluster: string | undefined,
): { key: string; left: LeftBehind }[] {
  if (output === undefined || output === null || typeof output !== 'object' || Array.isArray(output)) return [];
  const cluster = clusterOf(output['cluster'] === undefined ? fields : output, defaultCluster);
  const reason = `made by step ${name}${step.undo === undefined ? ', which has no undo' : ''}`;
  const of = (what: LeftBehind['kind'], ids: number[], more = '') =>
    ids.map((id) => ({ key: `${what} ${id} of ${cluster}`, left: { kind: what, id, reason: `${reason}${more}` } }));
  if (kind === 'clone') return of('volume', numbers(output['volumeID']));
  if (kind === 'group') return of('volume', members(output['members']));
  if (kind === 'fanOut') return of('volume', members(output['succeeded']));
  if (kind !== 'snapshot') return [];
  return [
    ...of('snapshot', numbers(output['snapshotID']), EXPIRES),
    ...of('groupSnapshot', numbers(output['groupSnapshotID']), EXPIRES),
  ];
}

const EXPIRES = '; it expires by itself';

/** What a step that deletes has deleted. */
export const keysOf = (fields: { [field: string]: Json }, defaultCluster: string | undefined): string[] =>
  (['volume', 'snapshot', 'groupSnapshot'] as const).flatMap((what) =>
    numbers(fields[`${what}ID`]).map((id) => `${what} ${id} of ${clusterOf(fields, defaultCluster)}`),
  );

const clusterOf = ({ cluster }: { [field: string]: Json }, otherwise: string | undefined): string =>
  typeof cluster === 'string' ? cluster : (otherwise ?? '');

/** What ends a run early: the first step that failed, by its ID; or what has nothing to do with any step. */
export type Fault = { error: unknown } & ({ step: string } | { run: 'timeout' | 'outputs' });

const placeOf = (fault: Fault): string => ('step' in fault ? fault.step : fault.run);

interface Ending {
  undone: string[];
  failedUndo: string[];
  leftBehind: LeftBehind[];
  steps: StepState[];
}

/** The one failure a person reads: which step failed, why, what was undone, what remains and what to do. */
export function runbookFailed(
  name: string,
  fault: Fault | undefined,
  { undone, failedUndo, leftBehind, steps }: Ending,
): ApplicationFailure {
  const first = fault !== undefined && 'step' in fault ? fault.step : undefined;
  const others = steps.filter((s) => s.outcome === 'failed' && s.id !== first).map((s) => s.id);
  const parts = [
    fault === undefined ? `Runbook ${name} was cancelled.` : beginning(name, fault),
    others.length === 0 ? '' : `Failed besides: ${others.join(', ')}.`,
    undone.length === 0 ? 'Nothing was undone.' : `Undone: ${listed(undone)}.`,
    failedUndo.length === 0 ? '' : `Could not be undone: ${listed(failedUndo)}.`,
    leftBehind.length === 0 ? '' : `Still on the cluster: ${listed(leftBehind.map(left))}.`,
    fault === undefined ? '' : 'It can be run again once the cause is gone.',
  ];
  const details: RunbookFailureDetails = {
    runbook: name,
    step: fault === undefined ? 'cancelled' : placeOf(fault),
    cancelled: fault === undefined,
    undone,
    leftBehind,
    steps,
  };
  const failure = ApplicationFailure.create({
    type: FAILURE.runbookFailed,
    message: parts.filter((p) => p !== '').join(' '),
    nonRetryable: true,
    details: [details],
    ...(fault?.error instanceof Error ? { cause: fault.error } : {}),
  });
  failure.stack = '';
  return failure;
}

/** A person reads the first ones; the details have all. */
const listed = (texts: readonly string[]): string =>
  texts.length <= NAMED_MAX
    ? texts.join('; ')
    : `${texts.slice(0, NAMED_MAX).join('; ')}; and ${texts.length - NAMED_MAX} more`;

const NAMED_MAX = 60;

function beginning(name: string, fault: Fault): string {
  const why = sentence(reasonOf(fault.error));
  if ('step' in fault) return `Runbook ${name} failed in step ${fault.step}: ${why}`;
  return `Runbook ${name} failed: ${fault.run === 'outputs' ? 'its outputs cannot be made: ' : ''}${why}`;
}
