/**
 * Public entry `element-clone/workflow-client`: this service from somebody else's workflow. It brings neither the code of
 * the workflows nor the schemas into their bundle.
 */
export {
  execute,
  executeCloneFanOut,
  executeCloneGroup,
  executeCloneVolume,
  executeCopyVolume,
  executeRefreshClone,
  executeRunbook,
  executeUndoCopy,
  start,
  startCloneFanOut,
  startCloneGroup,
  startCloneLease,
  startCloneVolume,
  startCopyVolume,
  startRefreshClone,
  startRunbook,
  startUndoCopy,
  type Started,
  type StartOptions,
} from './children.ts';
export { failureOf, type FailureOf } from './failure.ts';
export { proxyCloneActivities, type CloneActivityProxies, type CloneActivityOptions } from './activities.ts';
export { ownerOf } from '../owner.ts';
export { DEFAULT_TASK_QUEUE } from '../../contracts/names.ts';
export type * from '../../contracts/clone-types.ts';
