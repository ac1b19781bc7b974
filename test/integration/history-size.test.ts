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

async function eventsOf(request: Record<string, unknown>): Promise<number> {
  const handle = await service.start(request);
  await handle.result();
  return (await handle.fetchHistory()).events!.length;
}

test('a clone costs at most 70 events, and a longer copy not one more', async () => {
  const [short, long] = await Promise.all([
    eventsOf({ volumeID: 42, name: 'short' }),
    eventsOf({ volumeID: 41, name: 'long' }),
  ]);
  expect(short).toBeLessThanOrEqual(MOST_EVENTS);
  expect(long).toBe(short);
});

test('so does a clone with everything that can be asked for', async () => {
  const events = await eventsOf({
    volumeID: 43,
    name: 'all',
    volumeAccessGroups: [1, 2, 3, 4],
    modify: { qosPolicyID: 1, accountID: 2, access: 'readOnly', attributes: { a: 1 } },
    requestedBy: 'somebody',
  });
  expect(events).toBeLessThanOrEqual(MOST_EVENTS);
});
