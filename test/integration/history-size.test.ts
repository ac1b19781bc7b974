import proto from '@temporalio/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type Service } from '../support/service.ts';

/** Events of a whole clone, whatever its duration. */
const MOST_EVENTS = 70;

let service: Service;
beforeAll(async () => {
  service = await startService({
    simulator: { behaviour: { cloneSeconds: 1, copyRules: [{ name: 'long', cloneSeconds: 12 }] } },
    times: { pollCapMs: 1_000 },
  });
});
afterAll(() => service?.stop());

/** How many, and those that are not of workflow tasks: how many of these there are depends on how answers come together. */
async function eventsOf(request: Record<string, unknown>): Promise<{ all: number; made: string[] }> {
  const handle = await service.start(request);
  await handle.result();
  const events = (await handle.fetchHistory()).events!;
  const types = events.map((e) => e.eventType!).filter((type) => !isOfTask(type));
  return { all: events.length, made: types.map((type) => EventType[type]) };
}

const { EventType } = proto.temporal.api.enums.v1;
const { EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, EVENT_TYPE_WORKFLOW_TASK_STARTED, EVENT_TYPE_WORKFLOW_TASK_COMPLETED } =
  EventType;
const ofTasks: number[] = [
  EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
  EVENT_TYPE_WORKFLOW_TASK_STARTED,
  EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
];
const isOfTask = (type: number) => ofTasks.includes(type);

test('a clone costs at most 70 events, and a longer copy not one more', async () => {
  const [short, long] = await Promise.all([
    eventsOf({ volumeID: 42, name: 'short' }),
    eventsOf({ volumeID: 41, name: 'long' }),
  ]);
  expect(short.all).toBeLessThanOrEqual(MOST_EVENTS);
  expect(long.all).toBeLessThanOrEqual(MOST_EVENTS);
  expect(long.made).toEqual(short.made);
});

test('so does a clone with everything that can be asked for', async () => {
  const { all } = await eventsOf({
    volumeID: 43,
    name: 'all',
    volumeAccessGroups: [1, 2, 3, 4],
    modify: { qosPolicyID: 1, accountID: 2, access: 'readOnly', attributes: { a: 1 } },
    requestedBy: 'somebody',
  });
  expect(all).toBeLessThanOrEqual(MOST_EVENTS);
});
