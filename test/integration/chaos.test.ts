import { expect, inject, test } from 'vitest';
import { KINDS } from '../../bench/chaos/kinds.ts';
import { runChaos } from '../../bench/chaos/run.ts';
import { makeSchedule } from '../../bench/chaos/schedule.ts';

/** The worker over the bundle that the tests have made from the sources. */
const worker = () => ({
  args: ['--import', 'tsx', 'test/support/worker-process.ts'],
  env: { TEST_WORKFLOW_BUNDLE: inject('workflowBundlePath') },
});

test('a short run of chaos: workers and Temporal are killed, the cluster fails, and everything is there once or not at all', async () => {
  // A seed with every kind of request, a lease that is extended and one that is released, and a series that is refreshed
  // twice, without a copy that stands still until its request gives up: that would take a minute more.
  const schedule = makeSchedule({ clones: 16, seed: 189, minutes: 0.4 });
  const report = await runChaos(schedule, { worker: worker(), drainMs: 120_000 });
  expect(report.findings).toEqual({ duplicates: [], lost: [], orphans: [], stuck: [], foreign: [] });
  expect(report.workerCrashes).toEqual([]);

  // It has really happened.
  expect(report.schedule).toBe(schedule.hash);
  expect(report.asked.started).toBe(16);
  expect(Object.values(report.outcomes).reduce((sum, n) => sum + n, 0)).toBe(16);
  expect(KINDS.filter((kind) => Object.keys(report.kinds[kind] ?? {}).length === 0)).toEqual([]);
  expect(report.outcomes['completed']).toBeGreaterThan(0);
  expect(report.workerKills).toBeGreaterThanOrEqual(2);
  expect(report.temporalRestarts).toBeGreaterThanOrEqual(1);
  const kinds = Object.keys(report.faults).filter((kind) => report.faults[kind]! > 0);
  expect(kinds).toEqual(expect.arrayContaining(['refuse', 'failover', 'tlsFailure']));
  expect(kinds.length).toBeGreaterThanOrEqual(8);
}, 300_000);
