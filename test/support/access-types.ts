/** Access types of cluster admins that a method of the API may take. */
export const ACCESS_TYPES = [
  'accounts',
  'clusterAdmin',
  'drives',
  'nodes',
  'read',
  'reporting',
  'repositories',
  'volumes',
  'write',
];
