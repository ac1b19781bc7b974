import { isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { NamespaceNotFoundError, ValueError } from '@temporalio/common';
import { DecryptionError } from '../connection/index.ts';
import { SEARCH_ATTRIBUTE_TYPES } from '../contracts/names.ts';
import { CloneNotFoundError, ServiceUnavailableError } from './errors.ts';

/** gRPC status codes that say something about the service and not about the call. */
const GRPC = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** The gRPC status in an error of the SDK, which wraps it once or twice. */
function grpcStatus(err: unknown): { code: number; text: string } | undefined {
  for (let e = err, depth = 0; e instanceof Error && depth < 4; e = e.cause, depth += 1) {
    if (isGrpcServiceError(e)) return { code: e.code, text: e.details || e.message };
  }
  return undefined;
}

/** True for errors that are over once the server is back. */
export function isOutage(err: unknown): boolean {
  if (err instanceof ServiceUnavailableError) return err.reason === 'unreachable';
  const code = grpcStatus(err)?.code;
  return code === GRPC.UNAVAILABLE || code === GRPC.DEADLINE_EXCEEDED || code === GRPC.RESOURCE_EXHAUSTED;
}

export interface Where {
  namespace: string;
  workflowId?: string;
}

/** What the SDK threw, as an error of this library; anything that is none of Temporal's passes as it is. */
export function translate(err: unknown, where: Where): unknown {
  if (err instanceof WorkflowNotFoundError) return notFound(where.workflowId ?? err.workflowId, err);
  if (err instanceof NamespaceNotFoundError) return namespaceNotFound(where.namespace, err);
  const unavailable = (reason: ServiceUnavailableError['reason'], message: string) =>
    new ServiceUnavailableError(message, { reason, cause: err });
  if (err instanceof DecryptionError) return unavailable('configuration', err.message);
  if (err instanceof ValueError && err.message.includes('binary/encrypted')) {
    return unavailable(
      'configuration',
      'What Temporal holds is encrypted, and this process has no keys; set ELEMENT_CLONE_ENCRYPTION_KEYS_FILE to the file that the workers use',
    );
  }
  const status = grpcStatus(err);
  if (status === undefined) return err;
  const { code, text } = status;
  if (code === GRPC.INVALID_ARGUMENT && /search attribute/i.test(text)) {
    return unavailable(
      'searchAttributesMissing',
      `The namespace "${where.namespace}" does not know this service's search attributes (${text}). Start a worker once, which registers them, or run: ${registrationCommand(where.namespace)}`,
    );
  }
  if (code === GRPC.NOT_FOUND && /namespace/i.test(text)) return namespaceNotFound(where.namespace, err);
  if (code === GRPC.NOT_FOUND && where.workflowId !== undefined) return notFound(where.workflowId, err);
  if (code === GRPC.PERMISSION_DENIED || code === GRPC.UNAUTHENTICATED) {
    return unavailable(
      'permissionDenied',
      `Temporal refused this caller (${text}); check TEMPORAL_API_KEY or the TLS certificate`,
    );
  }
  if (isOutage(err)) {
    return unavailable(
      'unreachable',
      `Temporal does not answer (${text}); check that the server runs and that TEMPORAL_ADDRESS names it`,
    );
  }
  return unavailable('refused', `Temporal refused the call: ${text}`);
}

export const notFound = (workflowId: string, cause?: unknown) =>
  new CloneNotFoundError(
    `There is no clone with the workflow ID "${workflowId}": it is mistyped, or it ended longer ago than the namespace keeps histories. "element-clone list" shows those there are`,
    { workflowId, cause },
  );

const namespaceNotFound = (namespace: string, cause: unknown) =>
  new ServiceUnavailableError(
    `Temporal has no namespace "${namespace}"; set TEMPORAL_NAMESPACE to the right one, or run: temporal operator namespace create --namespace ${namespace}`,
    { reason: 'namespaceNotFound', cause },
  );

const registrationCommand = (namespace: string) =>
  [
    `temporal operator search-attribute create --namespace ${namespace}`,
    ...Object.entries(SEARCH_ATTRIBUTE_TYPES).map(
      ([name, type]) => `--name ${name} --type ${type === 'INT' ? 'Int' : 'Keyword'}`,
    ),
  ].join(' ');
