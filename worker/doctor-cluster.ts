import type { Cluster } from '../activities/index.ts';
import {
  compareVersions,
  ElementApiError,
  ElementAuthError,
  ElementTransportError,
  isPermissionError,
  type ApiVersions,
  type ClusterAdmin,
  type ElementClient,
} from '../element/index.ts';
import type { ClusterConfig } from './config.ts';
import type { Check } from './doctor.ts';
import { lacking } from './features.ts';

type Finding = Omit<Check, 'check'>;

const CALL = { timeoutMs: 10_000 };
/** GetCurrentClusterAdmin, QoS policies and more are there since then. */
const OLDEST_VERSION = '10.0';
/** The Date header is precise to a second, and the answer took its time. */
const SKEW_WARN_MS = 10_000;

/** Everything that a clone needs of this cluster, by calls that only read. */
export async function* checkCluster(
  { alias, api }: Pick<Cluster, 'alias' | 'api'>,
  settings: Pick<ClusterConfig, 'endpoint' | 'apiVersion' | 'tls'>,
): AsyncGenerator<Check, void, undefined> {
  const named = (name: string, finding: Finding): Check => ({ check: `cluster ${alias}: ${name}`, ...finding });
  const [first, ...others] = await connect(api, settings);
  for (const [name, finding] of [...(first ? [first] : []), ...others]) yield named(name, finding);
  if ([first, ...others].some((f) => f?.[1].ok === 'fail')) return;
  const checks: [string, () => Promise<Finding>][] = [
    ['version', () => version(api, settings.apiVersion)],
    ['limits', () => limits(api)],
    ['permissions', () => permissions(api)],
    ['clock', async () => clock(api.clockSkewMs())],
    ['fullness', () => fullness(api)],
  ];
  for (const [name, look] of checks) {
    const finding = await look().catch((err: unknown): Finding => ({
      ok: 'warn',
      message: `cannot be told: ${textOf(err)}`,
    }));
    yield named(name, finding);
    // At a version that is not served every other call fails in the same way.
    if (name === 'version' && finding.ok === 'fail') return;
  }
}

const textOf = (err: unknown): string => (err instanceof Error ? err.message : String(err));

/** The first call tells connection, TLS and credentials apart by how it fails. */
async function connect(
  api: ElementClient,
  { endpoint, tls }: Pick<ClusterConfig, 'endpoint' | 'tls'>,
): Promise<[string, Finding][]> {
  const tlsFinding: Finding =
    'insecureSkipVerify' in tls
      ? {
          ok: 'warn',
          message: 'the certificate is not checked: anyone on the way may read the password',
          remedy: 'give tls: { caFile } or { fingerprint }',
        }
      : {
          ok: 'ok',
          message: 'fingerprint' in tls ? 'the certificate is the pinned one' : 'the certificate is trusted',
        };
  const up: [string, Finding] = ['connection', { ok: 'ok', message: `${endpoint} answers` }];
  try {
    await api.getClusterVersionInfo({}, CALL);
  } catch (err) {
    if (err instanceof ElementAuthError) {
      return [up, ['TLS', tlsFinding], ['credentials', { ok: 'fail', message: err.message }]];
    }
    if (err instanceof ElementTransportError && err.reason === 'tls') {
      const remedy = 'correct tls in the configuration: caFile of the right authority, or the fingerprint';
      return [up, ['TLS', { ok: 'fail', message: err.detail, remedy }]];
    }
    if (err instanceof ElementTransportError && err.reason === 'credentials') {
      return [['credentials', { ok: 'fail', message: err.detail, remedy: 'correct the file or variable' }]];
    }
    if (!(err instanceof ElementApiError)) {
      const message = textOf(err);
      const remedy = `check that ${endpoint} is the management address (MVIP) and reachable from here`;
      return [['connection', { ok: 'fail', message, remedy }]];
    }
    // An answer of the API, even "no": the way there and the credentials are fine.
  }
  return [up, ['TLS', tlsFinding], ['credentials', { ok: 'ok', message: 'accepted' }]];
}

