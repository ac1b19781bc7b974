import type { WorkflowHandle } from '@temporalio/client';
import { spread, type Spread } from './statistics.ts';

/** Events in the histories of many clones. */
export interface HistorySize {
  all: Spread;
  /** Those that waited in line. */
  waited: { clones: number; events: Spread } | undefined;
}

export async function historySize(handles: readonly WorkflowHandle[]): Promise<HistorySize> {
  const all: number[] = [];
  const waited: number[] = [];
  for (const handle of handles) {
    const events = (await handle.fetchHistory()).events ?? [];
    all.push(events.length);
    if (events.some((e) => e.activityTaskScheduledEventAttributes?.activityType?.name === 'waitForSlot')) {
      waited.push(events.length);
    }
  }
  return {
    all: spread(all),
    waited: waited.length === 0 ? undefined : { clones: waited.length, events: spread(waited) },
  };
}
