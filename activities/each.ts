import type { MemberTask } from '../contracts/progress.ts';
import { classify, ElementApiError } from '../element/index.ts';
import { StepFailed, SUSPECT_TRIES, type StepContext } from './step.ts';

/** Calls of one step that are under way at once: enough to be quick, few enough for a loaded cluster. */
const AT_ONCE = 4;

/** What failed for good, by volume ID. */
export type Failed = Map<number, string>;

/**
 * Does something for each of several volumes, a few at a time. What is done, and what has failed for good, is
 * remembered, so that a retry goes on with the rest.
 *
 * Without `tolerant` the first failure for good is thrown. With it the others go on, and what failed is returned.
 */
export async function eachVolume(
  ctx: StepContext,
  volumeIDs: readonly number[],
  work: (volumeID: number) => Promise<unknown>,
  { tolerant = false }: { tolerant?: boolean } = {},
): Promise<Failed> {
  const tasks = (ctx.memory.tasks ??= {});
  const taskOf = (volumeID: number): MemberTask => (tasks[volumeID] ??= {});
  const queue = volumeIDs.filter((id) => !taskOf(id).done && taskOf(id).failed === undefined);
  const errors: unknown[] = [];

  const one = async (volumeID: number) => {
    const task = taskOf(volumeID);
    try {
      await work(volumeID);
      tasks[volumeID] = { done: true };
    } catch (err) {
      if (tolerant && isFinal(err, task)) {
        const said = err instanceof ElementApiError ? { method: err.method, apiName: err.apiName } : {};
        tasks[volumeID] = { failed: err instanceof Error ? err.message : String(err), ...said };
        return;
      }
      errors.push(err);
      // Nobody answers, or the step is cancelled, or it has failed for good: the rest would end in the same way.
      if (!(err instanceof ElementApiError) || (!tolerant && isFinal(err, {}))) queue.length = 0;
    }
  };
  const inTurn = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await one(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, inTurn));

  const [final] = errors.filter((err) => isFinal(err, {}));
  if (errors.length > 0) throw final ?? errors[0];
  return new Map(
    volumeIDs.flatMap((id) => {
      const { failed } = taskOf(id);
      return failed === undefined ? [] : [[id, failed]];
    }),
  );
}

/** True for an answer that will be the same next time; one that is only believed after a few tries is counted. */
function isFinal(err: unknown, task: MemberTask): boolean {
  if (err instanceof StepFailed) return true;
  const { kind } = classify(err);
  if (kind !== 'suspect') return kind === 'permanent' || kind === 'done';
  task.suspects = (task.suspects ?? 0) + 1;
  return task.suspects >= SUSPECT_TRIES;
}
