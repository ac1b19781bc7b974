/** Variables that hold a secret, whatever the configuration says. */
const SECRETS = [
  'TEMPORAL_API_KEY',
  'ELEMENT_CLONE_ENCRYPTION_KEYS',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
];

/** An environment for this process alone: what is read from it cannot be read from `process.env` any more. */
export interface WithheldEnv {
  env: NodeJS.ProcessEnv;
  /** These and the well-known ones leave `process.env`. */
  withhold: (names: readonly string[]) => void;
}

/**
 * Diagnostic reports of Node, which `--report-on-fatalerror` and the like write to a file, hold the environment of the
 * process at that moment; so do its children. The secrets among it are kept where neither finds them.
 */
export function withheldEnv(): WithheldEnv {
  // Node 20 has no such switch, and threads of Node 22 do not heed it: theirs is a copy of what is left when they begin.
  if (process.report && 'excludeEnv' in process.report) process.report.excludeEnv = true;
  return {
    env: { ...process.env },
    withhold: (names) => {
      for (const name of [...SECRETS, ...names]) delete process.env[name];
    },
  };
}
