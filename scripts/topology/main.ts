// npm run topology -- up|down|status: the topology of docker-compose.yml, by hand.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HOSTS, PORTS, root, TEMPORAL_ADDRESS } from './places.ts';
import { isAlive, memoryOf } from './processes.ts';
import { down, restart, up, type Topology } from './topology.ts';

const stateFile = join(root, '.cache', 'topology.json');
const USAGE = `Usage: npm run topology -- COMMAND

  up [--server-only]          starts PostgreSQL, Temporal by roles, a simulated cluster and two workers
  status                      what runs, where, with how much memory
  restart NAME [SIGNAL]       ends one process by the signal (SIGTERM) and starts it again
  down [--keep]               stops everything and removes it; --keep leaves data and logs`;

const load = async (): Promise<Topology | undefined> => {
  try {
    return JSON.parse(await readFile(stateFile, 'utf8')) as Topology;
  } catch {
    return undefined;
  }
};

const save = async (topology: Topology): Promise<void> => {
  await mkdir(dirname(stateFile), { recursive: true });
  await writeFile(stateFile, JSON.stringify(topology, null, 2), { mode: 0o600 });
};

async function main([command, ...rest]: string[]): Promise<number> {
  const topology = await load();
  switch (command ?? '') {
    case 'up': {
      if (topology?.processes.some(isAlive)) {
        console.error('It runs already; stop it first: npm run topology -- down');
        return 1;
      }
      const note = (line: string) => console.error(line);
      await save(await up({ serverOnly: rest.includes('--server-only'), note }));
      console.log(`export TEMPORAL_ADDRESS=${TEMPORAL_ADDRESS}`);
      return 0;
    }
    case 'down':
      if (topology !== undefined) await down(topology, { keep: rest.includes('--keep') });
      await rm(stateFile, { force: true });
      return 0;
    case 'status': {
      if (topology === undefined) {
        console.log('Nothing runs. Start it: npm run topology -- up');
        return 1;
      }
      for (const p of topology.processes) {
        const state = isAlive(p) ? `pid ${p.pid}, ${memoryOf(p)} MB` : 'ENDED';
        console.log(`${p.name.padEnd(20)} ${HOSTS[p.name as keyof typeof HOSTS].padEnd(12)} ${state}`);
      }
      console.log(
        `Temporal ${TEMPORAL_ADDRESS}; simulator's control port 127.0.0.1:${PORTS.control}; logs ${topology.dir}`,
      );
      return topology.processes.every(isAlive) ? 0 : 1;
    }
    case 'restart': {
      const [name, signal = 'SIGTERM'] = rest;
      if (topology === undefined || name === undefined) break;
      await restart(topology, name, signal as NodeJS.Signals);
      await save(topology);
      return 0;
    }
    default:
  }
  console.error(USAGE);
  return command === '--help' ? 0 : 2;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (err) {
  console.error(err instanceof Error ? err.message : err);
  process.exitCode = 1;
}
