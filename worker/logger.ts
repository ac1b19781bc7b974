import type { LogEntry, Logger, LogLevel } from '@temporalio/worker';
import { pino, type Logger as Pino } from 'pino';

/** Structured log lines (JSON) on stderr. Activity and workflow logs carry workflowId, runId and activityType. */
export const createLogger = (level = process.env['ELEMENT_CLONE_LOG_LEVEL'] ?? 'info'): Pino =>
  pino({ level, base: { service: 'element-clone' }, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));

const LEVELS: Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** What of the SDK's metadata helps a reader; task tokens and the like do not. */
const NOISE = new Set(['taskToken', 'sdkComponent', 'namespace', 'isLocal']);

/** The SDK's logger over pino, so that there is one stream in one shape. */
export function temporalLogger(log: Pino): Logger {
  const write = (level: LogLevel, message: string, meta: Record<string | symbol, unknown> = {}) => {
    const fields = Object.fromEntries(Object.entries(meta).filter(([k]) => !NOISE.has(k)));
    // pino has a serialiser for errors under this name.
    if (fields['error'] instanceof Error) {
      fields['err'] = fields['error'];
      delete fields['error'];
    }
    log[LEVELS[level]](fields, message);
  };
  return {
    log: (level: LogEntry['level'], message, meta) => write(level, message, meta),
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}
