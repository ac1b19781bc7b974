import { z } from 'zod';

const delayMs = z.number().nonnegative();
const durationMs = z.number().positive();

/** Which calls a fault meets. All of it is optional: a fault without any of it meets every call, for ever. */
const aim = {
  /** Method name, several of them, or `*`. Clone faults meet only the methods that start clones in any case. */
  method: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  /** Parameters that must be equal; a dot reaches into objects, `*` in a string stands for anything. */
  match: z.record(z.string(), z.unknown()).optional(),
  /** Only once a call of this method, or of each of these, has come in since the start or a reset. */
  after: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  /** Let this many matching calls pass first. */
  skip: z.int().nonnegative().optional(),
  /** Fire at most this often. Without it: for as long as the fault is there. */
  count: z.int().positive().optional(),
  /** Fire with this probability, drawn from the seed. */
  probability: z.number().min(0).max(1).optional(),
};

/** Of a group of clones, only the copy of this volume. */
const member = { sourceVolumeID: z.int().positive().optional() };

const of = <K extends string, S extends z.ZodRawShape>(kind: K, shape: S) =>
  z.strictObject({ kind: z.literal(kind), ...aim, ...shape });

/** One fault, as `POST /faults` takes it. Delays and durations are in real milliseconds. */
export const faultSchema = z.discriminatedUnion('kind', [
  of('error', { name: z.string(), message: z.string().optional() }),
  of('http503', { status: z.int().min(400).max(599).optional() }),
  of('html200', {}),
  of('slow', { delayMs }),
  of('cutBefore', {}),
  of('actThenCut', {}),
  of('actThenError', { name: z.string(), message: z.string().optional() }),
  of('cutThenActLater', { delayMs }),
  of('overtaken', {}),
  of('slowAnswer', { delayMs }),
  of('tlsFailure', { durationMs }),
  of('refuse', { durationMs }),
  of('failover', { durationMs, notPrimaryMs: z.number().nonnegative().optional() }),
  of('cloneFails', {
    name: z.string().optional(),
    message: z.string().optional(),
    atPercent: z.number().min(0).max(100).optional(),
    ...member,
  }),
  of('cloneStalls', {
    atPercent: z.number().min(0).max(100).optional(),
    /** Simulated seconds after which it goes on. Without it: never. */
    forSeconds: z.number().positive().optional(),
    ...member,
  }),
  of('loseAsyncResult', {}),
  of('loseSyncJob', member),
]);

export type Fault = z.infer<typeof faultSchema>;
export type FaultKind = Fault['kind'];

/** Faults of the clone jobs that a call starts, as opposed to faults of the call itself. */
export type JobFault = Extract<Fault, { kind: 'cloneFails' | 'cloneStalls' | 'loseAsyncResult' | 'loseSyncJob' }>;
/** Faults of everything for a while. */
export type OutageFault = Extract<Fault, { kind: 'tlsFailure' | 'refuse' | 'failover' }>;
/** Faults of one call. */
export type CallFault = Exclude<Fault, JobFault>;

export const isJobFault = (fault: Fault): fault is JobFault =>
  fault.kind === 'cloneFails' ||
  fault.kind === 'cloneStalls' ||
  fault.kind === 'loseAsyncResult' ||
  fault.kind === 'loseSyncJob';

export const isOutage = (fault: Fault): fault is OutageFault =>
  fault.kind === 'tlsFailure' || fault.kind === 'refuse' || fault.kind === 'failover';
