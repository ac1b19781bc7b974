import type { Fault, Path } from './fault.ts';

/** Bytes of a request with its document: it stands twice in what starts a run, of which Temporal takes 2 MiB. */
export const REQUEST_BYTES_MAX = 500_000;
/** Lists and objects within one another. */
export const DEPTH_MAX = 64;

/** Why a value cannot be sent as JSON, or is too large to be. In time proportional to what may be sent. */
export function jsonFault(value: unknown): Fault | undefined {
  const todo: { value: unknown; path: Path }[] = [{ value, path: [] }];
  let bytes = 0;
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { value: at, path } = next;
    bytes += sizeOf(at);
    if (bytes > REQUEST_BYTES_MAX) {
      return {
        path: [],
        message: `is larger than ${REQUEST_BYTES_MAX} bytes of JSON; put parts of it into runbooks that are started by themselves`,
      };
    }
    if (path.length > DEPTH_MAX) return { path: path.slice(0, 8), message: `is nested deeper than ${DEPTH_MAX}` };
    if (at === null || typeof at === 'string' || typeof at === 'boolean' || at === undefined) continue;
    if (typeof at === 'number') {
      if (!Number.isFinite(at)) return { path, message: `${at} is no number that can be sent as JSON` };
      continue;
    }
    if (typeof at !== 'object') return { path, message: `a ${typeof at} cannot be sent as JSON` };
    if (Array.isArray(at) && at.length > REQUEST_BYTES_MAX) bytes = Infinity;
    else if (Array.isArray(at)) at.forEach((member: unknown, i) => todo.push({ value: member, path: [...path, i] }));
    else {
      for (const [key, member] of Object.entries(at)) {
        bytes += sizeOf(key);
        todo.push({ value: member, path: [...path, key] });
      }
    }
    if (todo.length > REQUEST_BYTES_MAX) bytes = Infinity;
  }
  return undefined;
}

/** With a comma. Of what is far too long no more is looked at. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length > REQUEST_BYTES_MAX ? Infinity : bytesOf(value) + 1;
  if (typeof value === 'number') return String(value).length + 1;
  return typeof value === 'object' && value !== null ? 3 : 6;
}

/** As people read it: text as it is. */
export const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null));

/** The bytes that it has as JSON, exactly. */
export const bytesOf = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value) ?? '').length;
