/** The cluster answered with an error. `apiName` is what distinguishes errors: their code is 500 almost always. */
export class ElementApiError extends Error {
  override readonly name = 'ElementApiError' as const;
  readonly method: string;
  readonly apiName: string;
  readonly apiMessage: string;
  readonly code: number;

  constructor(method: string, error: { name: string; message: string; code: number }, subject = '') {
    super(`${method}${subject} failed with ${error.name}: ${error.message}`);
    this.method = method;
    this.apiName = error.name;
    this.apiMessage = error.message;
    this.code = error.code;
  }
}

export type TransportReason =
  'timeout' | 'connect' | 'dns' | 'tls' | 'reset' | 'http' | 'notJson' | 'tooLarge' | 'aborted';

/** No usable answer came. */
export class ElementTransportError extends Error {
  override readonly name = 'ElementTransportError' as const;
  readonly method: string;
  readonly reason: TransportReason;
  readonly httpStatus: number | undefined;
  /** False only when the request certainly never reached the API: the call has had no effect. */
  readonly mayHaveActed: boolean;

  constructor(
    method: string,
    reason: TransportReason,
    message: string,
    options: { httpStatus?: number; mayHaveActed: boolean },
  ) {
    super(`${method}: ${message}`);
    this.method = method;
    this.reason = reason;
    this.httpStatus = options.httpStatus;
    this.mayHaveActed = options.mayHaveActed;
  }
}

/** The cluster did not accept the user name and password (HTTP 401). The call has had no effect. */
export class ElementAuthError extends Error {
  override readonly name = 'ElementAuthError' as const;
  readonly method: string;

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
