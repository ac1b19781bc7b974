import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHookServer, type HookServer } from '../support/hook-server.ts';
import { ending, ours } from '../support/invariants.ts';
import { quick } from '../support/refresh.ts';
import { decide, standing, startRunbook, stepsOf, untilStep } from '../support/runbook.ts';
import { startFleet, type Fleet, type Service } from '../support/service.ts';

let server: HookServer;
let fleet: Fleet;
beforeAll(async () => {
  server = await startHookServer(['app']);
  fleet = await startFleet({ hooks: server.hooks });
});
afterAll(async () => {
  await fleet?.stop();
  await server?.close();
});

/** On a cluster of its own. */
const onCluster = async (body: (service: Service) => Promise<void>) => {
  const service = await fleet.add({ simulator: quick });
  try {
    await body(service);
  } finally {
    await service.stop();
  }
};

describe.concurrent('a runbook', () => {
  test('waits for an approval, calls hooks around a clone, and hands outputs on', () =>
    onCluster(async (service) => {
      const run = await startRunbook(
        service,
        [
          { id: 'ok', approval: { from: ['dba', 'storage'], timeout: '1h' } },
          { id: 'quiesce', needs: ['ok'], http: { hook: 'app', path: '/quiesce/a' } },
          { id: 'copy', needs: ['quiesce'], clone: { volumeID: '${inputs.source}', name: 'uat-next' } },
          { id: 'resume', needs: ['copy'], always: true, http: { hook: 'app', path: '/resume/${steps.copy.volumeID}' } },
        ],
        { inputs: { source: { type: 'volumeID' } }, outputs: { clone: '${steps.copy.volumeID}', by: '${steps.ok.who}' } },
        { source: 42 },
      );
      await untilStep(run, 'ok', 'waiting');
      expect(standing(await stepsOf(run))).toMatchObject({ quiesce: 'pending' });
      await decide(run, { step: 'ok', decision: 'approve', who: 'dba', comment: 'go' });
      const { outputs, steps } = await run.result();
      expect(standing(steps)).toEqual({ ok: 'succeeded', quiesce: 'succeeded', copy: 'succeeded', resume: 'succeeded' });
      const [clone] = ours(service.simulator.cluster.state()).volumes;
      expect(clone!['name']).toBe('uat-next');
      expect(outputs).toEqual({ clone: clone!.volumeID, by: 'dba' });
      expect(server.seen.map((s) => s.hook)).toEqual(['app/quiesce/a', `app/resume/${clone!.volumeID}`]);
      expect(await ending(run)).toMatchObject({ ended: 'completed' });
    }));
});
