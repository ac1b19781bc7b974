/** The newest API version whose reference this client was written against. */
export const NEWEST_KNOWN_VERSION = '12.5';

/** First API version with a method, or with a parameter of one ("New since version" in the reference). */
export const minimumApiVersion = {
  CloneVolume: '9.6',
  'CloneVolume.enableSnapMirrorReplication': '10.0',
  'ModifyVolume.qosPolicyID': '10.0',
} as const;

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [a.split('.').map(Number), b.split('.').map(Number)];
  return (x[0] ?? 0) - (y[0] ?? 0) || (x[1] ?? 0) - (y[1] ?? 0);
}

/** The newest supported version that is not newer than what we know; the cluster's current one if all are newer. */
export function negotiate(supported: readonly string[], current: string): string {
  const known = supported.filter((v) => compareVersions(v, NEWEST_KNOWN_VERSION) <= 0).toSorted(compareVersions);
  return known.at(-1) ?? current;
}
