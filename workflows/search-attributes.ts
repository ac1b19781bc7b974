import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { Phase } from '../contracts/names.ts';

const keys = {
  cluster: defineSearchAttributeKey('ElementCluster', 'KEYWORD'),
  phase: defineSearchAttributeKey('ElementPhase', 'KEYWORD'),
  sourceVolumeID: defineSearchAttributeKey('ElementSourceVolumeID', 'INT'),
  cloneVolumeID: defineSearchAttributeKey('ElementCloneVolumeID', 'INT'),
  series: defineSearchAttributeKey('ElementSeries', 'KEYWORD'),
};

export interface Facts {
  cluster?: string;
  /** `null`: in none. */
  phase?: Phase | null;
  sourceVolumeID?: number;
  cloneVolumeID?: number;
  series?: string;
}

/** Sets what differs from what is there already: each upsert is an event in the history. */
export function publish(facts: Facts): void {
  const known = workflowInfo().typedSearchAttributes;
  const changed = [
    ...(facts.cluster !== undefined && known.get(keys.cluster) !== facts.cluster
      ? [{ key: keys.cluster, value: facts.cluster }]
      : []),
    ...(facts.phase !== undefined && (known.get(keys.phase) ?? null) !== facts.phase
      ? [{ key: keys.phase, value: facts.phase }]
      : []),
    ...(facts.sourceVolumeID !== undefined && known.get(keys.sourceVolumeID) !== facts.sourceVolumeID
      ? [{ key: keys.sourceVolumeID, value: facts.sourceVolumeID }]
      : []),
    ...(facts.cloneVolumeID !== undefined && known.get(keys.cloneVolumeID) !== facts.cloneVolumeID
      ? [{ key: keys.cloneVolumeID, value: facts.cloneVolumeID }]
      : []),
    ...(facts.series !== undefined && known.get(keys.series) !== facts.series
      ? [{ key: keys.series, value: facts.series }]
      : []),
  ];
  if (changed.length > 0) upsertSearchAttributes(changed);
}

/** What a lease is started with, so that it need not set it itself. */
export const leaseSearchAttributes = (lease: {
  cluster: string;
  volumeID: number;
  clone?: { sourceVolumeID: number } | undefined;
}): SearchAttributePair[] => [
  { key: keys.cluster, value: lease.cluster },
  { key: keys.phase, value: 'waiting' },
  { key: keys.cloneVolumeID, value: lease.volumeID },
  ...(lease.clone === undefined ? [] : [{ key: keys.sourceVolumeID, value: lease.clone.sourceVolumeID }]),
];
