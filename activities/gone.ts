import { FAILURE } from '../contracts/names.ts';
import { ElementApiError } from '../element/index.ts';
import { StepFailed } from './step.ts';

/** Makes calls about our clone: that there is no such volume means that somebody took it away. */
export async function onClone<T>(volumeID: number, calls: () => Promise<T>): Promise<T> {
  try {
    return await calls();
  } catch (err) {
    if (!(err instanceof ElementApiError && err.apiName === 'xVolumeIDDoesNotExist')) throw err;
    throw new StepFailed(`volume ${volumeID}, the clone, is gone: somebody deleted it (${err.message})`, {
      type: FAILURE.permanent,
      method: err.method,
      apiName: err.apiName,
    });
  }
}
