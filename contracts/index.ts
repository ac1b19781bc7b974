/** Public entry `element-clone/contracts`. Code of this project imports the single files instead. */
export * from './names.ts';
export * from './duration.ts';
export * from './faults.ts';
export * from './clone-volume.ts';
export type * from './clone-result.ts';
export type * from './failure.ts';
export type * from './inventory.ts';
export * from './orphans.ts';
export * from './housekeeping-requests.ts';
export type * from './progress.ts';
export * from './tag.ts';
export * from './workflow-id.ts';
