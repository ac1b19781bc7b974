import { z } from 'zod';

/** Where metrics and health are served. */
export interface MonitoringConfig {
  /** @default 127.0.0.1 */
  host: string;
  /** 0: any that is free, see the log. */
  port: number;
}

const port = 'must be a port, 0 to 65535 (0: any that is free)';

export const monitoringSchema = z.strictObject(
  {
    host: z.string({ error: 'must be an address of this machine, such as 0.0.0.0' }).min(1).default('127.0.0.1'),
    port: z.int({ error: port }).min(0, { error: port }).max(65_535, { error: port }),
  },
  { error: 'must have a port, such as { port: 9464 }' },
);

/** `ELEMENT_CLONE_MONITORING`, which wins over the file: `9464`, `0.0.0.0:9464`, `[::]:9464`, or `off`. */
export function monitoringFrom(
  env: NodeJS.ProcessEnv,
  file: MonitoringConfig | undefined,
): MonitoringConfig | undefined {
  const text = env['ELEMENT_CLONE_MONITORING'];
  if (text === undefined || text === '') return file;
  if (text === 'off') return undefined;
  const [, v6, host, digits] = /^(?:(?:\[([0-9A-Fa-f:]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? [];
  if (digits === undefined || Number(digits) > 65_535) {
    throw new Error('ELEMENT_CLONE_MONITORING must be a port, HOST:PORT or "off", such as 0.0.0.0:9464');
  }
  return { host: v6 ?? host ?? file?.host ?? '127.0.0.1', port: Number(digits) };
}
