/** Workflow IDs read as a sentence, since they are what people see first. */

const slug = (text: string) =>
  text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64) || 'clone';

/** The one workflow ID that may serve a requestId: the server refuses a second, which makes the key a lock. */
export const workflowIDForRequest = (requestId: string) => `clone-for-request-${requestId}`;

/** ID for a request without a key: `clone-volume-42-of-lab-to-db-uat-k3j9x2p0aq`. `unique` keeps two apart. */
export const workflowIDForClone = (r: { cluster: string; volumeID: number; name: string }, unique: string) =>
  `clone-volume-${r.volumeID}-of-${slug(r.cluster)}-to-${slug(r.name)}-${unique}`;
