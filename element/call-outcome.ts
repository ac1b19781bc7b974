import type { CallOutcome } from '../contracts/metrics.ts';
import { isPermissionError } from './access.ts';
import { classify } from './classify.ts';
import { ElementApiError, ElementAuthError, ElementTransportError } from './errors.ts';

/** One of a few words for each of the many ways in which a call can fail. */
export function outcomeOf(err: unknown): Exclude<CallOutcome, 'ok'> {
  if (err instanceof ElementAuthError) return 'credentials';
  if (err instanceof ElementTransportError) {
    const { reason } = err;
    return reason === 'timeout' || reason === 'aborted' || reason === 'credentials' ? reason : 'unreachable';
  }
  if (!(err instanceof ElementApiError)) return 'error';
  if (isPermissionError(err.apiName)) return 'permission';
  const { kind } = classify(err);
  return kind === 'busy' || kind === 'transient' ? kind : 'error';
}
