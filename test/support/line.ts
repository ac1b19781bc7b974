import { SLOTS, slotsWorkflowID, type LineView } from '../../contracts/slots.ts';
import type { Service } from './service.ts';

export const lineHandle = (service: Pick<Service, 'client' | 'taskQueue'>, cluster = 'lab') =>
  service.client.workflow.getHandle(slotsWorkflowID(cluster, service.taskQueue));

/** The line for the clone slots of a service's cluster, as it is now. */
export const lineOf = (service: Pick<Service, 'client' | 'taskQueue'>): Promise<LineView> =>
  lineHandle(service).query<LineView>(SLOTS.line);
