import type { SimulatorOptions } from './options.ts';

/** Flags of `element-clone simulator`, as commander hands them over: text. */
export interface SimulatorFlags {
  port?: string;
  controlPort?: string;
  host?: string;
  seed?: string;
  speed?: string;
  volumes?: string;
  nodes?: string;
  bytesPerSecond?: string;
  cloneSeconds?: string;
  caOut?: string;
  caDir?: string;
  dnsName?: string;
}

/** Each flag with its help, for a command line to declare in this order. */
export const simulatorFlags: readonly { flag: string; help: string; default?: string }[] = [
  { flag: '--port <port>', help: 'port of the API', default: '8443' },
  { flag: '--control-port <port>', help: 'port of the control interface, plain HTTP on 127.0.0.1', default: '8444' },
  { flag: '--host <address>', help: 'address the API listens on', default: '127.0.0.1' },
  { flag: '--seed <number>', help: 'decides the first state and the draws of faults', default: '1' },
  { flag: '--speed <factor>', help: 'simulated seconds per real second; 0 freezes the clock', default: '1' },
  { flag: '--volumes <count>', help: 'volumes the cluster has from the start' },
  { flag: '--nodes <count>', help: 'nodes of the cluster' },
  { flag: '--bytes-per-second <rate>', help: 'bytes that a clone job copies per simulated second' },
  { flag: '--clone-seconds <seconds>', help: 'exact duration of every clone, in simulated seconds' },
  { flag: '--ca-out <file>', help: 'write the CA certificate here' },
  { flag: '--ca-dir <directory>', help: 'keep the CA here, so that a restart has the same one' },
  { flag: '--dns-name <name>', help: 'name besides localhost that the certificate holds' },
];

const numberOf = (flag: string, text: string, whole: boolean): number => {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || value < 0 || (whole && !Number.isInteger(value))) {
    throw new RangeError(`${flag}: ${JSON.stringify(text)} is not a ${whole ? 'whole ' : ''}number from 0 up`);
  }
  return value;
};

const given = <T>(text: string | undefined, use: (text: string) => T): T | undefined =>
  text === undefined ? undefined : use(text);

/** Options of `startSimulator` from flags; throws a RangeError that names the flag. */
export const simulatorOptionsFromFlags = (flags: SimulatorFlags): SimulatorOptions => {
  const { host, caOut, caDir } = flags;
  const whole = (flag: string, text: string | undefined): number | undefined =>
    given(text, (t) => numberOf(flag, t, true));
  const bytesPerSecond = given(flags.bytesPerSecond, (t) => numberOf('--bytes-per-second', t, false));
  const cloneSeconds = given(flags.cloneSeconds, (t) => numberOf('--clone-seconds', t, false));
  const options = {
    host,
    caOut,
    caDir,
    dnsNames: given(flags.dnsName, (name) => [name]),
    port: whole('--port', flags.port),
    controlPort: whole('--control-port', flags.controlPort),
    seed: whole('--seed', flags.seed),
    volumes: whole('--volumes', flags.volumes),
    nodes: whole('--nodes', flags.nodes),
    speed: given(flags.speed, (t) => numberOf('--speed', t, false)),
    behaviour: {
      ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
      ...(cloneSeconds === undefined ? {} : { cloneSeconds }),
    },
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as SimulatorOptions;
};
