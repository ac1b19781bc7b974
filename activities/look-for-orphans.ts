import { METRICS } from '../contracts/metrics.ts';
import { ORPHAN_VERDICTS, type Orphan, type OrphanVerdict } from '../contracts/orphans.ts';
import type { ActivityDeps } from './deps.ts';
import { listHoldings, type Holdings, type OwnSnapshot } from './holdings.ts';
import { set } from './measure.ts';
import { runStep, type StepContext } from './step.ts';
import { survey } from './survey.ts';
import type { HousekeepingActivities } from './types.ts';
import { openWorkflowBook } from './workflow-book.ts';

export const createLookForOrphansActivities = (deps: ActivityDeps): Pick<HousekeepingActivities, 'lookForOrphans'> => ({
  lookForOrphans: ({ cluster, olderThanMs, maxBytes }) =>
    runStep(deps, cluster, async (ctx) => {
      const book = openWorkflowBook(deps.temporal);
      const holdings = await listHoldings(ctx.api);
      const options = { cluster, olderThanMs, now: clusterTime(ctx), signal: ctx.signal };
      let found = await survey(holdings, book, options);
      if (found.orphans.length > 0) {
        // A workflow may have ended, and undone, between the two questions: only what is there after its end counts.
        found = await survey(among(await listHoldings(ctx.api), holdings), book, options);
      }
      const counts = count(found.orphans);
      measure(ctx, counts);
      const orphans = first(found.orphans, maxBytes);
      return {
        cluster,
        volumes: holdings.volumes.filter((v) => v.volume.status !== 'deleted').length,
        snapshots: holdings.snapshots.length,
        orphans,
        counts,
        leftOut: found.orphans.length - orphans.length,
        settlesAt: settlesAt(ctx, found.lastEnd),
      };
    }),
});

/** By its own clock, as far as its answers have told it. */
export const clusterTime = (ctx: StepContext): number => ctx.now() + (ctx.api.clockSkewMs() ?? 0);

const keyOf = ({ kind, id }: OwnSnapshot) => `${kind} ${id}`;

/** What is in both. */
function among(now: Holdings, before: Holdings): Holdings {
  const volumes = new Set(before.volumes.map((v) => v.volume.volumeID));
  const snapshots = new Set(before.snapshots.map(keyOf));
  const results = new Set(before.results.map((r) => r.asyncResultID));
  return {
    ...now,
    volumes: now.volumes.filter((v) => volumes.has(v.volume.volumeID)),
    snapshots: now.snapshots.filter((s) => snapshots.has(keyOf(s))),
    results: now.results.filter((r) => results.has(r.asyncResultID)),
  };
}

function count(orphans: readonly Orphan[]): Record<OrphanVerdict, number> {
  const counts = { orphan: 0, kept: 0, unknown: 0, doubtful: 0 };
  for (const { verdict } of orphans) counts[verdict] += 1;
  return counts;
}

function measure(ctx: StepContext, counts: Record<OrphanVerdict, number>): void {
  const cluster = ctx.alias;
  for (const verdict of ORPHAN_VERDICTS) set(METRICS.orphans, counts[verdict], { cluster, verdict });
  // Which of several workers has looked last.
  set(METRICS.orphansLookedAt, Math.floor(ctx.now() / 1_000), { cluster });
}

/** As many as fit: a payload of Temporal's has a limit. */
function first(orphans: readonly Orphan[], maxBytes: number): Orphan[] {
  let bytes = 0;
  const cut = orphans.findIndex((o) => (bytes += Buffer.byteLength(JSON.stringify(o)) + 1) > maxBytes);
  return cut < 0 ? [...orphans] : orphans.slice(0, cut);
}

/** A call that a terminated workflow had sent may still take effect for a while. */
function settlesAt(ctx: StepContext, lastEnd: string | null): string | null {
  if (lastEnd === null) return null;
  const at = Date.parse(lastEnd) + ctx.times.settleMs;
  return at > ctx.now() ? new Date(at).toISOString() : null;
}
