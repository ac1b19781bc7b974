import type { LeaseView } from '../../contracts/lease.ts';
import { escapeMarkdown as escape } from '../markdown.ts';

/** `2026-12-01 08:00:00 UTC`. */
const clock = (iso: string) => iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');

const volumeText = ({ volumeID, name, cluster }: LeaseView) =>
  `volume ${volumeID}${name === undefined ? '' : ` "${name}"`} of cluster ${cluster}`;

export const leaseTitle = (lease: LeaseView) => `Lease of ${volumeText(lease)}`;

/** What will be deleted when, who asked, and how to change it: Markdown, for the Temporal UI. */
export function leaseDetails(leaseID: string, lease: LeaseView, message?: string): string {
  const facts: [string, string | undefined][] = [
    ['Clone of volume', lease.sourceVolumeID?.toString()],
    ['Made by', lease.cloneWorkflowID],
    ['For', lease.requestedBy],
    ['Ends', clock(lease.endsAt)],
    ['Extended', extended(lease)],
  ];
  const list = facts.flatMap(([name, value]) => (value === undefined ? [] : [`- ${name}: ${escape(value)}`]));
  return [
    `### ${escape(leaseTitle(lease))}`,
    escape(message ?? sentenceOf(lease)),
    list.join('\n'),
    ...(lease.state === 'running' || lease.state === 'ending' ? [howTo(leaseID)] : []),
  ].join('\n\n');
}

function extended({ extensions, extendedBy }: LeaseView): string | undefined {
  if (extensions === 0) return undefined;
  const times = extensions === 1 ? 'once' : `${extensions} times`;
  return extendedBy === undefined ? times : `${times}, last by ${extendedBy}`;
}

function sentenceOf(lease: LeaseView): string {
  switch (lease.state) {
    case 'running':
      if (lease.endsSoon) {
        return `⚠ The lease ends soon: on ${clock(lease.endsAt)} volume ${lease.volumeID} is deleted, unless the lease is extended or released.`;
      }
      return `On ${clock(lease.endsAt)} volume ${lease.volumeID} is deleted, unless the lease is extended or released.`;
    case 'ending':
      return lease.problem === undefined
        ? `The lease is over. While somebody still uses volume ${lease.volumeID} (who: see Pending Activities, Last Failure) it is kept, until ${clock(lease.graceEndsAt ?? lease.endsAt)} at the latest.`
        : `The lease is over, and the cluster refuses to delete volume ${lease.volumeID}, which is tried again: ${lease.problem}`;
    case 'deleting':
      return `Deleting volume ${lease.volumeID}.`;
    case 'ended':
      return 'The lease has ended.';
  }
}

/** As code, so that it can be copied as it stands. */
const howTo = (leaseID: string) =>
  [
    'To keep it longer, or for good:',
    `    element-clone lease extend ${leaseID} --by 24h\n    element-clone lease release ${leaseID}`,
    'From any SDK: the updates `extend` (`{"by": "24h"}` or `{"until": "…"}`) and `release`.',
  ].join('\n\n');
