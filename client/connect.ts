import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { encryptionFromEnv, loadTemporalSettings } from '../connection/index.ts';
import { retriesUntilClosed } from './after-close.ts';
import { ServiceUnavailableError } from './errors.ts';
import { throughOutages } from './outage.ts';
import { translate } from './temporal-errors.ts';
import { tracingInterceptors } from './tracing.ts';

export interface ConnectOptions {
  /**
   * `host:port` of Temporal. Given, nothing is read from the environment: credentials meant for another server must
   * not travel to this one. @default the SDK's environment configuration (TEMPORAL_ADDRESS, profile file, …)
   */
  address?: string;
  /** @default TEMPORAL_NAMESPACE or the profile's, else `default` */
  namespace?: string;
  /** Only with `address`. */
  tls?: ConnectionOptions['tls'];
  /** Only with `address`. */
  apiKey?: string;
  /** How long to try while nobody answers, in milliseconds. @default 10_000 */
  timeoutMs?: number;
  /** Codec and converters, the same as the workers'. @default those of ELEMENT_CLONE_ENCRYPTION_KEYS…, without `address` */
  dataConverter?: DataConverter;
}

/** A connected Temporal client. Throws ServiceUnavailableError that names the address and what to do. */
export async function connectTemporal(options: ConnectOptions = {}): Promise<Client> {
  const { connectionOptions, namespace, dataConverter } = resolve(options);
  const address = connectionOptions.address ?? 'localhost:7233';
  const timeoutMs = options.timeoutMs ?? 10_000;
  try {
    // The channel itself tries again while the connection is refused; the loop is for a server that is still starting.
    const connection = await throughOutages(
      () => Connection.connect({ ...connectionOptions, connectTimeout: timeoutMs, interceptors: retriesUntilClosed() }),
      { forMs: timeoutMs },
    );
    return new Client({
      connection,
      namespace,
      ...(await tracingInterceptors()),
      ...(dataConverter === undefined ? {} : { dataConverter }),
    });
  } catch (err) {
    const error = translate(err, { namespace });
    if (error instanceof ServiceUnavailableError && error.reason !== 'unreachable') throw error;
    throw new ServiceUnavailableError(
      `No Temporal server answers at ${address}. Start one ("temporal server start-dev"), or set TEMPORAL_ADDRESS to the right host:port`,
      { reason: 'unreachable', cause: err },
    );
  }
}

interface Resolved {
  connectionOptions: ConnectionOptions;
  namespace: string;
  dataConverter: DataConverter | undefined;
}

function resolve(options: ConnectOptions): Resolved {
  if (options.address !== undefined) {
    const { address, tls, apiKey, namespace = 'default', dataConverter } = options;
    return {
      connectionOptions: {
        address,
        ...(tls === undefined ? {} : { tls }),
        ...(apiKey === undefined ? {} : { apiKey }),
      },
      namespace,
      dataConverter,
    };
  }
  try {
    const { connectionOptions, namespace, apiKey } = loadTemporalSettings();
    return {
      connectionOptions: { ...connectionOptions, ...(apiKey === undefined ? {} : { apiKey }) },
      namespace: options.namespace ?? namespace ?? 'default',
      dataConverter: options.dataConverter ?? encryptionFromEnv()?.dataConverter,
    };
  } catch (err) {
    throw new ServiceUnavailableError(
      `Temporal's settings cannot be used: ${err instanceof Error ? err.message : String(err)}; correct the variables TEMPORAL_* and ELEMENT_CLONE_*, or the profile file`,
      { reason: 'configuration', cause: err },
    );
  }
}
