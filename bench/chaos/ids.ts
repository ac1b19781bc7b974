import { startOptions } from '../../client/start-options.ts';
import type { PlannedClone } from './plan-clones.ts';

export const TASK_QUEUE = 'chaos';

/** The workflow that makes the clone, and whose ID its tag carries. */
export const holderOf = ({ request, unique }: PlannedClone): string =>
  startOptions('cloneVolume', request, TASK_QUEUE, unique).workflowId;

/** The workflow of another ID that asks for the same requestId. */
export const repeatOf = ({ unique }: PlannedClone): string => `chaos-again-${unique}`;
