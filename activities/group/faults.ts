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

/**
 * Faults of the members, each under the path where the value at fault stands: at the member, or at the group when the
 * member has it from there. A fault of the group is given once, with the members that it concerns unless all do.
 */
export function sortFaults(group: CloneGroupRequest, ofMembers: readonly (readonly string[])[]): string[] {
  const ofGroup = new Map<string, number[]>();
  const faults: string[] = [];
  for (const [i, list] of ofMembers.entries()) {
    for (const fault of list) {
      if (isFromGroup(group, i, fault)) ofGroup.set(fault, [...(ofGroup.get(fault) ?? []), i]);
      else faults.push(`volumes.${i}.${fault}`);
    }
  }
  return [
    ...[...ofGroup].map(([fault, concerned]) =>
      concerned.length === ofMembers.length
        ? fault
        : `${fault} (concerns ${concerned.map((i) => `volumes.${i}`).join(', ')})`,
    ),
    ...faults,
  ];
}

function isFromGroup(group: CloneGroupRequest, i: number, fault: string): boolean {
  const [top = '', below = ''] = fault.slice(0, fault.indexOf(':')).split('.');
  const has = (fields: object) => {
    const value: unknown = (fields as Record<string, unknown>)[top];
    return top === 'modify' && value !== undefined ? below in (value as object) : value !== undefined;
  };
  return !has(group.volumes[i]!) && has(group);
}
