import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { makeCertificates } from './certificates.ts';
import { makeCluster, type Cluster } from './cluster.ts';
import { makeControl } from './control.ts';
import type { SimulatorOptions } from './options.ts';
import { makeServer } from './server.ts';

export type { Behaviour, CopyRule } from './behaviour.ts';
export type { CallCounts, CallEntry, CallLog } from './calls.ts';
export type { ClockChange, ClockSource, SimulatorClock } from './clock.ts';
export { makeCluster, type Cluster } from './cluster.ts';
export { ElementError } from './errors.ts';
export type { Fault, FaultKind } from './fault-shapes.ts';
export type { FaultBoard, FaultStatus } from './faults.ts';
export { simulatorFlags, simulatorOptionsFromFlags, type SimulatorFlags } from './flags.ts';
export type { Limits } from './limits.ts';
export type { AdminOptions, SimulatorOptions } from './options.ts';
export type { SeedState, SeedVolume } from './seed-state.ts';
export type { CloneJobView, StateView } from './state-view.ts';

/** A simulated cluster that serves. */
export interface RunningSimulator {
  /** Where the API is, without the path `/json-rpc/<version>`: `https://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** The same as `endpoint`. */
  readonly url: string;
  /** Where the control interface is: `http://127.0.0.1:PORT`. */
  readonly controlUrl: string;
  /** Certificate of the CA to trust. */
  readonly caPem: string;
  /** The cluster itself, for tests in the same process. */
  readonly cluster: Cluster;
  /** Stops at once; open connections are cut. */
  close(): Promise<void>;
}

/** Starts a simulated Element cluster: the API over HTTPS and the control interface over HTTP. */
export const startSimulator = async (options: SimulatorOptions = {}): Promise<RunningSimulator> => {
  const certificates = makeCertificates(options.caDir, options.dnsNames);
  if (options.caOut !== undefined) writeFileSync(options.caOut, certificates.caPem);
  const cluster = makeCluster(options);
  const host = options.host ?? '127.0.0.1';
  const front = makeServer(cluster, certificates, { host, port: options.port ?? 0 });
  const port = await front.listen();
  cluster.faults.onOutage((outage) => front.outage(outage));
  const control = makeControl(cluster, front);
  try {
    await new Promise<void>((resolve, reject) => {
      control.once('error', reject);
      control.listen(options.controlPort ?? 0, '127.0.0.1', resolve);
    });
  } catch (error) {
    await front.close();
    throw error;
  }
  // An address that listens everywhere is nowhere to connect to.
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  const endpoint = `https://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
  return {
    endpoint,
    url: endpoint,
    controlUrl: `http://127.0.0.1:${(control.address() as AddressInfo).port}`,
    caPem: certificates.caPem,
    cluster,
    async close() {
      const controlClosed = new Promise<void>((resolve) => control.close(() => resolve()));
      control.closeAllConnections();
      await Promise.all([front.close(), controlClosed]);
    },
  };
};
