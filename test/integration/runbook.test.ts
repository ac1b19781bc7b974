import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunbookFailureDetails } from '../../contracts/failure.ts';
import { leaseWorkflowID } from '../../contracts/lease.ts';
import type { RunbookStep, StepState } from '../../contracts/runbook/types.ts';
import type { SimulatorOptions } from '../../simulator/index.ts';
import { startHookServer, type HookServer } from '../support/hook-server.ts';
import { ending, ours } from '../support/invariants.ts';
import { finishedClone } from '../support/lease.ts';
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
const onCluster = async (body: (service: Service) => Promise<void>, state: SimulatorOptions['state'] = {}) => {
  const service = await fleet.add({ simulator: { ...quick, state } });
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
          {
            id: 'resume',
            needs: ['copy'],
            always: true,
            http: { hook: 'app', path: '/resume/${steps.copy.volumeID}' },
          },
        ],
        {
          inputs: { source: { type: 'volumeID' } },
          outputs: { clone: '${steps.copy.volumeID}', by: '${steps.ok.who}' },
        },
        { source: 42 },
      );
      await untilStep(run, 'ok', 'waiting');
      expect(standing(await stepsOf(run))).toMatchObject({ quiesce: 'pending' });
      await decide(run, { step: 'ok', decision: 'approve', who: 'dba', comment: 'go' });
      const { outputs, steps } = await run.result();
      expect(standing(steps)).toEqual({
        ok: 'succeeded',
        quiesce: 'succeeded',
        copy: 'succeeded',
        resume: 'succeeded',
      });
      const [clone] = ours(service.simulator.cluster.state()).volumes;
      expect(clone!['name']).toBe('uat-next');
      expect(outputs).toEqual({ clone: clone!.volumeID, by: 'dba' });
      const asked = server.seen
        .map((s) => s.hook)
        .filter((h) => h.startsWith('app/quiesce') || h.startsWith('app/resume'));
      expect(asked).toEqual(['app/quiesce/a', `app/resume/${clone!.volumeID}`]);
      expect(await ending(run)).toMatchObject({ ended: 'completed' });
    }));

  test('takes a snapshot, clones it for each item, changes the clones, and deletes what is ours', () =>
    onCluster(async (service) => {
      const run = await startRunbook(
        service,
        [
          { id: 'snap', snapshot: { volumeID: 42, name: 'moment' } },
          {
            id: 'copies',
            needs: ['snap'],
            forEach: 'inputs.names',
            parallel: 2,
            clone: { volumeID: 42, snapshotID: '${steps.snap.snapshotID}', name: 'c-${item}-${index}' },
          },
          {
            id: 'faster',
            needs: ['copies'],
            forEach: 'steps.copies.items',
            modify: { volumeID: '${item.volumeID}', access: 'readOnly', attributes: { stage: 'uat' } },
          },
          {
            id: 'open',
            needs: ['faster'],
            grant: { volumeID: '${steps.copies.items[0].volumeID}', volumeAccessGroups: ['uat-hosts', 4] },
          },
          {
            id: 'shut',
            needs: ['open'],
            revoke: { volumeID: '${steps.copies.items[0].volumeID}', volumeAccessGroups: [4] },
          },
          {
            id: 'seen',
            needs: ['shut'],
            wait: { volume: { volumeID: '${steps.copies.items[0].volumeID}' }, until: 'volume.access == "readOnly"' },
          },
          { id: 'lease', needs: ['seen'], lease: { volumeID: '${steps.copies.items[1].volumeID}', for: '72h' } },
          { id: 'longer', needs: ['lease'], lease: { volumeID: '${steps.copies.items[1].volumeID}', extend: '24h' } },
          { id: 'free', needs: ['longer'], lease: { volumeID: '${steps.copies.items[1].volumeID}', release: true } },
          { id: 'gone', needs: ['seen'], delete: { volumeID: '${steps.copies.items[0].volumeID}' } },
          { id: 'goneToo', needs: ['gone'], delete: { volumeID: '${steps.copies.items[0].volumeID}' } },
          { id: 'tidy', needs: ['copies'], delete: { snapshotID: '${steps.snap.snapshotID}' } },
          { id: 'pause', needs: ['tidy'], wait: { for: '1s' } },
          { id: 'until', needs: ['tidy'], wait: { until: '2026-01-01T00:00:00Z' } },
        ],
        {
          inputs: { names: { type: 'list' } },
          outputs: { until: '${steps.free.endsAt}', from: '${steps.lease.endsAt}' },
        },
        { names: ['a', 'b', 'c'] },
      );
      const { steps, outputs } = await run.result();
      expect(new Set(steps.map((s) => s.outcome))).toEqual(new Set(['succeeded']));
      const left = ours(service.simulator.cluster.state());
      expect(left.volumes.map((v) => v['name'])).toEqual(['c-b-1', 'c-c-2']);
      expect(left.volumes.map((v) => v['access'])).toEqual(['readOnly', 'readOnly']);
      expect(left.volumes.every((v) => (v['attributes'] as { stage?: string }).stage === 'uat')).toBe(true);
      expect({ snapshots: left.snapshots, memberships: left.memberships }).toEqual({ snapshots: [], memberships: [] });
      expect(Date.parse(outputs['until'] as string) - Date.parse(outputs['from'] as string)).toBe(24 * 3_600_000);
      expect(service.simulator.cluster.calls.counts().byMethod['PurgeDeletedVolume']).toBeUndefined();
      expect(service.simulator.cluster.calls.counts().byMethod['CreateSnapshot']).toBe(1);
    }));

  test.each([
    ['delete', { delete: { volumeID: 60 } }, /carries no ownership tag of this service, so it is never deleted/],
    ['delete of what is used', { delete: { volumeID: 60, force: true } }, /never deleted/],
    ['modify', { modify: { volumeID: 60, access: 'locked' } }, /not made by this service.*force: true/],
    ['grant', { grant: { volumeID: 60, volumeAccessGroups: [1] } }, /not made by this service/],
    ['revoke', { revoke: { volumeID: 60, volumeAccessGroups: [3] } }, /not made by this service/],
    ['lease', { lease: { volumeID: 60, for: '1h' } }, /not made by this service/],
    ['a volume that is not there', { snapshot: { volumeID: 999 } }, /has no volume 999/],
    ['a value of the wrong type', { modify: { volumeID: '${inputs.any.id}', access: 'locked' } }, /volumeID: must be/],
    ['a path that climbs', { http: { hook: 'app', path: '/x/${inputs.up}/admin' } }, /must be a path below/],
  ] as const)('leaves what is not ours alone: %s', (_what, action, why) =>
    onCluster(async (service) => {
      const inputs = {
        any: { type: 'object', default: { id: 'x' } },
        up: { type: 'string', default: '%2e%2e' },
      } as const;
      const run = await startRunbook(service, [{ id: 'it', ...action } as never], { inputs });
      const end = await ending(run);
      expect(end).toMatchObject({ ended: 'failed', type: 'RunbookFailed', details: { step: 'it' } });
      expect((end as { message: string }).message).toMatch(why);
      const { volumes, accessGroups } = service.simulator.cluster.state();
      expect({ volumes, accessGroups }).toEqual({
        volumes: service.before.volumes,
        accessGroups: service.before.accessGroups,
      });
    }),
  );

  test('changes what is not ours when it is told to', () =>
    onCluster(async (service) => {
      const run = await startRunbook(service, [
        { id: 'it', modify: { volumeID: 60, access: 'readOnly', force: true } },
      ]);
      await run.result();
      expect(service.simulator.cluster.state().volumes.find((v) => v.volumeID === 60)!['access']).toBe('readOnly');
    }));

  test('runs groups, fan-outs, copies, refreshes, nested runbooks and workflows of others', () =>
    onCluster(async (service) => {
      const run = await startRunbook(service, [
        { id: 'group', group: { volumes: [{ volumeID: 41 }, { volumeID: 43 }] } },
        { id: 'fan', fanOut: { volumeID: 42, clones: [{ name: 'f-1' }, { name: 'f-2' }] } },
        {
          id: 'copy',
          needs: ['fan'],
          copy: { volumeID: 42, dstVolumeID: '${steps.fan.succeeded[0].volumeID}', force: true },
        },
        { id: 'refresh', refresh: { series: 'uat-db', keep: 1, clone: { volumeID: 41 } } },
        {
          id: 'nested',
          runbook: {
            document: {
              name: 'inner',
              cluster: service.alias,
              inputs: { v: { type: 'volumeID' } },
              steps: [{ id: 'c', clone: { volumeID: '${inputs.v}', name: 'inner' } }],
              outputs: { made: '${steps.c.volumeID}' },
            },
            inputs: { v: 42 },
          },
        },
        {
          id: 'theirs',
          workflow: { type: 'cloneVolume', input: { cluster: service.alias, volumeID: 42, name: 'theirs' } },
        },
      ]);
      const { steps } = await run.result();
      expect(new Set(steps.map((s) => s.outcome))).toEqual(new Set(['succeeded']));
      const names = ours(service.simulator.cluster.state()).volumes.map((v) => v['name']);
      expect(names.toSorted()).toEqual(
        expect.arrayContaining(['db-prod-log-clone', 'db-prod-temp-clone', 'f-1', 'f-2', 'inner', 'theirs']),
      );
    }));

  test('says why a lease cannot be extended or released, and what to do', () =>
    onCluster(
      async (service) => {
        const lease = (id: string, volumeID: number, how: object): RunbookStep => ({
          id,
          allowFailure: true,
          lease: { volumeID, ...how },
        });
        const [extend, release] = [{ extend: '24h' }, { release: true }];
        const chain = (...steps: RunbookStep[]) =>
          steps.map((step, i) => (i === 0 ? step : { ...step, needs: [steps[i - 1]!.id] }));
        const first = await startRunbook(service, [
          lease('extendNone', 201, extend),
          lease('releaseNone', 201, release),
          ...chain(
            lease('begun', 202, { for: '72h' }),
            lease('released', 202, release),
            lease('twice', 202, release),
            lease('extendReleased', 202, extend),
            lease('anew', 202, { for: '48h' }),
          ),
          lease('short', 203, { for: '1s' }),
          lease('stopped', 204, { for: '72h' }),
        ]);
        const { steps } = await first.result();
        const note = (of: readonly StepState[], id: string) => of.find((s) => s.id === id)!.note;
        const where = `of cluster ${service.alias} cannot be`;
        expect(note(steps, 'extendNone')).toBe(
          `the lease of volume 201 ${where} extended: it has none, or one that ended longer ago than the namespace keeps histories. While the volume is there, a step with for: 24h puts another lease on it`,
        );
        expect(note(steps, 'releaseNone')).toBe(
          `the lease of volume 201 ${where} released: it has none, or one that ended longer ago than the namespace keeps histories. No lease will delete the volume; leave the step out, or give it a when`,
        );
        expect(note(steps, 'extendReleased')).toContain(
          `volume 202 ${where} extended: it has ended (The lease was released: volume 202 stays for good.). While`,
        );
        expect(standing(steps)).toMatchObject({ released: 'succeeded', twice: 'succeeded', anew: 'succeeded' });

        const idOf = (volumeID: number) => leaseWorkflowID(service.alias, volumeID, service.taskQueue);
        await service.client.workflow.getHandle(idOf(204)).cancel();
        await service.client.workflow.getHandle(idOf(203)).result();
        await ending(service.client.workflow.getHandle(idOf(204)));
        const second = await startRunbook(service, [
          lease('extendDeleted', 203, extend),
          lease('releaseDeleted', 203, release),
          lease('extendCancelled', 204, extend),
          { ...lease('undone', 201, { for: '1h' }), undo: { lease: { volumeID: 201, release: true } } },
          // It never had one: what undoes a step asks for no more than that there is none.
          { id: 'none', wait: { for: '1s' }, undo: { lease: { volumeID: 205, release: true } } },
          { id: 'end', needs: ['undone', 'none'], snapshot: { volumeID: 999 } },
        ]);
        const end = (await ending(second)) as { message: string; details: RunbookFailureDetails };
        const deleted = /: it has ended \(Volume 203 was deleted\. Until the cluster purges it, .*\)\. /;
        expect(note(end.details.steps, 'extendDeleted')).toMatch(deleted);
        expect(note(end.details.steps, 'releaseDeleted')).toMatch(deleted);
        expect(note(end.details.steps, 'extendCancelled')).toContain('it was cancelled, and the volume stays. While');
        expect(standing(end.details.steps)).toMatchObject({
          undone: 'succeeded, undo succeeded',
          none: 'succeeded, undo succeeded',
        });
      },
      { volumes: [201, 202, 203, 204, 205].map(finishedClone) },
    ));

  test('skips, retries under the same key, times out, and goes on after failures that are allowed', () =>
    onCluster(async (service) => {
      server.answer('app/flaky', { status: 422 }, { status: 500 });
      server.answer('app/json', { status: 200, body: '{"rows": {"count": 7}}' });
      server.answer('app/bad', { status: 422, body: 'no' });
      const run = await startRunbook(
        service,
        [
          { id: 'flaky', http: { hook: 'app', path: '/flaky' }, retry: { attempts: 3, delay: '1s' } },
          { id: 'never', when: 'inputs.no', http: { hook: 'app', path: '/never' } },
          { id: 'after', needs: ['never'], http: { hook: 'app', path: '/json', outputs: { rows: 'rows.count' } } },
          { id: 'bad', allowFailure: true, http: { hook: 'app', path: '/bad' } },
          { id: 'slow', allowFailure: true, timeout: '1s', wait: { for: '1h' } },
          { id: 'told', needs: ['bad', 'slow'], when: '${steps.bad.outcome == "failed"}', wait: { for: '1s' } },
          {
            id: 'query',
            http: { hook: 'app', path: 'q', method: 'GET', query: { a: 'b c', n: 3 } },
          },
        ],
        { inputs: { no: { type: 'boolean', default: false } }, outputs: { rows: '${steps.after.rows}' } },
      );
      const { steps, outputs } = await run.result();
      expect(standing(steps)).toEqual({
        ...{
          flaky: 'succeeded',
          never: 'skipped',
          after: 'succeeded',
          bad: 'failed',
          slow: 'failed',
          told: 'succeeded',
        },
        query: 'succeeded',
      });
      expect(outputs).toEqual({ rows: 7 });
      const flaky = server.seen.filter((s) => s.hook === 'app/flaky');
      expect(flaky).toHaveLength(3);
      expect(new Set(flaky.map((s) => s.headers['idempotency-key'])).size).toBe(1);
      expect(server.seen.find((s) => s.hook.startsWith('app/q?'))).toMatchObject({
        method: 'GET',
        hook: 'app/q?a=b+c&n=3',
      });
      expect(steps.find((s) => s.id === 'slow')!.note).toContain('had not ended after 1s');
    }));
});
