import { readTag, type OwnershipTag } from '../../contracts/tag.ts';
import type { Cluster } from '../../simulator/index.ts';

/** One volume or snapshot that a call over the API has made, whatever became of its answer and of itself. */
export interface Made {
  kind: 'volume' | 'snapshot';
  id: number;
  tag: OwnershipTag | undefined;
}

/** Notes everything that is made over the API from now on: the cluster itself forgets what was taken away again. */
export function keepLedger(cluster: Cluster): Made[] {
  const made: Made[] = [];
  const call = cluster.call.bind(cluster);
  cluster.call = (given) => {
    const answer = call(given);
    const tag = readTag(given.params['attributes']);
    if (given.method === 'CloneVolume') made.push({ kind: 'volume', id: Number(answer['volumeID']), tag });
    if (given.method === 'CreateSnapshot') made.push({ kind: 'snapshot', id: Number(answer['snapshotID']), tag });
    return answer;
  };
  return made;
}
