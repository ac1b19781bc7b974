/**
 * A value of a request that nobody has checked yet, for a summary: any SDK may have sent anything, and text that cannot
 * be made or is too long would fail the workflow task again and again instead of the request.
 */
export function label(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, 64);
  return typeof value === 'number' ? String(value) : '?';
}

/** What is cloned to what, in one line. */
export const cloneLabel = (request: { cluster?: unknown; volumeID?: unknown; name?: unknown } | null | undefined) =>
  `Clone volume ${label(request?.volumeID)} of ${label(request?.cluster)} → ${label(request?.name)}`;
