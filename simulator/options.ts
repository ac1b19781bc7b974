import type { Behaviour } from './behaviour.ts';
import type { ClockSource } from './clock.ts';
import type { Fault } from './fault-shapes.ts';
import type { Limits } from './limits.ts';
import type { SeedState } from './seed-state.ts';

/** A cluster admin beside the first one. */
export interface AdminOptions {
  username: string;
  password: string;
  /** Access types of appendix B: `read`, `volumes`, `write`, `accounts`, `reporting`, `clusterAdmin`, `administrator`… */
  access: string[];
}

/** How a simulated cluster is made. Everything has a default; `{}` is a working cluster on free ports. */
export interface SimulatorOptions {
  /** Port of the API. @default 0, a free one */
  port?: number;
  /** Port of the control interface, plain HTTP on the loopback address. @default 0, a free one */
  controlPort?: number;
  /** Address the API listens on. The control port never leaves the loopback address. @default '127.0.0.1' */
  host?: string;
  /** Decides the seed state, UUIDs and the draws of faults: same seed and same calls, same behaviour. @default 1 */
  seed?: number;
  /** Simulated seconds per real second; 0 freezes the clock. @default 1 */
  speed?: number;
  /** Volumes the cluster has from the start, named ones included. @default those of the seed state */
  volumes?: number;
  /** Username of the first cluster admin. @default 'admin' */
  username?: string;
  /** Its password. @default the environment variable ELEMENT_SIM_PASSWORD, else 'simulator' */
  password?: string;
  /** More cluster admins, with fewer rights. */
  admins?: AdminOptions[];
  /** Write the CA certificate here, PEM. */
  caOut?: string;
  /** Keep the CA here, so that a restart has the same one. Holds its private key. */
  caDir?: string;
  /** Names besides `localhost` under which clients reach the API; its certificate holds them. */
  dnsNames?: string[];
  /** Where real time comes from. @default the system clock */
  clock?: ClockSource;
  /** What the cluster holds from the start, instead of the default. */
  state?: SeedState;
  /** Limits that differ from those of GetLimits' example. */
  limits?: Partial<Limits>;
  /** Copy rates and inferred behaviours that differ from the default. */
  behaviour?: Partial<Behaviour>;
  /** Faults in force from the start. They are gone after a reset. */
  faults?: Fault[];
  /** Nodes of the cluster; each runs as many clone jobs as GetLimits says. @default 4 */
  nodes?: number;
  /** Name of the cluster. @default 'simulated' */
  clusterName?: string;
  /** Newest API version served. @default '12.5' */
  currentVersion?: string;
}

/** Versions of the GetAPI page's example, and those since. */
export const apiVersions: readonly string[] = [
  '1.0 2.0 3.0 4.0 5.0 5.1 6.0 7.0 7.1 7.2 7.3 7.4 8.0 8.1 8.2 8.3 8.4 8.5 8.6 8.7 9.0 9.1 9.2 9.3 9.4 9.5 9.6',
  '10.0 10.1 10.2 10.3 10.4 10.5 10.6 10.7 11.0 11.1 11.3 11.5 11.7 11.8 12.0 12.2 12.3 12.5 12.7 12.8',
].flatMap((line) => line.split(' '));

/** Orders versions by number, part by part: 10.0 comes after 9.6. */
export const compareVersions = (a: string, b: string): number => {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA - majorB || minorA - minorB;
};
