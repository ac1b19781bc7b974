import type { CloneGroupRequest } from '../../contracts/clone-group.ts';
import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';

/** Clones of one group have different names, those that are named by default too. */
export function nameFaults(group: CloneGroupRequest, members: readonly CloneVolumeRequest[]): string[] {
  const first = new Map<string, number>();
  return members.flatMap(({ name }, i) => {
    const before = first.get(name);
    if (before === undefined) {
      first.set(name, i);
      return [];
    }
    const byDefault = [before, i].filter((m) => group.volumes[m]!.name === undefined);
    const why = byDefault.length === 0 ? '' : `, by default for ${byDefault.map((m) => `volumes.${m}`).join(' and ')}`;
    return [
      `volumes.${i}.name: volumes.${before} is called ${JSON.stringify(name)} already${why}; give it another name`,
    ];
  });
}
