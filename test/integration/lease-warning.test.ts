import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../../scripts/free-ports.ts';
import { startHookServer, type HookServer } from '../support/hook-server.ts';
import { leaseOf } from '../support/lease.ts';
import { startFleet, type Fleet, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

/** In the header with which hooks are called. */
const SECRET = 'secret-of-the-hook';
/** Warned of four seconds before its end. */
const LEASE = '16s';
/** An error page that repeats what it was sent. */
const ECHO = { status: 503, body: `down, though you sent authorization: Bearer ${SECRET}` };

const logged: string[] = [];
let hooks: HookServer;
let fleet: Fleet;
let metrics: string;

beforeAll(async () => {
  hooks = await startHookServer(['chat', 'deaf']);
  metrics = `127.0.0.1:${(await freePorts(1))[0]}`;
  fleet = await startFleet({
    hooks: hooks.hooks,
    logger: new DefaultLogger('DEBUG', (entry) => logged.push(JSON.stringify([entry.message, entry.meta]))),
    telemetry: { metrics: { prometheus: { bindAddress: metrics, countersTotalSuffix: true } } },
  });
});
afterAll(async () => {
  await fleet?.stop();
  await hooks?.close();
});

async function withHook(leaseWarningHook: string, body: (service: Service) => Promise<void>): Promise<void> {
  const service = await fleet.add({
    leaseWarningHook,
    simulator: { behaviour: { cloneSeconds: 0.2, youngVolumeSeconds: 0 } },
  });
  try {
    await body(service);
  } finally {
    await service.stop();
  }
}

async function currentDetails({ workflowId }: WorkflowHandle, service: Service): Promise<string> {
  const { queryResult } = await service.client.workflowService.queryWorkflow({
    namespace: 'default',
    execution: { workflowId },
    query: { queryType: '__temporal_workflow_metadata' },
  });
  const text = Buffer.from(queryResult!.payloads![0]!.data!).toString();
  return (JSON.parse(text) as { currentDetails: string }).currentDetails.replaceAll(/\\(.)/g, '$1');
}

/** The history as text, payloads decoded. */
async function historyOf(handle: WorkflowHandle): Promise<string> {
  const text = historyToJSON(await handle.fetchHistory());
  const payloads = [...text.matchAll(/"data": ?"([A-Za-z0-9+/=]+)"/g)].map((m) =>
    Buffer.from(m[1]!, 'base64').toString(),
  );
  return [text, ...payloads].join('\n');
}

const metricsText = async () => (await fetch(`http://${metrics}/metrics`)).text();
const toldTo = (hook: string) => hooks.seen.filter((s) => s.hook === hook);

describe.concurrent('before a lease ends', () => {
  test('a log line, a metric, the current details and the hook say so, and nobody learns its secret', () =>
    withHook('chat', async (service) => {
      hooks.answer('chat', ECHO);
      const clone = await service.clone({ volumeID: 42, name: 'warned', lease: LEASE, requestedBy: 'ann' });
      const lease = leaseOf(service, clone);
      expect(await currentDetails(lease.handle, service)).not.toMatch(/ends soon/);
      await waitFor('the hook to be told, twice', () => toldTo('chat').length === 2);

      const { workflowID, endsAt } = clone.lease!;
      const { alias: cluster } = service;
      for (const { headers, body } of toldTo('chat')) {
        expect(headers).toMatchObject({
          authorization: `Bearer ${SECRET}`,
          'idempotency-key': `${workflowID} ${endsAt}`,
        });
        expect(body).toEqual({
          event: 'leaseEndsSoon',
          leaseID: workflowID,
          ...{ cluster, volumeID: clone.volumeID, name: 'warned', sourceVolumeID: 42, requestedBy: 'ann', endsAt },
          cloneWorkflowID: expect.stringMatching(/^test-clone-/),
          text: `The lease of volume ${clone.volumeID} "warned" of cluster ${cluster}, cloned for ann, ends at ${endsAt}, and the volume is deleted. To keep it: element-clone lease extend ${workflowID} --by 24h`,
        });
      }
      expect(await lease.view()).toMatchObject({ state: 'running', endsSoon: true });
      expect(await currentDetails(lease.handle, service)).toMatch(/⚠ The lease ends soon: on \S+ \S+ UTC volume \d+/);
      expect(logged.filter((l) => l.includes('A lease ends soon') && l.includes(workflowID))).toHaveLength(1);
      const counted = new RegExp(`^element_clone_lease_warnings_total\\{.*cluster="${cluster}".*\\} 1$`, 'm');
      expect(await metricsText()).toMatch(counted);

      // Extended, it does not end soon any more.
      expect(await lease.extend({ by: '1h' })).not.toHaveProperty('endsSoon');
      expect(await currentDetails(lease.handle, service)).not.toMatch(/ends soon/);
      await lease.release();
      await lease.result();
      for (const text of [await historyOf(lease.handle), await metricsText(), ...logged]) {
        expect(text).not.toContain(SECRET);
      }
    }));

  test('a hook that does not take the news is called again until the lease is extended', () =>
    withHook('deaf', async (service) => {
      hooks.answer('deaf', ...Array.from({ length: 20 }, () => ECHO));
      const clone = await service.clone({ volumeID: 42, name: 'deaf', lease: LEASE });
      const lease = leaseOf(service, clone);
      const pending = async () =>
        (await lease.handle.describe()).raw.pendingActivities?.find((a) => a.activityType?.name === 'warnOfLeaseEnd');
      const failure = await waitFor('the failure', async () => (await pending())?.lastFailure);
      expect(failure).toMatchObject({
        message: 'hook "deaf" answered HTTP 503: down, though you sent authorization: •••',
        stackTrace: '',
      });
      await lease.extend({ by: '1h' });
      await waitFor('nobody to be told what is no longer true', async () => (await pending()) === undefined);
      expect(await lease.view()).toMatchObject({ state: 'running', extensions: 1 });
      await lease.release();
      expect(await lease.result()).toMatchObject({ outcome: 'released' });
      for (const text of [await historyOf(lease.handle), ...logged]) expect(text).not.toContain(SECRET);
    }));
});
