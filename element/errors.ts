import { isPermissionError, accessNeeded } from './access.ts';

/** Enough of the API's own words for a person; the whole is in `apiMessage`. */
const LONGEST_MESSAGE = 1_000;

/** The cluster answered with an error. `apiName` is what distinguishes errors: their code is 500 almost always. */
export class ElementApiError extends Error {
  override readonly name = 'ElementApiError' as const;
  readonly method: string;
  /** As the API calls it, such as `xVolumeIDDoesNotExist`. */
  readonly apiName: string;
  readonly apiMessage: string;
  readonly code: number;

  /** `subject` says what the call was about: ` of volumeID 42`. A refusal of the user says which access type it takes. */
  constructor(
    method: string,
    error: { name: string; message: string; code: number },
    { subject = '', username }: { subject?: string; username?: string } = {},
  ) {
    const said = error.message === '' ? '' : `: ${error.message.slice(0, LONGEST_MESSAGE)}`;
    const needed =
      username !== undefined && isPermissionError(error.name) ? ` (${accessNeeded(method, username)})` : '';
    super(`${method}${subject} failed with ${error.name}${said}${needed}`);
    this.method = method;
    this.apiName = error.name;
    this.apiMessage = error.message;
    this.code = error.code;
  }
}

/**
 * - `timeout`: no complete answer in the time the call was given;
 * - `connect`: no connection; `dns`: the name has no address; `tls`: no secure connection to the cluster meant;
 * - `reset`: the connection was lost; `http`: a status without an answer of the API; `notJson`, `tooLarge`: such a body;
 * - `aborted`: the caller's signal, or the client was closed; `credentials`: they could not be read on our side.
 */
export type TransportReason =
  'timeout' | 'connect' | 'dns' | 'tls' | 'reset' | 'http' | 'notJson' | 'tooLarge' | 'aborted' | 'credentials';

/** No usable answer came. */
export class ElementTransportError extends Error {
  override readonly name = 'ElementTransportError' as const;
  readonly method: string;
  readonly reason: TransportReason;
  /** The message without the call it belongs to. */
  readonly detail: string;
  readonly httpStatus: number | undefined;
  /** False only when the request certainly never reached the API: the call has had no effect. */
  readonly mayHaveActed: boolean;

  constructor(
    method: string,
    reason: TransportReason,
    detail: string,
    options: { httpStatus?: number | undefined; mayHaveActed: boolean; subject?: string },
  ) {
    super(`${method}${options.subject ?? ''}: ${detail}`);
    this.method = method;
    this.reason = reason;
    this.detail = detail;
    this.httpStatus = options.httpStatus;
    this.mayHaveActed = options.mayHaveActed;
  }
}

/** The cluster did not accept the user name and password (HTTP 401). The call has had no effect. */
export class ElementAuthError extends Error {
  override readonly name = 'ElementAuthError' as const;
  readonly method: string;
  readonly httpStatus = 401;
  readonly mayHaveActed = false;

  constructor(method: string, username: string) {
    super(
      `${method}: the cluster refused the credentials of user "${username}" (HTTP 401); correct them in the file or variable that the configuration names`,
    );
    this.method = method;
  }
}

/** The answer is JSON but not what the API's reference says. `path` is the member at fault. */
export class ElementProtocolError extends Error {
  override readonly name = 'ElementProtocolError' as const;
  readonly method: string;
  readonly path: string;

  constructor(method: string, path: string, message: string) {
    super(`${method}: unexpected answer at ${path}: ${message}`);
    this.method = method;
    this.path = path;
  }
}
