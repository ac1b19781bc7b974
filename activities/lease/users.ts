import { classify, type CloneJob, type ISCSISession } from '../../element/index.ts';
import type { StepContext } from '../step.ts';

/** Hosts come and go within minutes; all leases that end together ask once. */
const SESSIONS_MS = 5_000;
const NAMED = 3;

/** Who would be hurt if the volume went. */
export interface Users {
  sessions: ISCSISession[];
  /** Clone jobs that read the volume, or write it. */
  jobs: CloneJob[];
  /** Why the sessions cannot be seen. */
  unseen?: string;
}

/** `fresh`: the sessions of this moment, not of a few seconds ago. */
export async function usersOf(ctx: StepContext, volumeID: number, { fresh = false } = {}): Promise<Users> {
  const [{ sessions, unseen }, jobs] = await Promise.all([
    ctx.cached('iSCSI sessions', fresh ? 0 : SESSIONS_MS, () => listSessions(ctx)),
    ctx.jobs(),
  ]);
  return {
    sessions: sessions.filter((s) => s.volumeID === volumeID),
    jobs: jobs.filter((j) => j.srcVolumeID === volumeID || j.dstVolumeID === volumeID),
    ...(unseen === undefined ? {} : { unseen }),
  };
}

/** A cluster admin that may not look need not keep a volume for ever, but what is not seen may be there. */
async function listSessions({ api }: StepContext): Promise<{ sessions: ISCSISession[]; unseen?: string }> {
  try {
    return await api.listISCSISessions({}, { signal: undefined });
  } catch (err) {
    const { kind } = classify(err);
    if (kind !== 'permanent' && kind !== 'suspect') throw err;
    return { sessions: [], unseen: err instanceof Error ? err.message : String(err) };
  }
}

/** `2 iSCSI sessions (iqn.a, iqn.b)`; `undefined` when nobody uses the volume. */
export function usersText({ sessions, jobs, unseen }: Users, volumeID: number): string | undefined {
  const parts = [
    ...(sessions.length === 0 ? [] : [sessionsText(sessions)]),
    ...jobs.map((j) =>
      j.srcVolumeID === volumeID
        ? `volume ${j.dstVolumeID}, which is being cloned from it`
        : `a copy of volume ${j.srcVolumeID} onto it`,
    ),
    ...(unseen === undefined ? [] : [`perhaps somebody: its iSCSI sessions cannot be seen (${unseen})`]),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}

function sessionsText(sessions: readonly ISCSISession[]): string {
  const hosts = [...new Set(sessions.map((s) => s.initiatorName ?? s.initiatorIP ?? 'unknown'))];
  const more = hosts.length > NAMED ? `, ${hosts.length - NAMED} more` : '';
  const names = `${hosts.slice(0, NAMED).join(', ')}${more}`;
  return `${sessions.length} iSCSI session${sessions.length === 1 ? '' : 's'} (${names})`;
}
