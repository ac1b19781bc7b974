import { expect, onTestFinished, test, vi } from 'vitest';
import { ending, expectNothingLeft, expectOneClone, liveVolumes, ours } from '../support/invariants.ts';
import { ownTemporal } from '../support/own-temporal.ts';
import { startService } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

const DOWN_MS = 60_000;
vi.setConfig({ testTimeout: DOWN_MS + 180_000 });

/** What each clone is at when Temporal goes: by its name. */
const SECONDS = { 'copied-before-it-is-back': 30, 'copied-after-it-is-back': 75, 'asked-for': 1, undone: 600 };
type Name = keyof typeof SECONDS;
const NAMES = Object.keys(SECONDS) as Name[];

test('Temporal is killed and is away for a minute while clones are asked for, copied and undone: each is made once', async () => {
  const server = await ownTemporal();
  const service = await startService({
    address: server.address,
    simulator: {
      behaviour: { copyRules: NAMES.map((name) => ({ name, cloneSeconds: SECONDS[name] })), cancelledClone: 'remains' },
      // These answers come while Temporal is down.
      faults: [
        { kind: 'slowAnswer', method: 'CloneVolume', match: { name: 'asked-for' }, delayMs: 4_000, count: 1 },
        { kind: 'slowAnswer', method: 'DeleteVolume', delayMs: 4_000, count: 1 },
      ],
    },
  });
  onTestFinished(() => service.stop());
  const { cluster } = service.simulator;
  const start = async (name: Name) => service.start({ volumeID: [42, 41, 43, 12][NAMES.indexOf(name)], name });
  const isCopied = (name: Name) =>
    waitFor(`the copy of ${name}`, () => {
      const made = cluster.state().volumes.find((v) => v.name === name);
      return cluster.state().cloneJobs.some((j) => j.dstVolumeID === made?.volumeID && j.status === 'running');
    });
  const undone = await start('undone');
  await isCopied('undone');
  const copied = [await start('copied-before-it-is-back'), await start('copied-after-it-is-back')];
  await isCopied('copied-before-it-is-back');
  await isCopied('copied-after-it-is-back');
  await undone.cancel();
  const asked = await start('asked-for');
  const log = () => cluster.calls.log();
  await waitFor('the call that deletes', () => log().some((c) => c.method === 'DeleteVolume'));
  await waitFor('the call that asks', () => log().some((c) => c.params['name'] === 'asked-for'));
  await server.restart({ signal: 'SIGKILL', downFor: DOWN_MS });

  for (const handle of [...copied, asked]) {
    await waitFor('the end of the clone', async () => (await handle.describe()).status.name !== 'RUNNING', 120_000);
    expect(await ending(handle)).toMatchObject({ ended: 'completed' });
    const [made] = ours(cluster.state(), handle.workflowId).volumes;
    expectOneClone(service.simulator, made!.volumeID, { workflowID: handle.workflowId });
  }
  expect(await ending(undone)).toEqual({ ended: 'cancelled' });
  expectNothingLeft(service.simulator, undone.workflowId);
  for (const name of NAMES) {
    const live = liveVolumes(service.simulator, name);
    expect({ name, live: live.length }).toEqual({ name, live: name === 'undone' ? 0 : 1 });
  }
});
