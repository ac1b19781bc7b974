import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const SERVER_VERSION = '1.32.0';
/** What was built for this version, under the names that the images give it. */
export const binDir = join(root, '.cache', `temporal-server-${SERVER_VERSION}`);

/** Another network lets two topologies run side by side. */
const net = process.env['ELEMENT_CLONE_TOPOLOGY_NET'] ?? '127.7.0';

/** A loopback address for each, so that all have the ports that they have in docker-compose.yml. Linux serves all of 127/8. */
export const HOSTS = {
  postgresql: `${net}.1`,
  'temporal-frontend': `${net}.2`,
  'temporal-history': `${net}.3`,
  'temporal-history-2': `${net}.4`,
  'temporal-matching': `${net}.5`,
  'temporal-worker': `${net}.6`,
  simulator: '127.0.0.1',
  'worker-1': `${net}.8`,
  'worker-2': `${net}.9`,
} as const;
export type Host = keyof typeof HOSTS;

export const PORTS = { postgresql: 5432, frontend: 7233, simulator: 28443, control: 28444, ops: 9464 } as const;
export const TEMPORAL_ADDRESS = `${HOSTS['temporal-frontend']}:${PORTS.frontend}`;