async function version(api: ElementClient, configured: string | undefined): Promise<Finding> {
  const remedy = 'leave apiVersion out of the configuration, or name one that is served';
  let versions: ApiVersions;
  try {
    versions = await api.getAPI({}, CALL);
  } catch (err) {
    if (configured === undefined || !(err instanceof ElementApiError)) throw err;
    return { ok: 'fail', message: `apiVersion "${configured}" is not served: ${err.message}`, remedy };
  }
  const { supportedVersions, currentVersion } = versions;
  if (configured !== undefined && !supportedVersions.includes(configured)) {
    return {
      ok: 'fail',
      message: `apiVersion "${configured}" is not served; this cluster is at ${currentVersion}`,
      remedy,
    };
  }
  const used = configured ?? (await api.apiVersion(CALL));
  const message = `Element ${currentVersion}, spoken to as API ${used}`;
  return compareVersions(used, OLDEST_VERSION) < 0
    ? { ok: 'warn', message, remedy: `API ${OLDEST_VERSION} or newer is needed for QoS policies and permission checks` }
    : { ok: 'ok', message };
}

async function limits(api: ElementClient): Promise<Finding> {
  const l = await api.getLimits({}, CALL);
  return {
    ok: 'ok',
    message: `${l.cloneJobsPerVolumeMax} clone jobs per volume, ${l.cloneJobsPerNodeMax} per node; ${l.snapshotsPerVolumeMax} snapshots per volume`,
  };
}

async function permissions(api: ElementClient): Promise<Finding> {
  const denied = await deniedReads(api);
  if (denied.length > 0) {
    return {
      ok: 'fail',
      message: `this user may not call ${denied.join(', ')}`,
      remedy: 'give the cluster admin the access types read, volumes and write',
    };
  }
  const admin = await currentAdmin(api);
  if (admin === undefined) {
    return { ok: 'warn', message: 'reading is allowed; what else, this cluster does not tell' };
  }
  const { username, access } = admin;
  const message = `${username} has ${access.join(', ')}`;
  if (access.includes('administrator')) {
    return { ok: 'ok', message: `${message}; read, volumes and write would do` };
  }
  const lacks = [...lacking(access)];
  if (lacks.length === 0) return { ok: 'ok', message };
  const words = lacks.map(([type, features]) => `${type} (for ${features.map((f) => f.name).join('; ')})`);
  return {
    ok: lacks.some(([, features]) => features.some((f) => f.required)) ? 'fail' : 'warn',
    message: `${message}; it lacks ${words.join(', and ')}`,
    remedy: `add ${lacks.map(([type]) => type).join(', ')} to the cluster admin`,
  };
}

async function deniedReads(api: ElementClient): Promise<string[]> {
  const reads: [string, () => Promise<unknown>][] = [
    ['ListVolumes', () => api.listVolumes({ limit: 1 }, CALL)],
    ['ListSyncJobs', () => api.listSyncJobs({}, CALL)],
    ['ListAsyncResults', () => api.listAsyncResults({ asyncResultTypes: ['Clone'] }, CALL)],
    ['ListVolumeAccessGroups', () => api.listVolumeAccessGroups({}, CALL)],
  ];
  const denied: string[] = [];
  for (const [name, read] of reads) {
    try {
      await read();
    } catch (err) {
      if (!(err instanceof ElementApiError) || !isPermissionError(err.apiName)) throw err;
      denied.push(name);
    }
  }
  return denied;
}

async function currentAdmin(api: ElementClient): Promise<ClusterAdmin | undefined> {
  try {
    return (await api.getCurrentClusterAdmin({}, CALL)).clusterAdmin;
  } catch (err) {
    if (err instanceof ElementApiError) return undefined;
    throw err;
  }
}

function clock(skewMs: number | undefined): Finding {
  if (skewMs === undefined) return { ok: 'ok', message: 'the cluster does not tell its time' };
  const seconds = Math.round(skewMs / 1_000);
  if (Math.abs(skewMs) < SKEW_WARN_MS) return { ok: 'ok', message: 'within seconds of ours' };
  return {
    ok: 'warn',
    message: `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} ours; snapshots expire by the cluster's clock`,
    remedy: 'check NTP here and on the cluster',
  };
}

const STAGES: Record<string, 'ok' | 'warn' | 'fail'> = {
  stage1Happy: 'ok',
  stage2Aware: 'ok',
  stage3Low: 'warn',
  stage4Critical: 'fail',
  stage5CompletelyConsumed: 'fail',
};

async function fullness(api: ElementClient): Promise<Finding> {
  const { fullness: stage } = await api.getClusterFullThreshold({}, CALL);
  const ok = STAGES[stage] ?? 'warn';
  return ok === 'ok'
    ? { ok, message: stage }
    : { ok, message: `the cluster is at ${stage}`, remedy: 'free space or add nodes before cloning' };
}
