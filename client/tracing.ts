import type { ClientOptions } from '@temporalio/client';
import { isTracingWanted } from '../contracts/tracing.ts';

/**
 * A span for each call of a client, by the tracer of the process it runs in; whoever has none pays nothing. Off unless
 * the standard variables of OpenTelemetry name a receiver. The library is loaded only then.
 */
export async function tracingInterceptors(
  env: NodeJS.ProcessEnv = process.env,
): Promise<Pick<ClientOptions, 'interceptors'>> {
  if (!isTracingWanted(env)) return {};
  const { OpenTelemetryWorkflowClientInterceptor } =
    await import('@temporalio/interceptors-opentelemetry/lib/client/index.js');
  return { interceptors: { workflow: [new OpenTelemetryWorkflowClientInterceptor()] } };
}
