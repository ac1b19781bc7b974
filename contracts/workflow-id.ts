/** Workflow IDs read as a sentence, since they are what people see first. */

const slug = (text: string) =>
  text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64) || 'clone';

/** 1 to 100 printable ASCII characters without spaces: what fits into a workflow ID. */
export const REQUEST_ID = /^[\x21-\x7e]{1,100}$/;

export const isRequestID = (value: unknown): value is string => typeof value === 'string' && REQUEST_ID.test(value);

/** The one workflow ID that may serve a requestId: the server refuses a second, which makes the key a lock. */
export const workflowIDForRequest = (requestId: string) => `clone-for-request-${requestId}`;

/** `volumes-42-43-and-10-more`: enough to recognise a group by. */
const volumesSlug = (volumeIDs: readonly number[]) => {
  const [first, second, ...more] = volumeIDs;
  const all = second === undefined ? `volume-${first}` : `volumes-${first}-${second}`;
  return more.length === 0 ? all : `${all}-and-${more.length}-more`;
};

/** ID for a group without a key: `clone-group-of-volumes-42-43-and-10-more-of-lab-k3j9x2p0aq`. */
export const workflowIDForGroup = (r: { cluster: string; volumes: readonly { volumeID: number }[] }, unique: string) =>
  `clone-group-of-${volumesSlug(r.volumes.map((v) => v.volumeID))}-of-${slug(r.cluster)}-${unique}`;

/** ID for a request without a key: `clone-volume-42-of-lab-to-db-uat-k3j9x2p0aq`. `unique` keeps two apart. */
export const workflowIDForClone = (r: { cluster: string; volumeID: number; name: string }, unique: string) =>
  `clone-volume-${r.volumeID}-of-${slug(r.cluster)}-to-${slug(r.name)}-${unique}`;

/** ID for a copy without a key: `copy-volume-42-of-lab-onto-volume-57-k3j9x2p0aq`. */
export const workflowIDForCopy = (r: { cluster: string; volumeID: number; dstVolumeID: number }, unique: string) =>
  `copy-volume-${r.volumeID}-of-${slug(r.cluster)}-onto-volume-${r.dstVolumeID}-${unique}`;

/** The one workflow that may take a copy back at a time; while it runs, nothing else is copied onto the volume. */
export const workflowIDForUndo = (workflowID: string) => `undo-${workflowID}`;

/** ID for a fan-out without a key: `fan-out-volume-42-of-lab-to-50-clones-k3j9x2p0aq`. */
export const workflowIDForFanOut = (
  r: { cluster: string; volumeID: number; clones: readonly unknown[] },
  unique: string,
) => `fan-out-volume-${r.volumeID}-of-${slug(r.cluster)}-to-${r.clones.length}-clones-${unique}`;

/** ID for a refresh without a key: `refresh-uat-db-of-lab-k3j9x2p0aq`. */
export const workflowIDForRefresh = (r: { series: string; clone: { cluster: string } }, unique: string) =>
  `refresh-${slug(r.series)}-of-${slug(r.clone.cluster)}-${unique}`;

/** ID for a run without a key: `runbook-refresh-uat-k3j9x2p0aq`. */
export const workflowIDForRunbook = (name: string, unique: string) => `runbook-${slug(name)}-${unique}`;

/** The requestId of one clone of a fan-out: the same however often the fan-out is reset or repeated. */
export const memberRequestID = (key: string, index: number, name: string) =>
  `${key}.${index + 1}.${slug(name)}`.slice(0, 100).replace(/[^\x21-\x7e]/g, '-');
