import { log } from '@temporalio/activity';
import { FAILURE } from '../../contracts/names.ts';
import { ElementApiError, ElementAuthError, ElementProtocolError, ElementTransportError } from '../../element/index.ts';
import { NotYet, type StepContext } from '../step.ts';

/** Errors of the cluster, or of the way to it. */
const OF_THE_CLUSTER = [ElementApiError, ElementAuthError, ElementProtocolError, ElementTransportError];

/**
 * A lease outlives what makes a cluster say no or nothing: outages, upgrades, credentials that change. So its looks never
 * fail for good, they are taken again at their own pace. After many looks the retry policy's pause would be its longest.
 */
export async function patiently<T>(ctx: StepContext, pauseMs: number, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (err) {
    if (!(err instanceof Error && OF_THE_CLUSTER.some((known) => err instanceof known))) throw err;
    log.warn('A leased volume cannot be looked at', { cluster: ctx.alias, error: err.message });
    throw new NotYet(`it cannot be looked at, which is tried again: ${err.message}`, pauseMs, FAILURE.transient);
  }
}
