import { ElementApiError } from '../element/index.ts';

/** Makes a call whose aim may have been reached before: the named errors say so, and are success. */
export async function doneAlready(names: readonly string[], call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (err) {
    if (!(err instanceof ElementApiError && names.includes(err.apiName))) throw err;
  }
}
