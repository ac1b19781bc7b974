import { unwatchFile, watchFile } from 'node:fs';
import type { ConnectionLike } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { TemporalSettings } from '../connection/index.ts';
import { reason } from './secrets.ts';

/** As for the configuration: a mounted secret is exchanged by a link. */
const LOOK_MS = 5_000;
/** A certificate and its key are two files: both are there by then, or the next look takes them. */
const PAIR_MS = 1_000;
/** Answers that are under way on a connection come within a long poll. */
const DRAIN_MS = 90_000;

/** A connection for clients that stay while it is exchanged for another. */
export function liveConnection(first: NativeConnection) {
  let current = first;
  const connection = new Proxy(first, {
    get: (_first, key) => {
      const value: unknown = Reflect.get(current, key, current);
      return typeof value === 'function' ? (value as () => unknown).bind(current) : value;
    },
  });
  return {
    connection: connection as ConnectionLike,
    current: () => current,
    /** The one before is closed once nothing is under way on it. */
    replace(next: NativeConnection) {
      const before = current;
      current = next;
      setTimeout(() => void before.close().catch(() => {}), DRAIN_MS).unref();
    },
  };
}

export interface CredentialsOptions {
  settings: TemporalSettings;
  live: ReturnType<typeof liveConnection>;
  /** A connection by the settings as they are now. */
  connect: () => Promise<NativeConnection>;
  /** Hands it to the worker. */
  use: (connection: NativeConnection) => void;
  log: Pick<Logger, 'info' | 'error'>;
  /** Milliseconds between two looks at the files. @default 5_000 */
  lookMs?: number;
}

/**
 * Goes on with renewed credentials for Temporal, without a restart: when their files have changed, or on SIGHUP. Those that
 * cannot be used change nothing, and are said.
 */
export function followCredentials({
  settings: { apiKey, files },
  live,
  connect,
  use,
  log,
  lookMs = LOOK_MS,
}: CredentialsOptions): { stop(): void } {
  let last = Promise.resolve();
  let waiting: NodeJS.Timeout | undefined;
  const after = (what: string, renew: () => Promise<void>) => {
    last = last.then(async () => {
      try {
        await renew();
        log.info({ what }, 'Credentials for Temporal renewed');
      } catch (err) {
        log.error(
          { what, error: reason(err) },
          'The changed credentials for Temporal cannot be used; those before stay',
        );
      }
    });
  };
  const renewKey = () => after('API key', async () => live.current().setApiKey(apiKey!()));
  const reconnect = () =>
    after('certificates', async () => {
      const next = await connect();
      use(next);
      live.replace(next);
    });
  const onCertificate = () => {
    clearTimeout(waiting);
    waiting = setTimeout(reconnect, PAIR_MS);
  };
  const onSignal = () => {
    if (files.certificates.length > 0) reconnect();
    else if (apiKey !== undefined) renewKey();
  };
  const watched = [
    ...files.certificates.map((file) => [file, onChange(onCertificate)] as const),
    ...(files.apiKey === undefined ? [] : [[files.apiKey, onChange(renewKey)] as const]),
  ];
  for (const [file, listener] of watched) watchFile(file, { interval: lookMs, persistent: false }, listener);
  process.on('SIGHUP', onSignal);
  return {
    stop() {
      clearTimeout(waiting);
      process.off('SIGHUP', onSignal);
      for (const [file, listener] of watched) unwatchFile(file, listener);
    },
  };
}

interface Stats {
  mtimeMs: number;
  size: number;
  ino: number;
}

const onChange = (then: () => void) => (now: Stats, before: Stats) => {
  const isThere = now.mtimeMs !== 0;
  if (isThere && (now.mtimeMs !== before.mtimeMs || now.size !== before.size || now.ino !== before.ino)) then();
};
