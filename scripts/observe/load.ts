import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { DEFAULT_TASK_QUEUE } from '../../contracts/names.ts';
import type { Scene } from './scene.ts';

/** A bit of everything that the metrics tell of, for so long. What came of it, by outcome. */
export async function makeLoad({ temporal, simulator }: Scene, forMs: number): Promise<Record<string, number>> {
  const connection = await Connection.connect({ address: temporal });
  const client = new Client({ connection });
  const ends: Record<string, number> = {};
  const running: Promise<void>[] = [];
  let last = 0;
  const start = async (type: string, request: object) => {
    const workflowId = `observed-${(last += 1)}`;
    const handle = await client.workflow.start(type, { workflowId, taskQueue: DEFAULT_TASK_QUEUE, args: [request] });
    const count = (end: string) => void (ends[`${type} ${end}`] = (ends[`${type} ${end}`] ?? 0) + 1);
    running.push(
      handle.result().then(
        () => count('done'),
        () => count('failed'),
      ),
    );
    return handle;
  };
  const clone = (cluster: string, more: object = {}) =>
    start('cloneVolume', { cluster, volumeID: last % 2 === 0 ? 42 : 43, name: `copy-${last}`, ...more });

  const open = [await clone('dead'), await clone('dead'), await clone('locked')];
  simulator.cluster.faults.append([
    { kind: 'cloneStalls', match: { name: 'stalls' }, atPercent: 40, forSeconds: 15 },
    { kind: 'cloneFails', match: { name: 'breaks-*' }, atPercent: 50 },
  ]);
  await start('cloneVolume', { cluster: 'lab', volumeID: 43, name: 'stalls' });
  const giveUp = Date.now() + forMs;
  for (let round = 0; Date.now() < giveUp; round += 1) {
    await Promise.all([clone('lab'), clone('lab'), clone('lab')]);
    if (round % 4 === 0) await start('cloneVolume', { cluster: 'lab', volumeID: 42, name: `breaks-${round}` });
    if (round % 5 === 0) await clone('lab', { lease: '5s' });
    if (round % 6 === 0) await clone('nowhere');
    if (round % 8 === 0) {
      await start('findOrphans', { cluster: 'lab' });
      await start('cloneGroup', {
        cluster: 'lab',
        volumes: [
          { volumeID: 42, name: `a-${round}` },
          { volumeID: 43, name: `b-${round}` },
        ],
      });
      simulator.cluster.faults.append([
        { kind: 'error', method: 'CloneVolume', name: 'xMaxClonesPerVolumeExceeded', count: 1 },
      ]);
      simulator.cluster.faults.append([{ kind: 'http503', method: 'ListVolumes', count: 1 }]);
    }
    await sleep(2_000);
  }
  await Promise.all(open.map((handle) => handle.terminate()));
  await Promise.allSettled(running);
  await connection.close();
  return ends;
}
