import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { RUNBOOK } from '../../contracts/runbook/names.ts';
import type {
  ApprovalDecision,
  Json,
  RunbookDocument,
  RunbookRequest,
  RunbookResult,
  RunbookStep,
  StepState,
} from '../../contracts/runbook/types.ts';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import type { Service } from './service.ts';
import { waitFor } from './wait.ts';

export type Runbook = (request: RunbookRequest) => Promise<RunbookResult>;
export type RunbookRun = WorkflowHandle<Runbook>;

/** Starts `runbook` as any SDK would; steps that name no cluster mean the service's. */
export const startRunbook = (
  service: Pick<Service, 'client' | 'taskQueue' | 'alias'>,
  steps: RunbookStep[],
  {
    inputs,
    requestId,
    workflowId = requestId === undefined ? `test-runbook-${randomUUID()}` : workflowIDForRequest(requestId),
    ...more
  }: Partial<RunbookDocument> & { workflowId?: string } & Pick<RunbookRequest, 'requestId'> = {},
  values: Record<string, Json> = {},
): Promise<RunbookRun> =>
  service.client.workflow.start<Runbook>('runbook', {
    workflowId,
    taskQueue: service.taskQueue,
    args: [
      {
        runbook: {
          name: 'test',
          cluster: service.alias,
          ...(inputs === undefined ? {} : { inputs }),
          steps,
          ...more,
        },
        inputs: values,
        ...(requestId === undefined ? {} : { requestId }),
      },
    ],
  });

export const stepsOf = (run: RunbookRun): Promise<StepState[]> => run.query<StepState[]>(RUNBOOK.steps);

export const decide = (run: RunbookRun, decision: ApprovalDecision): Promise<StepState> =>
  run.executeUpdate<StepState, [ApprovalDecision]>(RUNBOOK.decide, { args: [decision] });

/** Until the step stands so. */
export const untilStep = (run: RunbookRun, id: string, outcome: StepState['outcome']) =>
  waitFor(`step ${id} to be ${outcome}`, async () =>
    (await stepsOf(run)).some((s) => s.id === id && s.outcome === outcome),
  );

/** `ok succeeded, copy failed`: how all steps stand. */
export const standing = (steps: readonly StepState[]): Record<string, string> =>
  Object.fromEntries(steps.map((s) => [s.id, s.undo === undefined ? s.outcome : `${s.outcome}, undo ${s.undo}`]));

/** Events and bytes of its history. */
export async function historySize(run: RunbookRun): Promise<{ events: number; bytes: number }> {
  const { historyLength, historySize: bytes = 0 } = await run.describe();
  return { events: historyLength, bytes };
}
