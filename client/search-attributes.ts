import { defineSearchAttributeKey } from '@temporalio/common';

/** Typed keys of the search attributes that a clone carries. */
export const KEYS = {
  cluster: defineSearchAttributeKey('ElementCluster', 'KEYWORD'),
  phase: defineSearchAttributeKey('ElementPhase', 'KEYWORD'),
  sourceVolumeID: defineSearchAttributeKey('ElementSourceVolumeID', 'INT'),
  cloneVolumeID: defineSearchAttributeKey('ElementCloneVolumeID', 'INT'),
  series: defineSearchAttributeKey('ElementSeries', 'KEYWORD'),
};
