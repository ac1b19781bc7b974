import { CancellationScope, condition, patched } from '@temporalio/workflow';
import { children } from './activities.ts';

/** Pauses between two looks at a workflow that was asked to cancel; after the last one nobody waits any more. */
const PAUSES_MS = [10_000, 20_000, 40_000, 80_000, 160_000, 290_000];
const GIVES_UP = 'give-up-cancelled-workflows';

/** The workflow of a step was asked to cancel, and nobody knows how it will end. */
export class NotEnded extends Error {
  override readonly name = 'NotEnded' as const;
}

/**
 * Waits for somebody else's workflow. Once it is cancelled, not for ever: there may be no worker that hears of it, and it
 * may do what it likes.
 */
export async function unlessGivenUp<T>(workflowID: string, wait: () => Promise<T>): Promise<T> {
  const scope = CancellationScope.current();
  let ended = false;
  const result = wait().finally(() => (ended = true));
  const givenUp = scope.cancelRequested.catch(async () => {
    // Scopes that are shielded hear of a request, too.
    if (!scope.consideredCancelled || ended || !patched(GIVES_UP)) return never();
    return CancellationScope.nonCancellable(() => giveUp(workflowID, () => ended));
  });
  return Promise.race([result, givenUp]);
}

const never = () => new Promise<never>(() => undefined);

async function giveUp(workflowID: string, ended: () => boolean): Promise<never> {
  let stands = '';
  for (const pause of PAUSES_MS) {
    const summary = `Until ${workflowID} has ended`.slice(0, 200);
    if (await condition(ended, pause, { summary })) return never();
    const look = await children.lookAtWorkflow
      .executeWithOptions({ summary: `Look at ${workflowID}`.slice(0, 200) }, [{ workflowID }])
      .catch(() => ({ isIdle: false }));
    if (ended()) return never();
    stands = look.isIdle ? 'no worker takes up its tasks' : 'it is still under way';
    if (look.isIdle) break;
  }
  throw new NotEnded(`workflow ${workflowID} was asked to cancel and has not ended: ${stands}; look at it by this ID`);
}
