// Waits for the end of everything that was started, and reads how it was.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { holderOf, repeatOf } from './ids.ts';
import { readOutcome, wasExtended, type Outcome } from './outcomes.ts';
import { patiently } from './patience.ts';
import { TIMES } from './plan-faults.ts';
import type { Schedule } from './schedule.ts';
import type { Stage } from './stage.ts';
import { NOTE_EVERY_MS, type Telling } from './telling.ts';

const DRAIN_LOOK_MS = 1_000;

/** Waits until every workflow has ended, those too that others have started, or the time is up; and reads how. */
export async function drain(
  { requests }: Pick<Schedule, 'requests'>,
  { client }: Pick<Stage, 'client'>,
  { drainMs, note, signal }: Telling & { drainMs: number },
): Promise<{ outcomes: Outcome[]; runs: Map<string, Outcome> }> {
  const all = requests.flatMap((r) => [holderOf(r), ...(r.repeatsAfterMs === undefined ? [] : [repeatOf(r)])]);
  const giveUp = Date.now() + drainMs;
  let noted = Date.now();
  const rest = async <T>(list: readonly T[], isOpen: (item: T) => Promise<boolean>): Promise<void> => {
    let open = list;
    while (open.length > 0 && Date.now() < giveUp) {
      const running: T[] = [];
      for (const item of open) {
        if (await isOpen(item)) running.push(item);
      }
      open = running;
      if (open.length > 0) await sleep(DRAIN_LOOK_MS, undefined, { signal });
      if (Date.now() - noted > NOTE_EVERY_MS) {
        noted = Date.now();
        note(`${open.length} workflows have not ended yet`);
      }
    }
  };
  await rest(all, (workflowID) => isRunning(client, workflowID));
  // A terminated fan-out's clones undo on their own, and leases begin when their clones are done.
  const families = await readFamilies(client, requests, all);
  await rest([...families.entries()], async ([runID, { workflowID, ended, type }]) => {
    if (ended !== 'running') return false;
    const now = await readOutcome(client, workflowID, runID);
    return now.ended === 'running' && !(type === 'cloneLease' && wasExtended(now));
  });
  // A call of a workflow that was terminated may be on its way still.
  await sleep((TIMES.timeoutSeconds + TIMES.settleSeconds) * 1_000, undefined, { signal });
  const outcomes: Outcome[] = [];
  for (const workflowID of all) outcomes.push(await readOutcome(client, workflowID));
  return { outcomes, runs: await readFamilies(client, requests, all) };
}

/** By run ID, all that these workflows have started, and what that has started; earlier runs of theirs, too. */
async function readFamilies(
  client: Client,
  requests: Schedule['requests'],
  workflowIDs: readonly string[],
): Promise<Map<string, Outcome>> {
  const runs = new Map<string, Outcome>();
  const read = async ({ children }: Outcome): Promise<void> => {
    for (const { workflowID, runID } of children) {
      if (runs.has(runID)) continue;
      const run = await readOutcome(client, workflowID, runID);
      runs.set(runID, run);
      await read(run);
    }
  };
  for (const workflowID of workflowIDs) await read(await readOutcome(client, workflowID));
  // Who asks for the same once more may have begun it anew after a failure.
  for (const planned of requests.filter((r) => r.repeatsAfterMs !== undefined)) {
    const query = `WorkflowId = '${holderOf(planned)}'`;
    for await (const { runId } of client.workflow.list({ query })) {
      if (runs.has(runId)) continue;
      const run = await readOutcome(client, holderOf(planned), runId);
      runs.set(runId, run);
      await read(run);
    }
  }
  return runs;
}

async function isRunning(client: Client, workflowID: string): Promise<boolean> {
  const status = await patiently(client, () =>
    client.workflow
      .getHandle(workflowID)
      .describe()
      .then(
        (d) => d.status.name,
        (err: unknown) => {
          if (err instanceof Error && err.name === 'WorkflowNotFoundError') return 'MISSING';
          throw err;
        },
      ),
  );
  return status === 'RUNNING' || status === 'PAUSED';
}
