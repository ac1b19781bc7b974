/** Public entry `element-clone/contracts`. Code of this project imports the single files instead. */
export * from './names.ts';
export * from './duration.ts';
export * from './faults.ts';
export {
  accessSchema,
  attributesSchema,
  modifySchema,
  qosSchema,
  snapshotOptionsSchema,
  VOLUME_SIZE_MAX,
  VOLUME_SIZE_MIN,
} from './fields.ts';
export * from './clone-volume.ts';
export * from './clone-group.ts';
export * from './clone-fan-out.ts';
export * from './copy-volume.ts';
export type * from './copy-result.ts';
export { parseRefreshCloneRequest, refreshCloneRequestSchema, type RefreshCloneRequest } from './refresh-clone.ts';
export type * from './refresh-clone-result.ts';
export * from './series.ts';
export * from './clone-lease.ts';
export * from './lease.ts';
export type * from './clone-result.ts';
export type * from './clone-group-result.ts';
export type * from './clone-types.ts';
export * from './clone-fan-out-result.ts';
export * from './slots.ts';
export * from './calendar.ts';
export * from './schedule.ts';
export * from './scheduled-run.ts';
export type * from './dry-run.ts';
export type * from './failure.ts';
export type * from './inventory.ts';
export * from './orphans.ts';
export * from './published-schemas.ts';
export * from './result-schemas.ts';
export * from './housekeeping-requests.ts';
export * from './progress.ts';
export * from './tag.ts';
export * from './workflow-id.ts';
