import { expect, onTestFinished, test } from 'vitest';
import { CloneClient } from '../../client/index.ts';
import { ownTemporal } from '../support/own-temporal.ts';
import { startService } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

test('times at which Temporal was down run late within the catch-up window, and are told as missed beyond it', async () => {
  const server = await ownTemporal();
  // Nobody works: it is about what begins.
  const service = await startService({ address: server.address, worker: false });
  onTestFinished(() => service.stop());
  const { schedules } = new CloneClient(service.client, { taskQueue: service.taskQueue });
  const request = {};
  const common = { type: 'findOrphans', request, every: '5s', overlap: 'allowAll' } as const;
  await schedules.create({ id: 'patient', ...common });
  await schedules.create({ id: 'impatient', ...common, catchUp: '10s' });
  await waitFor('a run of each', async () => {
    const views = await Promise.all(['patient', 'impatient'].map((id) => schedules.describe(id)));
    return views.every((v) => v.counts.taken > 0);
  });
  const downAt = Date.now();
  await server.restart({ signal: 'SIGKILL', downFor: 20_000 });
  const upAt = Date.now();

  const impatient = await waitFor('a missed time', async () => {
    const view = await schedules.describe('impatient');
    return view.last.some((r) => r.state === 'missed') && view;
  });
  expect(impatient.counts.missed).toBeGreaterThan(0);
  const missed = impatient.last.filter((r) => r.state === 'missed');
  for (const { scheduledAt, firstAt = scheduledAt, message } of missed) {
    expect(Date.parse(firstAt)).toBeGreaterThan(downAt - 5_000);
    expect(Date.parse(scheduledAt)).toBeLessThan(upAt - 9_000);
    expect(message).toContain('catch-up window of 10s');
  }
  const patient = await waitFor('the late runs', async () => {
    const view = await schedules.describe('patient');
    return view.counts.taken >= impatient.counts.taken + impatient.counts.missed && view;
  });
  expect(patient.counts.missed).toBe(0);
  expect(patient.last.every((r) => r.state === 'running')).toBe(true);
});
