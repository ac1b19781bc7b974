import { AsyncLocalStorage } from 'node:async_hooks';
import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type ContextManager,
} from '@opentelemetry/api';
import type { WorkerPlugin } from '@temporalio/worker';
import { isTracingWanted } from '../contracts/tracing.ts';
import type { CallInfo } from '../element/index.ts';

/** Spans of this process on their way to an OTLP receiver. */
export interface Tracing {
  /** For a worker: spans of its workflows and activities. */
  plugin: WorkerPlugin;
  /** A span for a call of the Element API that has ended, in the activity that made it. */
  onCall(cluster: string, info: CallInfo): void;
  /** Sends what is left. */
  stop(): Promise<void>;
}

/** Once per process. Its libraries are loaded only now: without tracing they cost nothing. */
export async function startTracing(service: string): Promise<Tracing | undefined> {
  if (!isTracingWanted(process.env)) return undefined;
  const [{ OpenTelemetryPlugin }, { OTLPTraceExporter }, { Resource }, sdk] = await Promise.all([
    import('@temporalio/interceptors-opentelemetry'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-base'),
  ]);
  const resource = new Resource({ 'service.name': process.env['OTEL_SERVICE_NAME'] ?? service });
  // Endpoint and headers are read from the standard variables.
  const spanProcessor = new sdk.BatchSpanProcessor(new OTLPTraceExporter());
  const provider = new sdk.BasicTracerProvider({ resource, spanProcessors: [spanProcessor] });
  provider.register({ contextManager: new AsyncContext() });
  const tracer = trace.getTracer('element-clone');
  return {
    plugin: new OpenTelemetryPlugin({ resource, spanProcessor }),
    onCall(cluster, { method, outcome, errorName, durationMs }) {
      const endTime = Date.now();
      const attributes = {
        'rpc.system': 'jsonrpc',
        'rpc.service': 'element',
        'rpc.method': method,
        'element.cluster': cluster,
        'element.outcome': outcome,
        ...(errorName === undefined ? {} : { 'error.type': errorName }),
      };
      const options = { kind: SpanKind.CLIENT, startTime: endTime - durationMs, attributes };
      const span = tracer.startSpan(`Element:${method}`, options, context.active());
      if (outcome !== 'ok') span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(endTime);
    },
    stop: () => provider.shutdown(),
  };
}

/** What OpenTelemetry needs to know which span an asynchronous call belongs to. */
class AsyncContext implements ContextManager {
  private readonly storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    of: Context,
    fn: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.storage.run(of, () => fn.call(self, ...args));
  }

  bind<T>(of: Context, target: T): T {
    if (typeof target !== 'function') return target;
    const fn = target as unknown as (...args: unknown[]) => unknown;
    return ((...args: unknown[]) => this.storage.run(of, () => fn(...args))) as T;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.storage.disable();
    return this;
  }
}
