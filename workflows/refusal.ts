import { invalidRequest } from './failure.ts';

/** The refusal of a request is what callers go by, not that an activity failed. */
export function rethrowRefusal(err: unknown): never {
  throw invalidRequest(err) ?? err;
}
