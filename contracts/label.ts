/**
 * A value of a request that nobody has checked yet, for a summary: any SDK may have sent anything, and text that cannot
 * be made or is too long would fail the workflow task again and again instead of the request.
 */
export function label(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, 64);
  return typeof value === 'number' ? String(value) : '?';
}

/** `volumes 42, 43 and 10 more`. */
export function volumesLabel(volumes: unknown): string {
  const ids = (Array.isArray(volumes) ? (volumes as unknown[]) : []).map((v) =>
    label(typeof v === 'object' && v !== null && 'volumeID' in v ? v.volumeID : undefined),
  );
  if (ids.length === 0) return 'volumes ?';
  if (ids.length === 1) return `volume ${ids[0]}`;
  const [first, second, ...more] = ids;
  return more.length === 0 ? `volumes ${first} and ${second}` : `volumes ${first}, ${second} and ${more.length} more`;
}

/** Which volumes are cloned together, in one line. */
export const groupLabel = (request: { cluster?: unknown; volumes?: unknown } | null | undefined) =>
  `Clone ${volumesLabel(request?.volumes)} of ${label(request?.cluster)} as a group`;

/** Which series of which cluster is refreshed from what, in one line. */
export const refreshLabel = (r: { series?: unknown; clone?: unknown } | null | undefined) => {
  const clone = (r?.clone ?? {}) as { cluster?: unknown; volumeID?: unknown; volumes?: unknown };
  const what = clone.volumes === undefined ? `volume ${label(clone.volumeID)}` : volumesLabel(clone.volumes);
  return `Refresh ${label(r?.series)} from ${what} of ${label(clone.cluster)}`;
};

/** What is cloned to what, in one line. */
export const cloneLabel = (request: { cluster?: unknown; volumeID?: unknown; name?: unknown } | null | undefined) =>
  `Clone volume ${label(request?.volumeID)} of ${label(request?.cluster)} → ${label(request?.name)}`;

/** What is copied onto what, in one line. */
export const copyLabel = (
  request: { cluster?: unknown; volumeID?: unknown; dstVolumeID?: unknown } | null | undefined,
) => `Copy volume ${label(request?.volumeID)} of ${label(request?.cluster)} onto volume ${label(request?.dstVolumeID)}`;

/** Which copy is taken back, in one line. */
export const undoCopyLabel = (request: { cluster?: unknown; dstVolumeID?: unknown } | null | undefined) =>
  `Take back the copy onto volume ${label(request?.dstVolumeID)} of ${label(request?.cluster)}`;

/** `volume 42 of lab to 50 clones`. */
export const fanOutWhat = (r: { cluster?: unknown; volumeID?: unknown; clones?: unknown } | null | undefined) =>
  `volume ${label(r?.volumeID)} of cluster ${label(r?.cluster)} to ${Array.isArray(r?.clones) ? r.clones.length : '?'} clones`;

/** Which volume is cloned how often, in one line. */
export const fanOutLabel = (request: Parameters<typeof fanOutWhat>[0]) => `Fan out ${fanOutWhat(request)}`;

/** Which runbook, in one line. */
export const runbookLabel = (r: { runbook?: unknown } | null | undefined) =>
  `Runbook ${label((r?.runbook as { name?: unknown } | null | undefined)?.name)}`;
