import { MockActivityEnvironment } from '@temporalio/testing';
import type { Client } from '@temporalio/client';
import { DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { createActivities, type Cluster } from '../../activities/index.ts';
import type { Hooks } from '../../activities/hooks.ts';
import type { LeaseView } from '../../contracts/lease.ts';

const LEASE = { cluster: 'lab', volumeID: 63, name: 'db-uat', endsAt: '2026-05-04T02:00:00.000Z', requestedBy: 'ada' };

/** One attempt of the warning, on a worker whose hook answers with this status: what the hook got, and what was logged. */
async function warn(attempt: number, { status, leaseWarningHook }: { status: number; leaseWarningHook?: string }) {
  const got: unknown[] = [];
  const hooks: Hooks = {
    names: () => ['chat'],
    timeoutSeconds: () => 60,
    call: async (name, { key, body }) => {
      got.push({ name, key, body });
      return { status, text: '' };
    },
  };
  const activities = createActivities({
    cluster: () => ({ alias: 'lab', ...(leaseWarningHook === undefined ? {} : { leaseWarningHook }) }) as Cluster,
    clusterAliases: () => ['lab'],
    temporal: {} as Client,
    hooks,
  });
  const logged: string[] = [];
  const logger = new DefaultLogger('WARN', ({ message }) => void logged.push(message));
  const environment = new MockActivityEnvironment({ attempt }, { logger });
  const lease = LEASE as LeaseView;
  const failure: unknown = await environment
    .run(() => activities.warnOfLeaseEnd({ leaseID: 'lease-of-volume-63-of-lab', lease }))
    .catch((err: unknown) => err);
  return { got, logged, failure };
}

test('the hook of the cluster is told once, under a key of this end', async () => {
  const { got, logged, failure } = await warn(1, { status: 204, leaseWarningHook: 'chat' });
  expect(failure).toBeUndefined();
  expect(logged).toEqual(['A lease ends soon, and its volume is deleted']);
  expect(got).toEqual([
    {
      name: 'chat',
      key: 'lease-of-volume-63-of-lab 2026-05-04T02:00:00.000Z',
      body: {
        ...{ event: 'leaseEndsSoon', leaseID: 'lease-of-volume-63-of-lab', ...LEASE },
        text: 'The lease of volume 63 "db-uat" of cluster lab, cloned for ada, ends at 2026-05-04T02:00:00.000Z, and the volume is deleted. To keep it: element-clone lease extend lease-of-volume-63-of-lab --by 24h',
      },
    },
  ]);
});

test('one that refuses for now is called again, and the log not written again', async () => {
  const first = await warn(1, { status: 503, leaseWarningHook: 'chat' });
  expect(first.failure).toMatchObject({ nonRetryable: false, message: expect.stringContaining('answered HTTP 503') });
  const second = await warn(2, { status: 204, leaseWarningHook: 'chat' });
  expect(second).toMatchObject({ failure: undefined, logged: [] });
});

test('without a hook the log is all', async () => {
  expect(await warn(1, { status: 204 })).toMatchObject({ got: [], failure: undefined });
});
