import { workflowInfo } from '@temporalio/workflow';
import { ACTIONS_MAX, HISTORY_BYTES_MAX, MORE_ACTIONS_MAX } from '../../contracts/runbook/names.ts';
import type { RunbookStep } from '../../contracts/runbook/types.ts';

/** How many attempts a run may still make. What it has done can always be undone once. */
export class Budget {
  private made = 0;
  private madeAlways = 0;
  private undoneAgain = 0;

  /** `step`: whose attempt it is; without it, it undoes. Throws when there is no room for it. */
  spend(step: RunbookStep | undefined, attempt: number): void {
    if (step === undefined) {
      if (attempt > 1) this.undoneAgain = spent(this.undoneAgain, MORE_ACTIONS_MAX, 'to undo more than once');
    } else if (step.always === true) {
      this.madeAlways = spent(this.madeAlways, MORE_ACTIONS_MAX, 'of steps that run always');
    } else {
      this.made = spent(this.made, ACTIONS_MAX, 'of steps');
      if (workflowInfo().historySize <= HISTORY_BYTES_MAX) return;
      throw new Error(`its history has more than ${HISTORY_BYTES_MAX} bytes; let steps put out less, or nest runbooks`);
    }
  }
}

function spent(made: number, max: number, what: string): number {
  if (made < max) return made + 1;
  throw new Error(`the run has made ${max} attempts ${what}, which is all that one may make; nest runbooks`);
}
