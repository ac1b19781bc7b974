import { isObject } from './json-object.ts';

/** JSON with sorted keys and without undefined members: equal texts mean equal requests. */
export function stableJSON(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    isObject(v) ? Object.fromEntries(Object.entries(v).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) : v,
  );
}
