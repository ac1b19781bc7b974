// The server of scripts/topology under chaos: its roles and its database are blown at one by one.
import { rm } from 'node:fs/promises';
import { TEMPORAL_ADDRESS } from '../../scripts/topology/places.ts';
import { down, restart, supervise, up, type Topology } from '../../scripts/topology/topology.ts';
import type { ChaosServer } from './stage.ts';

/** What is hit, one after the other: PostgreSQL ends fast by SIGINT and immediately, as in a crash, by SIGQUIT. */
const BLOWS: readonly { name: string; signal: NodeJS.Signals }[] = [
  { name: 'temporal-history', signal: 'SIGKILL' },
  { name: 'temporal-frontend', signal: 'SIGKILL' },
  { name: 'postgresql', signal: 'SIGINT' },
  { name: 'temporal-matching', signal: 'SIGKILL' },
  { name: 'temporal-history-2', signal: 'SIGKILL' },
  { name: 'postgresql', signal: 'SIGQUIT' },
  { name: 'temporal-worker', signal: 'SIGKILL' },
];

export async function startTopologyServer(note: (line: string) => void): Promise<ChaosServer> {
  const topology: Topology = await up({ serverOnly: true, note });
  let blows = 0;
  let busy: Promise<void> = Promise.resolve();
  return {
    address: TEMPORAL_ADDRESS,
    restart({ downFor = 0 } = {}) {
      const { name, signal } = BLOWS[blows++ % BLOWS.length]!;
      busy = busy.then(async () => {
        const began = Date.now();
        await restart(topology, name, signal, downFor);
        for (const other of await supervise(topology)) note(`${other} had ended by itself and was started again`);
        note(`${name} was ended by ${signal} and answers again after ${((Date.now() - began) / 1_000).toFixed(1)} s`);
      });
      return busy;
    },
    async stop() {
      await busy.catch(() => {});
      await down(topology, { keep: true });
      await rm(topology.dir, { recursive: true, force: true });
    },
  };
}
