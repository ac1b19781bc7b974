import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import {
  cloneLabel,
  copyLabel,
  fanOutLabel,
  groupLabel,
  label,
  refreshLabel,
  runbookLabel,
} from '../../contracts/label.ts';
import { WORKFLOW } from '../../contracts/names.ts';
import { asText } from '../../contracts/runbook/json-value.ts';
import type { Json, StepState } from '../../contracts/runbook/types.ts';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import { joinChild, joinOrRun } from '../join.ts';
import type { Action } from './actions.ts';
import { NotEnded, unlessGivenUp } from './foreign.ts';
import type { RunbookRun } from './run.ts';
import { isObject } from '../../contracts/json-object.ts';

type Fields = { [field: string]: Json };
type ChildKind = 'clone' | 'group' | 'fanOut' | 'copy' | 'refresh' | 'runbook' | 'workflow';

const TYPES: Record<Exclude<ChildKind, 'workflow'>, { type: string; title: (request: Fields) => string }> = {
  clone: { type: WORKFLOW.cloneVolume, title: cloneLabel },
  group: { type: WORKFLOW.cloneGroup, title: groupLabel },
  fanOut: { type: WORKFLOW.cloneFanOut, title: fanOutLabel },
  copy: { type: WORKFLOW.copyVolume, title: copyLabel },
  refresh: { type: WORKFLOW.refreshClone, title: refreshLabel },
  runbook: { type: WORKFLOW.runbook, title: runbookLabel },
};

/** Runs the workflow that does the step, or joins it after a reset. It undoes itself when it fails or is cancelled. */
export async function runChildOf(run: RunbookRun, action: Action, state: StepState | undefined): Promise<Json> {
  const { kind, fields, key } = action;
  if (kind === 'workflow') return runForeign(run, action, state);
  const { type, title } = TYPES[kind as Exclude<ChildKind, 'workflow'>];
  const request = requestOf(run, kind as ChildKind, fields, key);
  show(run, state, workflowIDForRequest(key));
  const result = await joinOrRun<Json>(type, key, request, title(request), { searchAttributes: attributesOf(request) });
  if (kind !== 'runbook') return result;
  return (result as unknown as { outputs: Json }).outputs;
}

function requestOf(
  run: RunbookRun,
  kind: ChildKind,
  fields: Fields,
  requestId: string,
): Fields & { requestId: string } {
  const { requestedBy } = run.id;
  const by: Fields = requestedBy === undefined ? {} : { requestedBy };
  if (kind === 'runbook') {
    const { document, inputs } = fields;
    return { ...by, runbook: document!, ...(inputs === undefined ? {} : { inputs }), requestId };
  }
  const cluster = run.defaultCluster;
  const on: Fields = cluster === undefined ? {} : { cluster };
  if (kind !== 'refresh') return { ...by, ...on, ...fields, requestId };
  const { clone } = fields;
  return { ...by, ...fields, ...(isObject(clone) ? { clone: { ...on, ...clone } } : {}), requestId };
}

/** Somebody else's workflow: found again by its ID. */
async function runForeign(run: RunbookRun, action: Action, state: StepState | undefined): Promise<Json> {
  const { fields, key, name } = action;
  const { type, taskQueue, workflowID, input } = fields;
  const workflowId = typeof workflowID === 'string' ? workflowID : `runbook-${key}`;
  if (state !== undefined) state.workflowID = workflowId;
  const how = { workflowId, ...(typeof taskQueue === 'string' ? { taskQueue } : {}) };
  const title = `${label(type)} (${name})`;
  let result: unknown;
  try {
    result = await unlessGivenUp(workflowId, () => joinChild(asText(type), input ?? {}, title, how));
  } catch (err) {
    if (err instanceof NotEnded && !action.undoes) run.givenUp(name, err.message);
    throw err;
  }
  const json = (result ?? null) as Json;
  return isObject(json) ? json : { result: json };
}

function show(run: RunbookRun, state: StepState | undefined, workflowID: string): void {
  if (state === undefined) return;
  state.workflowID = workflowID;
  run.show();
}

const CLUSTER = defineSearchAttributeKey('ElementCluster', 'KEYWORD');
const PHASE = defineSearchAttributeKey('ElementPhase', 'KEYWORD');
const SOURCE = defineSearchAttributeKey('ElementSourceVolumeID', 'INT');

/** What the child would set itself, so that it need not. */
function attributesOf({ cluster, volumeID }: Fields): SearchAttributePair[] {
  return [
    ...(typeof cluster === 'string' ? [{ key: CLUSTER, value: label(cluster) }] : []),
    ...(typeof cluster === 'string' ? [{ key: PHASE, value: 'waiting' }] : []),
    ...(Number.isSafeInteger(volumeID) ? [{ key: SOURCE, value: volumeID as number }] : []),
  ];
}
