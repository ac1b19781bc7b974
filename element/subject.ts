/** Parameters that say what a call was about, in the order of telling. Never attributes: they may be long. */
const TELLING = [
  'volumeID',
  'dstVolumeID',
  'volumeIDs',
  'volumes',
  'snapshotID',
  'groupSnapshotID',
  'cloneID',
  'groupCloneID',
  'asyncHandle',
  'volumeAccessGroupID',
  'accountID',
  'qosPolicyID',
  'name',
] as const;

const LONGEST = 80;
const MOST_IDS = 5;

/** ` of volumeID 42, name "db-uat"`; empty for a call without telling parameters. */
export function subjectOf(params: object): string {
  const parts = TELLING.flatMap((key) => {
    const value = (params as Record<string, unknown>)[key];
    return value === undefined ? [] : [`${key} ${show(value)}`];
  });
  return parts.length === 0 ? '' : ` of ${parts.join(', ')}`;
}

function show(value: unknown): string {
  if (Array.isArray(value)) {
    const more = value.length - MOST_IDS;
    return value.slice(0, MOST_IDS).map(idOf).join('+') + (more > 0 ? ` and ${more} more` : '');
  }
  const text = JSON.stringify(value) ?? '';
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** CloneMultipleVolumes lists objects, the other methods plain IDs. */
const idOf = (item: unknown): string =>
  String(typeof item === 'object' && item !== null && 'volumeID' in item ? item.volumeID : item);
