import { defaultBehaviour, type Behaviour } from './behaviour.ts';
import { makeCallLog, type CallLog } from './calls.ts';
import { makeClock, type SimulatorClock } from './clock.ts';
import type { ClusterIdentity, Context } from './context.ts';
import { ElementError } from './errors.ts';
import type { JobFault } from './fault-shapes.ts';
import { makeFaultBoard, type FaultBoard } from './faults.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { methods } from './methods/index.ts';
import { apiVersions, compareVersions, type SimulatorOptions } from './options.ts';
import { accessTypes, isPermitted } from './permissions.ts';
import { makeRandom } from './random.ts';
import type { ClusterAdminRecord } from './records.ts';
import { seedState } from './seed-state.ts';
import { nextID, newContent } from './state.ts';
import { stateView, type StateView } from './state-view.ts';

/** A call that has been let in: who makes it, and what its clone jobs will suffer. */
export interface ClusterCall {
  version: string;
  method: string;
  params: Record<string, unknown>;
  admin: ClusterAdminRecord;
  jobFaults?: readonly JobFault[];
}

/** A session as `POST /sessions` takes it. */
export interface SessionWish {
  volumeID: number;
  initiatorName: string;
  initiatorIP?: string | undefined;
}

/** The cluster without its network: what the server calls, and what a test in the same process may ask directly. */
export interface Cluster {
  readonly clock: SimulatorClock;
  readonly faults: FaultBoard;
  readonly calls: CallLog;
  readonly behaviour: Readonly<Behaviour>;
  readonly limits: Readonly<Limits>;
  /** Everything the cluster holds, now. */
  state(): StateView;
  /** Runs a method as a person at the console would: no faults, no counting, no permissions. Throws ElementError. */
  act(method: string, params?: Record<string, unknown>): Record<string, unknown>;
  /**
   * Runs a method as the API does. Throws ElementError. The answer holds parts of the state itself, for a copy of four
   * thousand volumes would cost more than listing them: write it out before the next call, and change nothing in it.
   */
  call(call: ClusterCall): Record<string, unknown>;
  /** The cluster admin with these credentials. */
  login(username: string, password: string): ClusterAdminRecord | undefined;
  setBehaviour(change: Partial<Behaviour>): void;
  setLimits(change: Partial<Limits>): void;
  setSessions(sessions: readonly SessionWish[]): void;
  /** New data in a volume, as if a host had written to it; gives its new `content`. */
  write(volumeID: number): string;
  /** Back to the seed state: state, clock, options, limits; calls and faults are forgotten. */
  reset(): void;
}

const identityOf = (options: SimulatorOptions, seed: number): ClusterIdentity => {
  const currentVersion = options.currentVersion ?? '12.5';
  const random = makeRandom(seed ^ 0x1d);
  const letter = (): string => 'abcdefghijklmnopqrstuvwxyz0123456789'[Math.floor(random.next() * 36)]!;
  return {
    name: options.clusterName ?? 'simulated',
    uniqueID: [letter(), letter(), letter(), letter()].join(''),
    uuid: random.uuid(),
    currentVersion,
    supportedVersions: apiVersions.filter((version) => compareVersions(version, currentVersion) <= 0),
    nodes: options.nodes ?? 4,
  };
};

const adminsOf = (options: SimulatorOptions): ClusterAdminRecord[] => {
  const first = {
    username: options.username ?? 'admin',
    password: options.password ?? process.env['ELEMENT_SIM_PASSWORD'] ?? 'simulator',
    access: ['administrator'],
  };
  return [first, ...(options.admins ?? [])].map((admin, i) => {
    const unknown = admin.access.find((type) => !accessTypes.includes(type));
    if (unknown !== undefined) throw new RangeError(`admins: ${admin.username} has unknown access type ${unknown}`);
    return { ...admin, clusterAdminID: i + 1 };
  });
};

const methodNames = (version: string): string[] =>
  [...methods.values()]
    .filter((m) => compareVersions(m.since, version) <= 0)
    .map((m) => m.name)
    .sort();

export const makeCluster = (options: SimulatorOptions = {}): Cluster => {
  const seed = options.seed ?? 1;
  const identity = identityOf(options, seed);
  let admins = adminsOf(options);
  const clock = makeClock(options.clock ?? Date, options.speed ?? 1);
  const faults = makeFaultBoard(seed);
  const calls = makeCallLog();
  const behaviour: Behaviour = { ...defaultBehaviour, ...options.behaviour };
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const freshState = () => seedState(seed, options.volumes, options.state);
  let state = freshState();
  let random = makeRandom(seed ^ 0xca11);
  faults.append(options.faults ?? []);

  /** The state as of now, and everything a method needs beside it. */
  const context = (admin: ClusterAdminRecord, jobFaults: readonly JobFault[] = []): Context => {
    const nowMs = clock.now();
    state.due.settle(nowMs);
    return { state, behaviour, limits, identity, random, nowMs, admins, admin, jobFaults, methodNames };
  };

  const run = (name: string, ctx: Context, params: Record<string, unknown>): Record<string, unknown> => {
    const method = methods.get(name);
    if (method === undefined) throw new ElementError('xUnknownAPIMethod', `method=${name}`);
    const answer = method.call(ctx, structuredClone(params));
    // A copy without any duration is done at once, and whoever looks next must see it so.
    state.due.settle(ctx.nowMs);
    return answer;
  };

  return {
    clock,
    faults,
    calls,
    behaviour,
    limits,
    state: () => stateView(context(admins[0]!), clock),
    // A copy: what a caller does with it must not change the cluster.
    act: (name, params = {}) => structuredClone(run(name, context(admins[0]!), params)),
    call({ version, method, params, admin, jobFaults }) {
      if (!identity.supportedVersions.includes(version)) {
        throw new ElementError('xUnknownAPIVersion', `version=${version}`);
      }
      const since = methods.get(method)?.since;
      if (since === undefined || compareVersions(since, version) > 0) {
        throw new ElementError('xUnknownAPIMethod', `method=${method}`);
      }
      if (!isPermitted(admin.access, method)) {
        throw new ElementError('xPermissionDenied', `${admin.username} may not call ${method}.`);
      }
      return run(method, context(admin, jobFaults), params);
    },
    login: (username, password) => admins.find((a) => a.username === username && a.password === password),
    setBehaviour: (change) => void Object.assign(behaviour, change),
    setLimits: (change) => void Object.assign(limits, change),
    setSessions(sessions) {
      const { nowMs } = context(admins[0]!);
      for (const { volumeID } of sessions) {
        if (!state.volumes.has(volumeID)) throw new RangeError(`sessions: volume ${volumeID} does not exist`);
      }
      state.sessions = sessions.map((s) => ({
        ...s,
        initiatorIP: s.initiatorIP ?? '10.10.10.90:37138',
        sessionID: nextID(state, 'session'),
        createMs: nowMs,
      }));
    },
    write(volumeID) {
      context(admins[0]!);
      const volume = state.volumes.get(volumeID);
      if (volume === undefined) throw new RangeError(`volumeID: volume ${volumeID} does not exist`);
      volume.content = newContent(state);
      return volume.content;
    },
    reset() {
      clock.reset();
      state = freshState();
      admins = adminsOf(options);
      random = makeRandom(seed ^ 0xca11);
      faults.clear();
      calls.clear();
      Object.assign(behaviour, defaultBehaviour, options.behaviour);
      Object.assign(limits, defaultLimits, options.limits);
    },
  };
};
