import type { CloneType, RequestOf } from '../../contracts/clone-types.ts';
import { InvalidRequestError } from '../../contracts/faults.ts';
import { findOrphansSchema, parseHousekeeping } from '../../contracts/housekeeping-requests.ts';
import type { FindOrphansRequest } from '../../contracts/orphans.ts';
import { runbookLabel } from '../../contracts/label.ts';
import { parseRunbookRequest } from '../../contracts/runbook/check.ts';
import type { RunbookRequest } from '../../contracts/runbook/types.ts';
import { kindOf } from '../kinds.ts';
import { isCloneType, titleOf } from '../labels.ts';
import { isScheduleType, SCHEDULE_TYPES, type HousekeepingTypes, type ScheduleType } from '../schedule-types.ts';

export { isScheduleType, SCHEDULE_TYPES, type ScheduleType } from '../schedule-types.ts';

/** What each run is asked for. Its key and its time come from the schedule. */
export type ScheduledRequest<T extends ScheduleType = ScheduleType> = T extends CloneType
  ? Omit<RequestOf<T>, 'requestId' | 'nominalTime'>
  : T extends keyof HousekeepingTypes
    ? HousekeepingTypes[T]
    : T extends 'runbook'
      ? Omit<RunbookRequest, 'requestId'>
      : never;

interface ScheduleKind {
  /** @throws InvalidRequestError */
  parse(request: unknown): object;
  /** What a run does, in one line. */
  title(request: object): string;
  cluster(request: object): string | undefined;
  /** What ElementSeries says; the schedule's ID where there is none. */
  series?(request: object): string | undefined;
  /** Runs under a key, made of the schedule and the time, so that a repeated run is the same run. */
  keyed: boolean;
}

const OTHERS: Record<keyof HousekeepingTypes | 'runbook', ScheduleKind> = {
  runbook: {
    parse: (request) => parseRunbookRequest(request),
    title: (request) => runbookLabel(request),
    cluster: ({ runbook }: { runbook?: { cluster?: string } }) =>
      runbook?.cluster?.includes('${') === false ? runbook.cluster : undefined,
    keyed: true,
  },
  findOrphans: {
    parse: (request) => parseHousekeeping(findOrphansSchema, request),
    title: (request: FindOrphansRequest) => `Report orphans on ${request.cluster ?? 'all clusters'}`,
    cluster: (request: FindOrphansRequest) => request.cluster,
    keyed: false,
  },
};

export const scheduleKindOf = (type: ScheduleType): ScheduleKind =>
  isCloneType(type)
    ? {
        parse: (request) => kindOf(type).parse(request),
        title: (request) => titleOf(type, request as never),
        cluster: (request) => kindOf(type).cluster(request as never),
        series: (request) => kindOf(type).series?.(request as never),
        keyed: true,
      }
    : OTHERS[type];

/** Fields that would be the same for every run. */
const PER_RUN: Record<string, string> = {
  requestId:
    "would make every run the first one over again; leave it out: each run gets a key of its own, from the schedule's ID and the run's time",
  nominalTime: "is each run's own; leave it out: the schedule gives it",
};
/** The generation of a clone, which only a refresh counts up; the name of a refresh's series is text. */
const isGeneration = (field: string, value: unknown) => field === 'series' && typeof value === 'object';

/**
 * The request of a schedule, checked by its type's own schema.
 * @throws InvalidRequestError whose faults begin with `request.`
 */
export function parseScheduled(type: string, request: Record<string, unknown>): object {
  if (!isScheduleType(type)) {
    throw new InvalidRequestError(
      [`type: "${type}" cannot be scheduled; it must be one of ${SCHEDULE_TYPES.join(', ')}`],
      'schedule',
    );
  }
  const perRun = Object.keys(request).filter(
    (field) => request[field] !== undefined && (field in PER_RUN || isGeneration(field, request[field])),
  );
  const rest = Object.fromEntries(Object.entries(request).filter(([field]) => !perRun.includes(field)));
  const faults = perRun.map(
    (field) => `request.${field}: ${PER_RUN[field] ?? 'names one generation; schedule refreshClone instead'}`,
  );
  let parsed: object = {};
  try {
    parsed = scheduleKindOf(type).parse(rest);
  } catch (err) {
    if (!(err instanceof InvalidRequestError)) throw err;
    faults.push(...err.faults.map((f) => `request.${f.replace(/^request: /, '')}`));
  }
  if (faults.length > 0) throw new InvalidRequestError(faults, 'schedule');
  return parsed;
}

/** What a run does, in one line; the type alone when the request is none of ours. */
export const scheduleTitle = (type: string, request: object): string =>
  isScheduleType(type) ? scheduleKindOf(type).title(request) : type;

/** True when the requests of this type have a key. */
export const isKeyed = (type: string): boolean => isScheduleType(type) && scheduleKindOf(type).keyed;
