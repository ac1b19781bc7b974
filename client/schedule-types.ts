import type { CloneType } from '../contracts/clone-types.ts';
import type { FindOrphansRequest } from '../contracts/orphans.ts';
import { CLONE_TYPES } from './labels.ts';

/** Beside what makes clones: reports. Removing is nothing that happens unseen. */
export interface HousekeepingTypes {
  findOrphans: FindOrphansRequest;
}

/** Types of workflow that can be scheduled. Apart from the rest, which needs the schemas. */
export type ScheduleType = CloneType | 'runbook' | keyof HousekeepingTypes;

export const SCHEDULE_TYPES: readonly ScheduleType[] = [...CLONE_TYPES, 'runbook', 'findOrphans'];

export const isScheduleType = (type: string): type is ScheduleType =>
  (SCHEDULE_TYPES as readonly string[]).includes(type);
