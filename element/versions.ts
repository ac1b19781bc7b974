import type { ElementMethods } from './api.ts';

/** The newest API version whose reference this client was written against. */
export const NEWEST_KNOWN_VERSION = '12.5';

/** The oldest version that the reference covers; most methods have been there before. */
const REFERENCE_BEGINS = '9.6';

/**
 * First API version with a method ("New since version" in its page of the reference) or with a parameter of one (the
 * vendor's SDK, which marks them), as far as it is not older than the reference.
 */
export const minimumApiVersion = {
  CloneVolume: REFERENCE_BEGINS,
  CloneMultipleVolumes: REFERENCE_BEGINS,
  CopyVolume: REFERENCE_BEGINS,
  ModifyVolume: REFERENCE_BEGINS,
  CreateSnapshot: REFERENCE_BEGINS,
  CreateGroupSnapshot: REFERENCE_BEGINS,
  ListVolumes: REFERENCE_BEGINS,
  GetCurrentClusterAdmin: '10.0',
  GetQoSPolicy: '10.0',
  ListQoSPolicies: '10.0',
  'CloneVolume.enableSnapMirrorReplication': '10.0',
  'CloneMultipleVolumes.enableSnapMirrorReplication': '10.0',
  'ModifyVolume.qosPolicyID': '10.0',
} as const satisfies Partial<Record<ApiName | `${ApiName}.${string}`, string>>;

/** `CloneVolume` for `cloneVolume`. */
type ApiName = Capitalize<keyof ElementMethods>;

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
