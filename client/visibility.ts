import type { CloneType } from '../contracts/clone-types.ts';
import type { Phase } from '../contracts/names.ts';
import { CLONE_TYPES } from './labels.ts';

/** The state of the workflow itself, as visibility queries name it. */
export const STATUSES = ['Running', 'Completed', 'Failed', 'Canceled', 'Terminated', 'TimedOut'] as const;
export type Status = (typeof STATUSES)[number];

export interface ListFilter {
  /** Only workflows of this type. @default all that make clones */
  type?: CloneType;
  cluster?: string;
  phase?: Phase;
  /** Name of the recurring job that made the clone. */
  series?: string;
  sourceVolumeID?: number;
  status?: Status;
}

/** A string literal of the query language. */
export const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** The visibility query for clones like these. */
export function visibilityQuery(filter: ListFilter): string {
  const { type, cluster, phase, series, sourceVolumeID, status } = filter;
  if (sourceVolumeID !== undefined && !Number.isSafeInteger(sourceVolumeID)) {
    throw new TypeError(`sourceVolumeID must be a whole number, not ${sourceVolumeID}`);
  }
  return [
    type === undefined ? `WorkflowType IN (${CLONE_TYPES.map(quote).join(', ')})` : `WorkflowType = ${quote(type)}`,
    ...(cluster === undefined ? [] : [`ElementCluster = ${quote(cluster)}`]),
    ...(phase === undefined ? [] : [`ElementPhase = ${quote(phase)}`]),
    ...(series === undefined ? [] : [`ElementSeries = ${quote(series)}`]),
    ...(sourceVolumeID === undefined ? [] : [`ElementSourceVolumeID = ${sourceVolumeID}`]),
    ...(status === undefined ? [] : [`ExecutionStatus = ${quote(status)}`]),
  ].join(' AND ');
}
