import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import type { ActivityDeps } from '../../activities/index.ts';
import { createCheckRunbookActivities } from '../../activities/runbook/check.ts';

const deps = { clusterAliases: () => ['lab'], hooks: { names: () => ['app'] } } as unknown as ActivityDeps;
const { checkRunbook } = createCheckRunbookActivities(deps);
const check = (steps: object[]) =>
  new MockActivityEnvironment().run(checkRunbook, {
    request: { runbook: { name: 't', cluster: 'lab', steps } } as never,
  });

test('clusters and hooks that the worker does not know are named wherever they stand, before anything is done', async () => {
  const inner = { name: 'i', cluster: 'gone', steps: [{ id: 'h', http: { hook: 'lost' } }] };
  const clone = { volumeID: 1, name: 'x', cluster: 'nowhere' };
  const steps = [
    { id: 'a', clone, undo: { http: { hook: 'missing' } } },
    {
      id: 'b',
      refresh: { series: 's', keep: 1, clone: { cluster: 'faraway', volumeID: 1 }, hooks: { after: 'none' } },
    },
    { id: 'c', wait: { volume: { cluster: 'away', volumeID: 1 }, until: 'true' } },
    { id: 'd', runbook: { document: inner } },
    { id: 'e', http: { hook: 'app' } },
  ];
  const err = await check(steps).catch((e: unknown) => e as Error);
  const places = [...(err as Error).message.matchAll(/runbook\.(\S+): this worker knows no (\w+) "(\w+)"/g)].map((m) =>
    m.slice(1),
  );
  expect(places).toEqual([
    ['steps.0.clone.cluster', 'cluster', 'nowhere'],
    ['steps.0.undo.http.hook', 'hook', 'missing'],
    ['steps.1.refresh.clone.cluster', 'cluster', 'faraway'],
    ['steps.1.refresh.hooks.after', 'hook', 'none'],
    ['steps.2.wait.volume.cluster', 'cluster', 'away'],
    ['steps.3.runbook.document.cluster', 'cluster', 'gone'],
    ['steps.3.runbook.document.steps.0.http.hook', 'hook', 'lost'],
  ]);
  await expect(check([{ id: 'e', http: { hook: 'app' } }])).resolves.toEqual({ inputs: {} });
});
