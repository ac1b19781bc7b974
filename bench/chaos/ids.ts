import { startOptions } from '../../client/start-options.ts';
import { TYPE_OF } from './kinds.ts';
import type { Planned } from './planned.ts';

export const TASK_QUEUE = 'chaos';

/** How the request is made. */
export const startOf = ({ kind, request, unique }: Planned) => startOptions(TYPE_OF[kind], request, TASK_QUEUE, unique);

/** The workflow that serves the request; what it makes itself carries its ID. */
export const holderOf = (planned: Planned): string => startOf(planned).workflowId;

/** The workflow of another ID that asks for the same requestId. */
export const repeatOf = ({ unique }: Planned): string => `chaos-again-${unique}`;
