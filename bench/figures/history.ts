import type { ClusterTimes } from '../../activities/index.ts';
import { startSimulator } from '../../simulator/index.ts';
import { skippingClock } from '../support/clocks.ts';
import { startService } from '../support/service.ts';
import { skipPauses } from '../support/skip-pauses.ts';
import { noteCompletion } from '../support/note-completion.ts';

export interface HistoryRow {
  label: string;
  seconds: number;
  /** How the time passed. */
  clock: 'real' | 'pauses skipped';
  /** What the run took, in real seconds. */
  realSeconds: number;
  historyEvents: number;
  events: Record<string, number>;
  apiCalls: number;
  callsByMethod: Record<string, number>;
  /** Seconds from the end of the copy until the waiting step was done. */
  lateness: number;
}

export interface HistoryCase {
  label: string;
  seconds: number;
  clock: HistoryRow['clock'];
}

/** One clone from start to end on a real Temporal server, alone on its cluster and its worker. */
export async function measureHistory(
  { label, seconds, clock }: HistoryCase,
  server: { address: string; workflowBundlePath: string; times: ClusterTimes },
): Promise<HistoryRow> {
  const time = skippingClock();
  const simulator = await startSimulator({
    seed: 7,
    password: 'simulator',
    clock: time,
    behaviour: { cloneSeconds: seconds },
  });
  const completed = noteCompletion('awaitClone', time.now);
  const service = await startService({
    ...server,
    simulator,
    now: time.now,
    interceptors: [...(clock === 'real' ? [] : [skipPauses(time)]), completed.interceptor],
  });
  try {
    const begun = Date.now();
    const handle = await service.start({ volumeID: 42, name: 'bench' });
    const { volumeID } = await handle.result();
    const realSeconds = (Date.now() - begun) / 1_000;
    const { events } = await handle.fetchHistory();
    const types = (events ?? []).map((e) => nameOf(e.attributes ?? ''));
    const { total, byMethod } = simulator.cluster.calls.counts();
    const job = simulator.cluster.state().cloneJobs.find((j) => j.dstVolumeID === volumeID);
    return {
      label,
      seconds,
      clock,
      realSeconds,
      historyEvents: types.length,
      events: countEach(types),
      apiCalls: total,
      callsByMethod: byMethod,
      lateness: (completed.at()! - job!.endMs!) / 1_000,
    };
  } finally {
    await service.stop();
    await simulator.close();
  }
}

/** `activityTaskScheduledEventAttributes` → `ActivityTaskScheduled` */
const nameOf = (attributes: string) =>
  attributes.replace(/EventAttributes$/, '').replace(/^./, (first) => first.toUpperCase());

function countEach(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
