import { TAG_ATTRIBUTE } from './names.ts';

/** `undo`: the snapshot of a volume from before a copy onto it; `sourceVolumeID` is then that volume. */
const STEPS = ['snapshot', 'groupSnapshot', 'clone', 'undo'] as const;

/**
 * The ownership tag: one attribute that every object made by this service carries. It is the same over retries,
 * worker restarts and workflow resets, and differs between two separate requests.
 */
export interface OwnershipTag {
  /** requestId, or the first run's ID when there is none. */
  request: string;
  workflowID: string;
  step: (typeof STEPS)[number];
  /** Of a group snapshot: the first volume of the group. */
  sourceVolumeID: number;
  requestedBy?: string;
  /** Stamped on a finished clone. A copy that somebody makes of it inherits the tag, but not this ID. */
  volumeID?: number;
  /** Which generation of which series the clone is. */
  series?: string;
  generation?: number;
  /** When the generation went into service (ISO 8601). One whose run failed before has none. */
  served?: string;
  /** Stamped with it: the workflow that will delete the clone when its lease is over, or has. */
  lease?: string;
}

const VERSION = '1';

/** The tag as attribute value: short, since all attributes of a volume share less than 1000 bytes. */
export function formatTag(tag: OwnershipTag): string {
  const fields: [string, string | number | undefined][] = [
    ['v', VERSION],
    ['step', tag.step],
    ['request', tag.request],
    ['workflow', tag.workflowID],
    ['source', tag.sourceVolumeID],
    ['volume', tag.volumeID],
    ['by', tag.requestedBy],
    ['series', tag.series],
    ['generation', tag.generation],
    ['served', tag.served],
    ['lease', tag.lease],
  ];
  return fields.flatMap(([k, v]) => (v === undefined ? [] : [`${k}=${encodeURIComponent(wellFormed(v))}`])).join('&');
}

/** Half a character, as a text cut in the middle of an emoji ends with, cannot be encoded. */
const wellFormed = (value: string | number) => String(value).replace(/\p{Surrogate}/gu, '\uFFFD');

/** NaN for what is no ID. */
const idOf = (text: string | undefined) => (text !== undefined && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : NaN);

/** Every field of the tag in an object's attributes as text, those of later versions too. */
export function tagFields(attributes: unknown): ReadonlyMap<string, string> | undefined {
  if (attributes === null || typeof attributes !== 'object') return undefined;
  const value = (attributes as Record<string, unknown>)[TAG_ATTRIBUTE];
  if (typeof value !== 'string') return undefined;
  const fields = new Map<string, string>();
  for (const pair of value.split('&')) {
    const at = pair.indexOf('=');
    if (at < 1) return undefined;
    try {
      fields.set(pair.slice(0, at), decodeURIComponent(pair.slice(at + 1)));
    } catch {
      return undefined;
    }
  }
  return fields;
}

/** The tag in an object's attributes, if this service (any version of it) put one there. */
export function readTag(attributes: unknown): OwnershipTag | undefined {
  const fields = tagFields(attributes);
  if (fields === undefined) return undefined;
  const [request, workflowID] = [fields.get('request'), fields.get('workflow')];
  const step = STEPS.find((s) => s === fields.get('step'));
  const sourceVolumeID = idOf(fields.get('source'));
  if (fields.get('v') !== VERSION || !request || !workflowID || Number.isNaN(sourceVolumeID)) return undefined;
  if (step === undefined) return undefined;
  const volumeID = fields.has('volume') ? idOf(fields.get('volume')) : undefined;
  if (Number.isNaN(volumeID)) return undefined;
  const [requestedBy, lease] = [fields.get('by'), fields.get('lease')];
  const [series, served] = [fields.get('series'), fields.get('served')];
  const generation = idOf(fields.get('generation'));
  return {
    request,
    workflowID,
    step,
    sourceVolumeID,
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(volumeID === undefined ? {} : { volumeID }),
    ...(series === undefined || Number.isNaN(generation) ? {} : { series, generation }),
    ...(served === undefined ? {} : { served }),
    ...(lease === undefined ? {} : { lease }),
  };
}

/** Why an object with a tag is left alone all the same: the tag is in a format that this version does not know. */
export function unreadableTag(attributes: unknown): string | undefined {
  const version = tagFields(attributes)?.get('v');
  if (version === undefined || version === VERSION) return undefined;
  return `carries an ownership tag of format ${JSON.stringify(version.slice(0, 20))}; this version of the service reads format ${VERSION} and leaves all else alone: ask a worker of the newer version`;
}

/** The attributes that an object of ours gets: the wanted ones and the tag. */
export const withTag = (attributes: Record<string, unknown>, tag: OwnershipTag): Record<string, unknown> => ({
  ...withoutTag(attributes),
  [TAG_ATTRIBUTE]: formatTag(tag),
});

/**
 * The attributes with a note in the tag that the volume was deleted as an orphan, and when (ISO 8601). Should somebody
 * restore it, the note says that it is wanted.
 */
export const withRemovalNote = (attributes: Record<string, unknown>, removedAt: string): Record<string, unknown> => {
  const noted = String(attributes[TAG_ATTRIBUTE]).replace(/&removed=[^&]*/g, '');
  return { ...attributes, [TAG_ATTRIBUTE]: `${noted}&removed=${encodeURIComponent(removedAt)}` };
};

/**
 * The attributes with a note in the tag that the volume's generation is in service, and since when (ISO 8601). A volume with
 * new content is another `generation` than before.
 */
export function withServed(
  attributes: Record<string, unknown>,
  served: string,
  generation?: number,
): Record<string, unknown> {
  const tag = String(attributes[TAG_ATTRIBUTE]).replace(/&served=[^&]*/g, '');
  const numbered = generation === undefined ? tag : tag.replace(/&generation=[^&]*/, `&generation=${generation}`);
  return { ...attributes, [TAG_ATTRIBUTE]: `${numbered}&served=${encodeURIComponent(served)}` };
}

/** When the volume was deleted as an orphan, if it was. */
export const removalNote = (attributes: unknown): string | undefined => tagFields(attributes)?.get('removed');

/** The attributes without any tag of ours: what the user sees, and what a clone inherits. */
export function withoutTag(attributes: Record<string, unknown>): Record<string, unknown> {
  const { [TAG_ATTRIBUTE]: _tag, ...rest } = attributes;
  return rest;
}

/**
 * True when the volume with this ID is the work of exactly this request and step. A clone that somebody made of our
 * clone has inherited the stamped tag, whose volumeID is not its own: it is not ours.
 */
export function isOwn(tag: OwnershipTag | undefined, own: OwnershipTag, objectID: number): boolean {
  return (
    tag !== undefined &&
    tag.request === own.request &&
    tag.step === own.step &&
    tag.sourceVolumeID === own.sourceVolumeID &&
    (tag.volumeID === undefined || tag.volumeID === objectID)
  );
}
