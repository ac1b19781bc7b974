import { describe, expect, test } from 'vitest';
import type { RunbookFailureDetails } from '../../contracts/failure.ts';
import type { StepState } from '../../contracts/runbook/types.ts';
import { runbookFailed } from '../../workflows/runbook/failure.ts';

const step = (id: string, outcome: StepState['outcome']): StepState => ({ id, kind: 'wait', needs: [], outcome });
const nothing = { undone: [], failedUndo: [], leftBehind: [] };
const error = new Error('it had not ended after 5s');

describe('the failure of a run', () => {
  test.each(['timeout', 'outputs', 'cancelled'])('tells a step with the ID %s from the run itself', (id) => {
    const failure = runbookFailed('uat', { step: id, error }, { ...nothing, steps: [step(id, 'failed')] });
    expect(failure.message).toBe(
      `Runbook uat failed in step ${id}: it had not ended after 5s. Nothing was undone. It can be run again once the cause is gone.`,
    );
    expect(failure.details![0]).toMatchObject({ step: id, cancelled: false } satisfies Partial<RunbookFailureDetails>);
  });

  test.each([
    ['timeout', 'Runbook uat failed: it had not ended after 5s. Failed besides: timeout, outputs.'],
    ['outputs', 'Runbook uat failed: its outputs cannot be made: it had not ended after 5s. Failed besides: timeout,'],
  ] as const)('of its %s names every step that failed besides', (run, text) => {
    const steps = [step('timeout', 'failed'), step('outputs', 'failed'), step('a', 'succeeded')];
    const failure = runbookFailed('uat', { run, error }, { ...nothing, steps });
    expect(failure.message).toContain(text);
    expect(failure.details![0]).toMatchObject({ step: run });
  });
});
