/**
 * Faults of the members, each under the path where the value at fault stands: at the member, or at the request as a whole
 * when the member has it from there. A shared fault is given once, with the members that it concerns unless all do.
 */
export function sortFaults(
  shared: object,
  { path, members }: { path: string; members: readonly object[] },
  ofMembers: readonly (readonly string[])[],
): string[] {
  const ofAll = new Map<string, number[]>();
  const faults: string[] = [];
  for (const [i, list] of ofMembers.entries()) {
    for (const fault of list) {
      if (isShared(shared, members[i]!, fault)) ofAll.set(fault, [...(ofAll.get(fault) ?? []), i]);
      else faults.push(`${path}.${i}.${fault}`);
    }
  }
  return [
    ...[...ofAll].map(([fault, concerned]) =>
      concerned.length === ofMembers.length
        ? fault
        : `${fault} (concerns ${concerned.map((i) => `${path}.${i}`).join(', ')})`,
    ),
    ...faults,
  ];
}

function isShared(shared: object, member: object, fault: string): boolean {
  const [top = '', below = ''] = fault.slice(0, fault.indexOf(':')).split('.');
  const has = (fields: object) => {
    const value: unknown = (fields as Record<string, unknown>)[top];
    return top === 'modify' && value !== undefined ? below in (value as object) : value !== undefined;
  };
  return !has(member) && has(shared);
}
