import { sleep } from '@temporalio/workflow';
import { parseDuration } from '../../contracts/duration.ts';
import { isoTime, parseTime } from '../../contracts/lease.ts';
import { asText } from '../../contracts/runbook/json-value.ts';
import type { Json, StepState } from '../../contracts/runbook/types.ts';
import { looks } from './activities.ts';
import type { Action } from './actions.ts';
import type { RunbookRun } from './run.ts';
import type { Done } from './step.ts';

/** Waits for a while, until a time, or until a condition on a volume holds. */
export async function waitFor(run: RunbookRun, { fields, scope }: Action, state: StepState | undefined): Promise<Done> {
  const say = (note: string) => {
    if (state !== undefined) state.note = note;
    run.show();
  };
  const { for: duration, until, volume } = fields;
  if (volume !== undefined) {
    const { cluster = run.defaultCluster ?? '', volumeID } = volume as { [field: string]: Json };
    say(`waits until ${asText(until)} (volume ${asText(volumeID)})`);
    const output = await looks.awaitVolumeCondition.executeWithOptions(
      { summary: `Wait for a condition on volume ${asText(volumeID)}` },
      [
        {
          cluster: asText(cluster),
          volumeID: Number(volumeID),
          until: asText(until),
          scope: {
            inputs: scope['inputs'] as Json,
            ...(scope['item'] === undefined ? {} : { item: scope['item'] as Json }),
          },
        },
      ],
    );
    return { output };
  }
  const end = duration === undefined ? parseTime(until) : Date.now() + (parseDuration(duration) ?? NaN);
  if (end === undefined || Number.isNaN(end)) {
    throw new Error(
      duration === undefined
        ? `until: ${JSON.stringify(until)} is no time with a zone, such as "2026-12-01T08:00:00Z"`
        : `for: ${JSON.stringify(duration)} is no duration, such as "10m"`,
    );
  }
  say(`waits until ${isoTime(end)}`);
  if (end > Date.now()) await sleep(end - Date.now(), { summary: `Until ${isoTime(end)}` });
  return { output: { until: isoTime(end) } };
}
