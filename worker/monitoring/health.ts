import type { ConnectionLike } from '@temporalio/client';
import { METRICS } from '../../contracts/metrics.ts';
import { ElementApiError, ElementAuthError, ElementTransportError, type CallInfo } from '../../element/index.ts';
import type { Clusters } from '../clusters.ts';
import { countPollers } from '../pollers.ts';
import type { QueueWorkers } from '../queue-workers.ts';
import { setGauge } from './metrics.ts';

/** One line of `/readyz`. Its message is made of our own words only: whoever may ask need not be trusted with more. */
export interface HealthCheck {
  name: string;
  ok: boolean;
  message: string;
  /** Whether this worker is of no use without it. */
  required: boolean;
}

export interface HealthReport {
  status: 'ready' | 'notReady' | 'starting' | 'stopping';
  checks: HealthCheck[];
}

/** What there is to ask; the worker and the connection come in the course of the start. */
export interface HealthSubject {
  connection?: ConnectionLike;
  namespace?: string;
  workers?: Pick<QueueWorkers, 'all'>;
  /** The queue of the workflows, when this worker runs them. */
  home: string | undefined;
  clusters: Clusters;
}

/** An answer is believed for this long; a probe costs a call no more often. */
const FRESH_MS = 10_000;
const ASK_MS = 3_000;
/** A probe of ours is never kept waiting for longer: what is not known by then is said as it was. */
const WAIT_MS = 1_000;

type Finding = Pick<HealthCheck, 'ok' | 'message'>;

export interface Health {
  report(): Promise<HealthReport>;
  /** Whatever a cluster answers to others is as good as an answer to us. */
  heard(cluster: string, info: CallInfo): void;
}

export function createHealth(subject: HealthSubject): Health {
  const temporal = remembered(() => askTemporal(subject));
  const clusters = new Map<string, Remembered>();
  const clusterCheck = (alias: string): Remembered => {
    const known = clusters.get(alias) ?? remembered(() => askCluster(subject, alias));
    clusters.set(alias, known);
    return known;
  };

  return {
    async report() {
      const aliases = subject.clusters.known();
      for (const gone of clusters.keys()) if (!aliases.includes(gone)) clusters.delete(gone);
      const [atTemporal, ...atClusters] = await Promise.all([
        temporal.look(),
        ...aliases.map((alias) => clusterCheck(alias).look()),
      ]);
      const workers = subject.workers?.all() ?? [];
      const states = workers.map(({ worker }) => worker.getState());
      const checks: HealthCheck[] = [
        { name: 'temporal', ...atTemporal, required: true },
        ...pollers(workers, subject.home),
        ...aliases.map((alias, i) => ({ name: `cluster ${alias}`, ...atClusters[i]!, required: false })),
      ];
      for (const [i, cluster] of aliases.entries()) setGauge(METRICS.clusterUp, Number(atClusters[i]!.ok), { cluster });
      const ready = checks.every((c) => c.ok || !c.required);
      if (states.length === 0 || states.includes('INITIALIZED')) return { status: 'starting', checks };
      if (states.some((state) => state !== 'RUNNING')) return { status: 'stopping', checks };
      return { status: ready ? 'ready' : 'notReady', checks };
    },
    heard(cluster, { outcome }) {
      if (outcome !== 'unreachable' && outcome !== 'timeout' && outcome !== 'aborted' && outcome !== 'credentials') {
        clusterCheck(cluster).learn(ANSWERS);
      }
    },
  };
}

const ANSWERS: Finding = { ok: true, message: 'answers' };
const NOT_ASKED: Finding = { ok: false, message: 'has not answered yet' };

interface Remembered {
  look(): Promise<Finding>;
  learn(finding: Finding): void;
}

/** Asks at most once at a time, and not again while the answer is fresh. */
function remembered(ask: () => Promise<Finding>): Remembered {
  let last = NOT_ASKED;
  let at = -Infinity;
  let asking: Promise<Finding> | undefined;
  const learn = (finding: Finding) => {
    last = finding;
    at = performance.now();
  };
  return {
    learn,
    async look() {
      if (performance.now() - at < FRESH_MS) return last;
      asking ??= ask()
        .then((finding) => {
          learn(finding);
          return finding;
        })
        .finally(() => (asking = undefined));
      return Promise.race([asking, after(WAIT_MS).then(() => last)]);
    },
  };
}

const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());

async function askTemporal({ connection }: HealthSubject): Promise<Finding> {
  if (connection === undefined) return { ok: false, message: 'not connected yet' };
  try {
    await connection.withDeadline(Date.now() + ASK_MS, () => connection.workflowService.getSystemInfo({}));
    return ANSWERS;
  } catch {
    return { ok: false, message: 'does not answer' };
  }
}

/** One line for each queue; that of the workflows has the plain name. */
function pollers(workers: ReturnType<QueueWorkers['all']>, home: string | undefined): HealthCheck[] {
  if (workers.length === 0) return [{ name: 'pollers', ok: false, message: 'not started yet', required: true }];
  return workers.map(({ taskQueue, worker }) => {
    const { runState, workflowPollerState, activityPollerState } = worker.getStatus();
    const polling = taskQueue === home ? [workflowPollerState, activityPollerState] : [activityPollerState];
    const ok = runState === 'RUNNING' && polling.every((state) => state === 'POLLING');
    const workflows = taskQueue === home ? `workflows ${workflowPollerState}, ` : '';
    const words = `worker ${runState}, ${workflows}activities ${activityPollerState}`.toLowerCase();
    return { name: taskQueue === home ? 'pollers' : `pollers ${taskQueue}`, ok, message: words, required: true };
  });
}

/** One that other workers serve is as well as they are there. */
async function askElsewhere({ connection, namespace }: HealthSubject, taskQueue: string): Promise<Finding> {
  if (connection === undefined || namespace === undefined) return NOT_ASKED;
  try {
    const { activities } = await connection.withDeadline(Date.now() + ASK_MS, () =>
      countPollers(connection.workflowService, namespace, taskQueue),
    );
    return activities > 0
      ? { ok: true, message: `served on the task queue "${taskQueue}"` }
      : { ok: false, message: `nobody serves the task queue "${taskQueue}"` };
  } catch {
    return { ok: false, message: 'Temporal does not say who serves it' };
  }
}

async function askCluster(subject: HealthSubject, alias: string): Promise<Finding> {
  const { clusters } = subject;
  const elsewhere = clusters.get(alias) === undefined ? clusters.taskQueueOf(alias) : undefined;
  if (elsewhere !== undefined) return askElsewhere(subject, elsewhere);
  try {
    await clusters.get(alias)?.api.getClusterVersionInfo({}, { timeoutMs: ASK_MS });
    return ANSWERS;
  } catch (err) {
    if (err instanceof ElementApiError) return ANSWERS;
    if (err instanceof ElementAuthError) return { ok: false, message: 'refuses the credentials' };
    const reason = err instanceof ElementTransportError ? err.reason : 'unexpected answer';
    return {
      ok: false,
      message: reason === 'credentials' ? 'its credentials cannot be read' : `does not answer (${reason})`,
    };
  }
}
