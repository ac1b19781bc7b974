import { setWorkflowOptions, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { cloneLease } from './clone-lease.ts';
import { cloneSlots } from './clone-slots.ts';

/*
 * Part of the bundle of versioned workers only: from any other the server refuses what says how it is versioned. What may
 * outlive many versions goes on to the current one; all else ends with the version that began it: docs/decisions/versions.md.
 */
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, cloneSlots);
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, cloneLease);

/** The bundler takes this module for one of interceptors, which is how it gets into one bundle and not the other. */
export const interceptors: WorkflowInterceptorsFactory = () => ({});
