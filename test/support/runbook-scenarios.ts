import { randomUUID } from 'node:crypto';
import type { RunbookStep } from '../../contracts/runbook/types.ts';
import { decide, startRunbook, untilStep } from './runbook.ts';
import type { Scenario } from './scenarios.ts';
import { waitFor } from './wait.ts';

/** They call the hook `app`. */
const http = (id: string): RunbookStep => ({
  id,
  http: { hook: 'app', path: `/${id}` },
  undo: { http: { hook: 'app', path: `/undo-${id}` } },
});
const quick = { behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0 } };
const ok: RunbookStep = { id: 'ok', approval: { from: ['dba'], timeout: '1h', message: 'go?' } };
const inner = {
  name: 'inner',
  inputs: { source: { type: 'volumeID' } },
  steps: [{ id: 'c', clone: { cluster: 'lab', volumeID: '${inputs.source}', name: 'inner' } }],
  outputs: { made: '${steps.c.volumeID}' },
};

/** Runs of runbooks that ended. */
export const runbookScenarios: Record<string, Scenario> = {
  'runbook-approved': {
    simulator: quick,
    run: async (service) => {
      const run = await startRunbook(service, [
        ok,
        { ...http('quiesce'), needs: ['ok'] },
        { id: 'snap', needs: ['quiesce'], snapshot: { volumeID: 42, name: 'moment' } },
        {
          id: 'copies',
          needs: ['snap'],
          forEach: '["a", "b"]',
          clone: { volumeID: 42, snapshotID: '${steps.snap.snapshotID}', name: 'uat-${item}' },
          undo: { delete: { volumeID: '${steps.copies.volumeID}' } },
        },
        { id: 'inner', needs: ['snap'], runbook: { document: inner, inputs: { source: 41 } } },
        { ...http('resume'), needs: ['snap'], always: true },
        { id: 'lease', needs: ['copies'], lease: { volumeID: '${steps.copies.items[0].volumeID}', for: '72h' } },
        { id: 'never', needs: ['resume'], when: 'steps.ok.who == "nobody"', wait: { for: '1h' } },
        { id: 'silent', approval: { from: ['dba'], timeout: '1s', onTimeout: 'skip' } },
        { id: 'pause', needs: ['silent'], wait: { for: '1s' } },
        { id: 'seen', needs: ['lease'], wait: { volume: { volumeID: 42 }, until: 'volume.status == "active"' } },
        { id: 'tidy', needs: ['copies'], delete: { snapshotID: '${steps.snap.snapshotID}' } },
      ]);
      await untilStep(run, 'ok', 'waiting');
      await decide(run, { step: 'ok', decision: 'approve', who: 'dba', comment: 'window agreed' });
      return run;
    },
  },
  'runbook-failed-and-undone': {
    simulator: quick,
    run: (service) =>
      startRunbook(service, [
        http('quiesce'),
        {
          id: 'copy',
          needs: ['quiesce'],
          clone: { volumeID: 42, name: 'uat' },
          undo: { delete: { volumeID: '${steps.copy.volumeID}' } },
        },
        { id: 'open', needs: ['copy'], grant: { volumeID: '${steps.copy.volumeID}', volumeAccessGroups: [4] } },
        { id: 'allowed', needs: ['quiesce'], allowFailure: true, snapshot: { volumeID: 999 } },
        {
          id: 'bad',
          needs: ['open', 'allowed'],
          retry: { attempts: 2, delay: '1s' },
          modify: { volumeID: 999, access: 'locked' },
        },
        { ...http('resume'), needs: ['bad'], always: true },
      ]),
  },
  'runbook-rejected': {
    simulator: quick,
    run: async (service) => {
      const run = await startRunbook(service, [http('before'), { ...ok, needs: ['before'] }]);
      await untilStep(run, 'ok', 'waiting');
      await decide(run, { step: 'ok', decision: 'reject', who: 'dba' });
      return run;
    },
  },
  'runbook-cancelled': {
    simulator: { behaviour: { cloneSeconds: 600 } },
    run: async (service) => {
      const run = await startRunbook(service, [
        http('quiesce'),
        { id: 'copy', needs: ['quiesce'], clone: { volumeID: 42, name: 'uat' } },
        { id: 'ask', needs: ['quiesce'], approval: { from: ['dba'] } },
        { ...http('resume'), needs: ['copy'], always: true },
      ]);
      await waitFor('the copy to run', () => service.simulator.cluster.state().slots.running > 0);
      await run.cancel();
      return run;
    },
  },
  'runbook-gave-a-workflow-up': {
    simulator: {},
    run: async (service) => {
      const theirs = { type: 'theirs', taskQueue: `nobody-${randomUUID()}` };
      const run = await startRunbook(service, [http('before'), { id: 'it', needs: ['before'], workflow: theirs }]);
      await untilStep(run, 'it', 'running');
      await waitFor('its start', async () => (await run.describe()).raw.pendingChildren?.length === 1);
      await run.cancel();
      return run;
    },
  },
  'runbook-refused': {
    simulator: {},
    run: (service) => startRunbook(service, [{ id: 'it', http: { hook: 'nobodys', path: '/' } }]),
  },
  'runbook-joined': {
    simulator: {},
    run: async (service) => {
      const requestId = `recorded-${randomUUID()}`;
      const steps: RunbookStep[] = [{ id: 'pause', wait: { for: '3s' } }];
      await startRunbook(service, steps, { requestId });
      return startRunbook(service, steps, { requestId, workflowId: `joins-${requestId}` });
    },
  },
};

/** Runs of runbooks that a worker of the next version finds. */
export const unfinishedRunbooks: Record<string, Scenario> = {
  'runbook-in-parallel': {
    simulator: { behaviour: { cloneSeconds: 600 } },
    run: async (service) => {
      const run = await startRunbook(service, [
        ok,
        { id: 'copy', clone: { volumeID: 42, name: 'uat' } },
        { id: 'inner', runbook: { document: inner, inputs: { source: 41 } } },
        { id: 'theirs', workflow: { type: 'cloneVolume', input: { cluster: 'lab', volumeID: 43, name: 'theirs' } } },
        { id: 'hour', wait: { for: '1h' } },
        { ...http('resume'), needs: ['ok', 'copy'], always: true },
      ]);
      await untilStep(run, 'ok', 'waiting');
      await waitFor('the copies to run', () => service.simulator.cluster.state().slots.running === 3);
      return run;
    },
  },
  'runbook-undoing': {
    simulator: { ...quick, faults: [{ kind: 'slowAnswer', method: 'DeleteVolume', delayMs: 20_000 }] },
    run: async (service) => {
      const run = await startRunbook(service, [
        http('quiesce'),
        {
          id: 'copy',
          needs: ['quiesce'],
          clone: { volumeID: 42, name: 'uat' },
          undo: { delete: { volumeID: '${steps.copy.volumeID}' } },
        },
        { id: 'bad', needs: ['copy'], modify: { volumeID: 999, access: 'locked' } },
      ]);
      await waitFor('the undo', () => service.simulator.cluster.calls.counts().byMethod['DeleteVolume']);
      return run;
    },
  },
};
