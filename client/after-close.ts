import { defaultGrpcRetryOptions, makeGrpcRetryInterceptor, type ConnectionOptions } from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Parameters<Interceptor>[1]>;
/** By its type the class, of which nothing but this interface is used. */
type Intercepting = ReturnType<Interceptor>;

type Status = Parameters<NonNullable<Parameters<Call['start']>[1]>['onReceiveStatus'] & {}>[0]['code'];

/** The gRPC status CANCELLED, which nobody tries again. */
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum is of a package that only the SDK depends on
const CANCELLED = 1 as Status;

/**
 * The SDK's own retries of calls, for a connection that may be closed while one is waiting to be tried again. A channel that
 * is closed refuses by throwing, which from the SDK's timer would end the process; the call fails instead.
 */
export const retriesUntilClosed = (): Interceptor[] => [
  makeGrpcRetryInterceptor(defaultGrpcRetryOptions()),
  (options, nextCall) => {
    try {
      return nextCall(options) as Intercepting;
    } catch (err) {
      return failing(err instanceof Error ? err.message : String(err)) as Intercepting;
    }
  },
];

const failing = (details: string): Call => ({
  start: (metadata, listener) =>
    queueMicrotask(() => {
      // As any call without an answer does: the SDK counts on it.
      listener?.onReceiveMessage?.(null);
      listener?.onReceiveStatus?.({ code: CANCELLED, details, metadata });
    }),
  sendMessage() {},
  sendMessageWithContext() {},
  startRead() {},
  halfClose() {},
  cancelWithStatus() {},
  getPeer: () => '',
  getAuthContext: () => null,
});
