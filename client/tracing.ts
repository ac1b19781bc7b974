import type { ClientOptions } from '@temporalio/client';

/**
 * A span for each call of a client, by the tracer of the process it runs in; whoever has none pays nothing. Off unless
 * the standard variables of OpenTelemetry name a receiver. The library is loaded only then.
 */
export async function tracingInterceptors(
  env: NodeJS.ProcessEnv = process.env,
): Promise<Pick<ClientOptions, 'interceptors'>> {
  if (!(env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT'])) return {};
  const { OpenTelemetryWorkflowClientInterceptor } =
    await import('@temporalio/interceptors-opentelemetry/lib/client/index.js');
  return { interceptors: { workflow: [new OpenTelemetryWorkflowClientInterceptor()] } };
}
