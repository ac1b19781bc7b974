import { errorNames } from '../../../element/classify.ts';
import type { ClusterTimes } from '../../../activities/index.ts';
import type { Fault } from '../../../simulator/index.ts';

/** A column of the matrix: what befalls a call. */
export interface Trouble {
  /** The end of a sentence that begins with the call. */
  what: string;
  fault: Fault;
  times?: Partial<ClusterTimes>;
  /** The cluster says it for ever. */
  lasting?: { apiName: string; message: string };
}

/** Short enough that a call can outlast it in a test. */
const TIMEOUT_MS = 1_500;
const beyond = { timeoutMs: TIMEOUT_MS, settleMs: 3_000 };
const LATE_MS = 2_500;

/** What passes by itself: the clone must come out as if nothing had been. */
export const passing: Trouble[] = [
  { what: 'is refused before it acts', fault: { kind: 'error', name: 'xDBVersionMismatch', count: 1 } },
  { what: 'is cut before it acts', fault: { kind: 'cutBefore', count: 1 } },
  { what: 'acts and loses its answer', fault: { kind: 'actThenCut', count: 1 } },
  { what: 'acts and loses its answer twice', fault: { kind: 'actThenCut', count: 2 } },
  { what: 'acts and answers an error', fault: { kind: 'actThenError', name: 'xRpcTimeout', count: 1 } },
  { what: 'acts only after it was repeated', fault: { kind: 'overtaken', count: 1 } },
  { what: 'acts later than the time-out', fault: { kind: 'slow', delayMs: LATE_MS, count: 1 }, times: beyond },
  { what: 'answers later than the time-out', fault: { kind: 'slowAnswer', delayMs: LATE_MS, count: 1 }, times: beyond },
  { what: 'is slow', fault: { kind: 'slow', delayMs: 700, count: 1 } },
  { what: 'is answered by HTTP 503', fault: { kind: 'http503', count: 1 } },
  { what: 'is answered by HTML', fault: { kind: 'html200', count: 1 } },
  { what: 'finds TLS broken for a while', fault: { kind: 'tlsFailure', durationMs: 1_500 } },
  { what: 'finds connections refused for a while', fault: { kind: 'refuse', durationMs: 1_500 } },
  {
    what: 'finds another node taking over, not primary yet',
    fault: { kind: 'failover', durationMs: 700, notPrimaryMs: 1_500 },
  },
  { what: 'fails by an unknown name once', fault: { kind: 'error', name: 'xNobodyKnows', count: 1 } },
  {
    what: 'is not permitted once, as while a cluster is upgraded',
    fault: { kind: 'error', name: 'xPermissionDenied', count: 1 },
  },
];

/**
 * The same for workflows other than `cloneVolume`, whose calls go through the same client and the same steps as those of its
 * matrix, which has every cell. Here a call that only looks meets silence, and an answer that nobody knows; one that acts
 * loses its answer, acts late, acts after it was repeated, and finds another node. `MATRIX=full` has every cell here too.
 */
export const passingFor = (method: string): Trouble[] => {
  if (process.env['MATRIX'] === 'full') return passing;
  const chosen = isLook(method) ? OF_LOOKS : OF_ACTS;
  return passing.filter((t) => chosen.has(t.what));
};
const isLook = (method: string) => /^(Get|List)/.test(method);
const OF_LOOKS = new Set(['acts and loses its answer', 'fails by an unknown name once']);
const OF_ACTS = new Set([
  'acts and loses its answer',
  'acts only after it was repeated',
  'acts later than the time-out',
  'finds another node taking over, not primary yet',
]);

/** What does not pass, with what the cluster says. */
export const lasting: (Trouble & Required<Pick<Trouble, 'lasting'>>)[] = [
  { what: 'is refused for good', apiName: 'xUnknownAPIMethod', message: 'no such method' },
  { what: 'fails by an unknown name for ever', apiName: 'xNobodyKnows', message: 'something new' },
  { what: 'is not permitted', apiName: 'xPermissionDenied', message: 'admin may not' },
].map(({ what, apiName, message }) => ({
  what,
  fault: { kind: 'error', name: apiName, message },
  lasting: { apiName, message },
}));

/** The same for workflows other than `cloneVolume`: a call that only looks is refused in one way. */
export const lastingFor = (method: string) =>
  process.env['MATRIX'] === 'full' || !isLook(method) ? lasting : lasting.slice(0, 1);

/** Every error that is known to pass, once. */
export const named: Trouble[] = [
  ...[...errorNames('transient'), ...errorNames('busy')].map((name) => ({ name })),
  { name: 'xExceededLimit', message: 'Exceeded limit cloneJobsPerVolumeMax of 2.' },
].map((error) => ({ what: `fails by ${error.name}`, fault: { kind: 'error', ...error, count: 1 } }));
