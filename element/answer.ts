import { ElementApiError, ElementProtocolError, ElementTransportError } from './errors.ts';
import type { HttpAnswer } from './exchange.ts';

/** Where an answer belongs: for messages, and to see that it answers our request. */
export interface Question {
  method: string;
  subject: string;
  id: number;
  /** Who asks. */
  username: string;
}

/** The result in an answer, or the error that it carries. A body that is not JSON-RPC is no answer of the API. */
export function readAnswer({ method, subject, id, username }: Question, { status, text }: HttpAnswer): unknown {
  const body = parse(text);
  if (!isObject(body) || !('result' in body || 'error' in body)) {
    const json = body !== undefined;
    const httpStatus = status;
    if (status !== 200) {
      // 4xx: the API's front refused. 5xx: nobody knows how far it got.
      throw new ElementTransportError(method, 'http', httpFault(status), {
        subject,
        httpStatus,
        mayHaveActed: status < 400 || status >= 500,
      });
    }
    const message = json ? 'the answer is JSON but not of the Element API' : 'the answer is not JSON';
    throw new ElementTransportError(method, 'notJson', message, { subject, httpStatus, mayHaveActed: true });
  }
  // Null and none are let pass: the reference shows both in its examples.
  if (body['id'] !== undefined && body['id'] !== null && body['id'] !== id) {
    throw new ElementProtocolError(method, 'id', 'it answers another request');
  }
  const error = body['error'];
  if (error !== undefined && error !== null) throw apiError({ method, subject, username }, error);
  if (!('result' in body)) throw new ElementProtocolError(method, 'result', 'it is missing');
  return body['result'];
}

function apiError({ method, subject, username }: Omit<Question, 'id'>, error: unknown): Error {
  if (!isObject(error)) return new ElementProtocolError(method, 'error', 'it is not an object');
  const { name, message, code } = error;
  return new ElementApiError(
    method,
    {
      name: typeof name === 'string' && name !== '' ? name : 'xUnknown',
      message: typeof message === 'string' ? message : '',
      code: typeof code === 'number' ? code : 500,
    },
    { subject, username },
  );
}

function httpFault(status: number): string {
  if (status === 404)
    return 'HTTP 404: nothing answers at this path; check endpoint and apiVersion in the configuration';
  if (status === 403) return 'HTTP 403: the request was refused before it reached the Element API';
  return `HTTP ${status} without an answer of the Element API`;
}

/** `undefined` when it is not JSON, which has no such value. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
