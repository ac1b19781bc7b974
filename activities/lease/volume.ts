import { isOwn, readTag, type OwnershipTag } from '../../contracts/tag.ts';
import type { Volume } from '../../element/index.ts';
import { findVolume } from '../find.ts';
import type { StepContext } from '../step.ts';
import type { LeasedVolume, Loss } from './types.ts';

/** Shortest pause between two looks at a leased volume, when the configuration says nothing. */
const LOOK_MS = 30_000;
/** Each look is an attempt on the Temporal server: beyond so many clones the pause grows with their number. */
const MANY = 100;
const MANY_LOOK_MS = 300_000;

const shortestMs = ({ times }: StepContext): number => times.leaseLookMs ?? LOOK_MS;

/** One for all leases of a worker on a cluster; set anew by each view. */
const paceOf = (ctx: StepContext): Promise<{ ms: number }> =>
  ctx.cached('pace of looks at leased volumes', Infinity, () => Promise.resolve({ ms: shortestMs(ctx) }));

/** Pause between two looks at a leased volume, in milliseconds. */
export const lookMs = async (ctx: StepContext): Promise<number> => (await paceOf(ctx)).ms;

/** With so many clones on the cluster. */
export const paceMs = (shortest: number, clones: number): number =>
  Math.max(shortest, Math.min(MANY_LOOK_MS, (shortest * clones) / MANY));

/** While somebody uses a volume whose time is over, it is looked at more often at first. */
const KEENER = 2;
const KEEN_RARER = 5;
/** Longest pause then, however many clones there are: few leases are over at a time, and somebody waits for each. */
const KEEN_MAX_MS = 150_000;
/** The same when it is not known whether the volume was deleted. */
const IN_DOUBT_MAX_MS = 30_000;

/** Pause before the look after this attempt, 1 for the first, at a volume that is still in use. `pace` as `lookMs` gives it. */
export const keenMs = (shortest: number, pace: number, attempt: number): number =>
  Math.min((pace / KEENER) * Math.min(KEEN_RARER, attempt), Math.max(KEEN_MAX_MS, (shortest / KEENER) * KEEN_RARER));

/** Pause while a deletion without an answer may still act. */
export const inDoubtMs = (shortest: number, pace: number): number =>
  Math.min(pace, Math.max(IN_DOUBT_MAX_MS, shortest));

export const lookInUseMs = async (ctx: StepContext): Promise<number> =>
  keenMs(shortestMs(ctx), await lookMs(ctx), ctx.attempt);
export const lookInDoubtMs = async (ctx: StepContext): Promise<number> => inDoubtMs(shortestMs(ctx), await lookMs(ctx));

/** The tag that the volume must carry. */
const tagOf = ({ clone }: LeasedVolume): OwnershipTag => ({
  request: clone.request,
  workflowID: clone.workflowID,
  step: 'clone',
  sourceVolumeID: clone.sourceVolumeID,
});

/** Only a finished clone has its own ID in the tag; a copy of it has that of the original. */
const isLeased = (tag: OwnershipTag | undefined, leased: LeasedVolume) =>
  tag?.volumeID === leased.volumeID && isOwn(tag, tagOf(leased), leased.volumeID);

/** Why the volume is not, or no longer, the lease's to delete. */
export function lossOf(volume: Volume | undefined, leased: LeasedVolume): Loss | undefined {
  const { volumeID, clone } = leased;
  if (volume === undefined) return { lost: 'gone', reason: `volume ${volumeID} is gone: somebody deleted it` };
  if (isLeased(readTag(volume.attributes), leased)) return undefined;
  return {
    lost: 'notOurs',
    reason: `volume ${volumeID} no longer carries the ownership tag of ${clone.workflowID}, so it is left alone`,
  };
}

/** The volume as it is this moment, or why there is none. */
export async function seeNow(ctx: StepContext, leased: LeasedVolume): Promise<{ volume: Volume } | { loss: Loss }> {
  const volume = await findVolume(ctx.api, leased.volumeID);
  const loss = lossOf(volume, leased);
  return loss === undefined ? { volume: volume! } : { loss };
}

/**
 * The same by a view that all leases of a worker share: two ListVolumes in each pause, however many there are. Before a
 * volume is said to be lost it is asked for itself, since the view may be older than the volume.
 */
export async function lossSeen(ctx: StepContext, leased: LeasedVolume): Promise<Loss | undefined> {
  const pace = await paceOf(ctx);
  const finished = await ctx.cached('finished clones', pace.ms / 2, () => finishedClones(ctx));
  pace.ms = paceMs(shortestMs(ctx), finished.size);
  if (isLeased(finished.get(leased.volumeID), leased)) return undefined;
  const now = await seeNow(ctx, leased);
  return 'loss' in now ? now.loss : undefined;
}

/** The signal is left out on purpose: others may be waiting for the same answer. */
async function finishedClones({ api }: StepContext): Promise<ReadonlyMap<number, OwnershipTag>> {
  const { volumes } = await api.listVolumes({ includeVirtualVolumes: false }, { signal: undefined });
  return new Map(
    volumes.flatMap((v) => {
      const tag = v.status === 'deleted' ? undefined : readTag(v.attributes);
      return tag?.volumeID === v.volumeID ? [[v.volumeID, tag]] : [];
    }),
  );
}
