import { ElementError } from './errors.ts';

/** One request of the API; `id` is given back as it came. */
export interface ApiRequest {
  version: string;
  method: string;
  params: Record<string, unknown>;
  id: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads the body of a POST. "The API does not currently support batch requests." */
export const parseRequest = (body: string, version: string): ApiRequest | ElementError => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return new ElementError('xInvalidJSON', 'The request is not JSON.');
  }
  if (!isObject(parsed)) return new ElementError('xInvalidJSON', 'The request is not one JSON object.');
  const { method, params = {}, id = null } = parsed;
  if (typeof method !== 'string') return new ElementError('xMissingParameter', 'Missing parameter method.');
  if (params !== null && !isObject(params)) {
    return new ElementError('xInvalidParameterType', 'Parameter params has a wrong type: expected object.');
  }
  return { version, method, params: params ?? {}, id };
};
