/** By the standard variables of OpenTelemetry, and by nothing else: off unless there is somebody to send spans to. */
export const isTracingWanted = (env: Record<string, string | undefined>): boolean =>
  Boolean(env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT']) &&
  env['OTEL_SDK_DISABLED'] !== 'true' &&
  env['OTEL_TRACES_EXPORTER'] !== 'none';
