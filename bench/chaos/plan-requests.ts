import { makeDice, type Dice } from './dice.ts';
import { KINDS, WEIGHTS, type Kind } from './kinds.ts';
import { askFor } from './plan-kinds.ts';
import type { CopyFault, LeaseDeed, Planned } from './planned.ts';

/** N requests of these kinds, spread over the time, each with its own wishes and its own fate. */
export function planRequests(seed: number, count: number, durationMs: number, kinds: readonly Kind[]): Planned[] {
  const weights = Object.fromEntries(KINDS.filter((k) => kinds.includes(k)).map((k) => [k, WEIGHTS[k]]));
  return Array.from({ length: count }, (_, index) => {
    // A stream for each request, so that what is drawn for one changes no other.
    const kind = makeDice(seed, `kind ${index}`).weighted(weights as Record<Kind, number>);
    const dice = makeDice(seed, `${kind === 'lease' ? 'clone' : kind} ${index}`);
    const startsAtMs = Math.floor(((index + dice.share()) * durationMs) / count);
    const name = `chaos-${String(index + 1).padStart(3, '0')}`;
    const keyed = dice.chance(0.25);
    const asked = askFor(kind, dice, { index, name, ...(keyed ? { requestId: `key-${seed}-${index + 1}` } : {}) });
    const copyFault = drawCopyFault(dice);
    if (copyFault?.kind === 'cloneStalls' && copyFault.forSeconds === undefined) {
      asked.request.deadline = `${dice.int(25, 60)}s`;
    }
    // Nobody terminates a refresh: what stays of its generation is for the next one of the series.
    const terminate = kind === 'refresh' ? 0 : 3;
    const fate = dice.weighted({ none: 82, cancel: 8, cancelTwice: 4, terminate, cancelWhileUndoing: 3 });
    const firstCancel = dice.int(0, 18_000);
    const { aim, ...planned } = asked;
    return {
      ...planned,
      index,
      unique: `s${seed}-n${index + 1}`,
      startsAtMs,
      copySeconds: dice.int(1, 15),
      ...(copyFault === undefined ? {} : { copyFault: { ...copyFault, ...aim } }),
      ...(keyed && dice.chance(0.6) ? { repeatsAfterMs: dice.int(0, 20_000) } : {}),
      cancelsAfterMs:
        fate === 'cancel'
          ? [firstCancel]
          : fate === 'cancelTwice'
            ? [firstCancel, firstCancel + dice.int(100, 6_000)]
            : [],
      cancelsWhileUndoing: fate === 'cancelWhileUndoing' || copyFault?.kind === 'cloneFails',
      ...(fate === 'terminate' ? { terminatesAfterMs: dice.int(500, 15_000) } : {}),
      ...(kind === 'lease' ? drawLeaseDeed(makeDice(seed, `lease ${index}`)) : {}),
    } as Planned;
  });
}

function drawCopyFault(dice: Dice): CopyFault | undefined {
  const atPercent = dice.int(5, 95);
  switch (dice.weighted({ none: 79, fails: 5, stalls: 3, resumes: 5, loseResult: 4, loseJob: 4 })) {
    case 'none':
      return undefined;
    case 'fails':
      return { kind: 'cloneFails', atPercent };
    case 'stalls':
      return { kind: 'cloneStalls', atPercent };
    case 'resumes':
      return { kind: 'cloneStalls', atPercent, forSeconds: dice.int(3, 20) };
    case 'loseResult':
      return { kind: 'loseAsyncResult' };
    case 'loseJob':
      return { kind: 'loseSyncJob' };
  }
}

/** Some of it comes at the very end of the lease, or too late. */
function drawLeaseDeed(dice: Dice): { leaseDeed?: LeaseDeed } {
  const action = dice.weighted({ none: 5, extend: 3, release: 2 });
  return action === 'none' ? {} : { leaseDeed: { action, afterMs: dice.int(0, 30_000) } };
}
