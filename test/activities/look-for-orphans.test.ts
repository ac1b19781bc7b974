import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { noopMetricMeter, type MetricMeter } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { AnswerCache } from '../../activities/answer-cache.ts';
import { createLookForOrphansActivities } from '../../activities/look-for-orphans.ts';
import type { OrphanLook } from '../../activities/types.ts';
import { SyncJobsView } from '../../activities/view.ts';
import { withTag } from '../../contracts/tag.ts';
import type { ElementClient } from '../../element/index.ts';

const TIMES = { timeoutMs: 1_000, settleMs: 1_000, pollCapMs: 1_000, stallMs: 1_000, rotationMs: 1 };
const NOW = Date.parse('2026-05-01T00:00:00Z');

/** Snapshots of a workflow that Temporal does not know. */
const snapshots = Array.from({ length: 20 }, (_, i) => ({
  snapshotID: i + 1,
  volumeID: 42,
  name: 'db',
  status: 'done',
  totalSize: 1_000_000_000,
  attributes: withTag({}, { request: 'r', workflowID: 'clone-1', step: 'snapshot', sourceVolumeID: 42 }),
  createTime: '2026-01-01T00:00:00Z',
  expirationTime: null,
  groupID: 0,
}));
const api = {
  listVolumes: async () => ({ volumes: [] }),
  listSnapshots: async () => ({ snapshots }),
  listGroupSnapshots: async () => ({ groupSnapshots: [] }),
  listSyncJobs: async () => ({ cloneJobs: [] }),
  listAsyncResults: async () => ({ asyncHandles: [] }),
  listVolumeAccessGroups: async () => ({ volumeAccessGroups: [] }),
  listISCSISessions: async () => ({ sessions: [] }),
  clockSkewMs: () => undefined,
} as unknown as ElementClient;

function look(describe: () => Promise<unknown>, maxBytes = 1_000_000) {
  const gauges: Record<string, number> = {};
  const metricMeter: MetricMeter = {
    createCounter: (name) => noopMetricMeter.createCounter(name),
    createHistogram: (name) => noopMetricMeter.createHistogram(name),
    withTags: () => metricMeter,
    createGauge: (name) => ({
      ...noopMetricMeter.createGauge(name),
      set: (value, tags) => void (gauges[[name, tags?.['verdict']].join(' ').trim()] = value),
    }),
  };
  const { lookForOrphans } = createLookForOrphansActivities({
    cluster: (alias) => ({ alias, api, view: new SyncJobsView(), answers: new AnswerCache(), times: TIMES }),
    clusterAliases: () => ['lab'],
    temporal: { workflow: { getHandle: () => ({ describe }) } } as unknown as Client,
    now: () => NOW,
  });
  const environment = new MockActivityEnvironment(
    { activityType: 'lookForOrphans' },
    { metricMeter, logger: new DefaultLogger('ERROR') },
  );
  const looking = environment.run(lookForOrphans, { cluster: 'lab', olderThanMs: null, maxBytes });
  return (looking as Promise<OrphanLook>).then((found) => ({ found, gauges }));
}
const notFound = () => Promise.reject(new WorkflowNotFoundError('not found', 'clone-1', undefined));

test('a look counts all that it found, in a gauge too, and says how much it left out', async () => {
  const { found, gauges } = await look(notFound, 2_000);
  expect(found.counts).toEqual({ orphan: 0, kept: 0, unknown: 20, doubtful: 0 });
  expect(found.orphans.length).toBeGreaterThan(1);
  expect(Buffer.byteLength(JSON.stringify(found.orphans))).toBeLessThanOrEqual(2_002);
  expect(found.leftOut).toBe(20 - found.orphans.length);
  expect(found.orphans[0]).toMatchObject({ kind: 'snapshot', id: 1, ageSeconds: 120 * 86_400, runID: null });
  expect(gauges).toEqual({
    'element_clone_orphans orphan': 0,
    'element_clone_orphans kept': 0,
    'element_clone_orphans unknown': 20,
    'element_clone_orphans doubtful': 0,
    element_clone_orphans_looked_at_timestamp_seconds: NOW / 1_000,
  });
});

test('that Temporal does not answer is no sign of an unknown workflow', async () => {
  const away = () => Promise.reject(Object.assign(new Error('14 UNAVAILABLE'), { code: 14 }));
  await expect(look(away)).rejects.toMatchObject({ type: 'ElementTransient' });
});
