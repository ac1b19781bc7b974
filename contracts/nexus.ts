/**
 * Public entry `element-clone/nexus`: this service for workflows of other namespaces. An operation for each workflow type,
 * whose input and output are the workflow's own; schemas/ has them for other languages.
 */
import { operation, service } from 'nexus-rpc';
import type { WorkflowTypes } from './clone-types.ts';

type Types = WorkflowTypes;

/** Name of the service, in any language. */
export const NEXUS_SERVICE = 'element-clone';

/** Each operation is a workflow run: it takes as long as that, and is undone when it is cancelled. */
export const elementClone = service(NEXUS_SERVICE, {
  cloneVolume: operation<Types['cloneVolume']['request'], Types['cloneVolume']['result']>(),
  cloneGroup: operation<Types['cloneGroup']['request'], Types['cloneGroup']['result']>(),
  cloneFanOut: operation<Types['cloneFanOut']['request'], Types['cloneFanOut']['result']>(),
  copyVolume: operation<Types['copyVolume']['request'], Types['copyVolume']['result']>(),
  undoCopy: operation<Types['undoCopy']['request'], Types['undoCopy']['result']>(),
  refreshClone: operation<Types['refreshClone']['request'], Types['refreshClone']['result']>(),
  cloneLease: operation<Types['cloneLease']['request'], Types['cloneLease']['result']>(),
  runbook: operation<Types['runbook']['request'], Types['runbook']['result']>(),
});

export type * from './clone-types.ts';
