import type { Generation, GenerationVolume } from '../../contracts/refresh-clone-result.ts';
import { readTag } from '../../contracts/tag.ts';
import type { ElementClient, Volume } from '../../element/index.ts';

/** The volumes that one run made. */
export interface Made {
  generation: number;
  /** The requestId of what made them. */
  request: string;
  volumes: Volume[];
  /** Was in service once: by its mark, or because it is in a group. Else its run failed before. */
  counts: boolean;
}

export interface Series {
  /** Newest first. */
  generations: Made[];
  /** The highest number that a generation ever had, as far as the cluster tells. */
  highest: number;
  /** What made those of which no volume is left, as far as the cluster tells. */
  deleted: Set<string>;
}

/** A finished clone of the series: its tag carries its own ID, which a copy that somebody made of it does not. */
function tagIn(volume: Volume, series: string) {
  const tag = readTag(volume.attributes);
  const own = tag?.step === 'clone' && tag.series === series && tag.volumeID === volume.volumeID;
  return own && tag.generation !== undefined ? { ...tag, generation: tag.generation } : undefined;
}

/** The generations of a series that are on the cluster, found by their tags. */
export async function findSeries(api: ElementClient, series: string): Promise<Series> {
  const { volumes } = await api.listVolumes({ includeVirtualVolumes: false });
  const runs = new Map<string, Made>();
  let highest = 0;
  const deleted = new Set<string>();
  for (const volume of volumes.toSorted((a, b) => a.volumeID - b.volumeID)) {
    const tag = tagIn(volume, series);
    if (tag === undefined) continue;
    const { generation, request } = tag;
    const isLive = volume.status !== 'deleted';
    if (isLive || tag.served !== undefined) highest = Math.max(highest, generation);
    if (!isLive) {
      deleted.add(request);
      continue;
    }
    const key = `${generation} ${request}`;
    const run = runs.get(key) ?? { generation, request, volumes: [], counts: false };
    run.volumes.push(volume);
    run.counts ||= tag.served !== undefined || volume.volumeAccessGroups.length > 0;
    runs.set(key, run);
  }
  const generations = [...runs.values()].toSorted((a, b) => b.generation - a.generation);
  for (const { request } of generations) deleted.delete(request);
  return { generations, highest, deleted };
}

export const sourceOf = (volume: Volume): number => readTag(volume.attributes)!.sourceVolumeID;

const viewOf = (volume: Volume): GenerationVolume => ({
  sourceVolumeID: sourceOf(volume),
  volumeID: volume.volumeID,
  name: volume.name,
});

export const generationOf = ({ generation, volumes }: Made): Generation => ({
  generation,
  volumes: volumes.map(viewOf),
});
