import { readTag, type OwnershipTag } from '../../contracts/tag.ts';
import type { Cluster } from '../../simulator/index.ts';

/** One object that a call over the API has made, whatever became of its answer and of itself. `copy`: a job onto a volume. */
export interface Made {
  kind: 'volume' | 'snapshot' | 'groupSnapshot' | 'copy';
  /** volumeID, snapshotID, groupSnapshotID or cloneID. */
  id: number;
  /** Of a copy: that of the snapshot which it reads. */
  tag: OwnershipTag | undefined;
}

type Params = Record<string, unknown>;

/** Notes everything that is made over the API from now on: the cluster itself forgets what was taken away again. */
export function keepLedger(cluster: Cluster): Made[] {
  const made: Made[] = [];
  const call = cluster.call.bind(cluster);
  cluster.call = (given) => {
    const answer = call(given);
    const { method, params } = given;
    const tag = readTag(params['attributes']);
    if (method === 'CloneVolume') made.push({ kind: 'volume', id: Number(answer['volumeID']), tag });
    if (method === 'CreateSnapshot') made.push({ kind: 'snapshot', id: Number(answer['snapshotID']), tag });
    if (method === 'CreateGroupSnapshot')
      made.push({ kind: 'groupSnapshot', id: Number(answer['groupSnapshotID']), tag });
    if (method === 'CloneMultipleVolumes') made.push(...membersMade(params, answer));
    if (method === 'CopyVolume') {
      const read = made.find((m) => m.kind === 'snapshot' && m.id === params['snapshotID']);
      made.push({ kind: 'copy', id: Number(answer['cloneID']), tag: read?.tag });
    }
    return answer;
  };
  return made;
}

function membersMade(params: Params, answer: Params): Made[] {
  const asked = params['volumes'] as (Params & { volumeID: number })[];
  return (answer['members'] as { srcVolumeID: number; volumeID: number }[]).map(({ srcVolumeID, volumeID }) => ({
    kind: 'volume',
    id: volumeID,
    tag: readTag(asked.find((v) => v.volumeID === srcVolumeID)?.['attributes'] ?? params['attributes']),
  }));
}
