import type { LeaseDescription, LeaseSummary } from '../../leases.ts';
import type { Colours } from '../io.ts';
import { facts, table } from './table.ts';
import { age, fit, plain } from './text.ts';

interface Options {
  colours: Colours;
  now: number;
}

type Row = LeaseSummary & Pick<LeaseDescription, 'waitingFor'>;

/** `in 3d`, or `2h ago`. */
export const fromNow = (iso: string, now: number): string => {
  const left = Date.parse(iso) - now;
  return left >= 0 ? `in ${age(left)}` : `${age(-left)} ago`;
};

/** What of the state is worth a look. */
function stateOf({ status, state, outcome, problem, waitingFor }: Row): string {
  if (outcome !== undefined) return outcome;
  if (status !== 'RUNNING') return status.toLowerCase();
  if (problem !== undefined) return `cannot be deleted: ${problem}`;
  return state === 'ending' && waitingFor !== undefined ? waitingFor : state;
}

/** One row each. */
export const leaseTable = (leases: readonly Row[], { colours, now }: Options): string =>
  table(
    ['CLUSTER', 'VOLUME', 'NAME', 'SOURCE', 'ENDS', '', 'FOR', 'STATE', 'WORKFLOW ID'],
    leases.map((l) => [
      l.cluster,
      String(l.volumeID),
      fit(plain(l.name ?? '–'), 32),
      String(l.sourceVolumeID ?? '–'),
      l.endsAt,
      fromNow(l.endsAt, now),
      fit(plain(l.requestedBy ?? '–'), 32),
      fit(plain(stateOf(l)), 60),
      l.workflowId,
    ]),
    colours,
  );

/** A lease that was just changed. */
export function leaseText(lease: LeaseSummary, { colours, now }: Options): string {
  const what = `Volume ${lease.volumeID}${lease.name === undefined ? '' : ` "${plain(lease.name)}"`} of ${lease.cluster}`;
  if (lease.outcome === 'released') return colours.green(`✓ ${what} stays for good`);
  return [
    colours.green(`✓ ${what} stays until ${lease.endsAt}`),
    facts(
      [
        ['Ends', fromNow(lease.endsAt, now)],
        ['Lease', lease.workflowId],
        ['Extended', lease.extensions === 1 ? 'once' : `${lease.extensions} times`],
      ],
      colours,
    ),
  ].join('\n');
}
