import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { SEARCH_ATTRIBUTE_TYPES } from '../contracts/names.ts';

/** Temporal's IndexedValueType. */
const INDEXED_VALUE_TYPE = { KEYWORD: 2, INT: 3 } as const;

export type SearchAttributeState =
  { state: 'present' | 'registered' } | { state: 'missing'; names: string[]; remedy: string };

/** The command that an administrator runs where this process may not register them (Temporal Cloud, for one). */
export const registrationCommand = (namespace: string, names: readonly string[]): string =>
  [
    'temporal operator search-attribute create',
    `--namespace ${namespace}`,
    ...names.map((name) => {
      const type = SEARCH_ATTRIBUTE_TYPES[name as keyof typeof SEARCH_ATTRIBUTE_TYPES];
      return `--name ${name} --type ${type === 'INT' ? 'Int' : 'Keyword'}`;
    }),
  ].join(' ');

/** Names of ours that the namespace does not know yet. */
export async function missingSearchAttributes(
  connection: Pick<NativeConnection, 'operatorService'>,
  namespace: string,
) {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.keys(SEARCH_ATTRIBUTE_TYPES).filter((name) => !(name in customAttributes));
}

const GRPC_UNAVAILABLE = 14;

export interface Patience {
  /** For how long Temporal may be there and not be able to answer, in milliseconds. @default 60_000 */
  giveUpMs?: number;
  pauseMs?: number;
}

/** A frontend accepts connections while its database is down; who starts then waits, as for a frontend that is not there. */
async function whileUnavailable<T>(ask: () => Promise<T>, { giveUpMs = 60_000, pauseMs = 1_000 }: Patience) {
  const giveUp = Date.now() + giveUpMs;
  for (;;) {
    try {
      return await ask();
    } catch (err) {
      const code: number | undefined = isGrpcServiceError(err) ? err.code : undefined;
      if (code !== GRPC_UNAVAILABLE || Date.now() + pauseMs > giveUp) throw err;
      await sleep(pauseMs);
    }
  }
}

/**
 * Registers what is missing. A workflow that sets an unregistered attribute does not fail, it hangs with a failing
 * workflow task for ever: so no worker starts without them.
 */
export async function ensureSearchAttributes(
  connection: Pick<NativeConnection, 'operatorService'>,
  namespace: string,
  patience: Patience = {},
): Promise<SearchAttributeState> {
  const names = await whileUnavailable(() => missingSearchAttributes(connection, namespace), patience);
  if (names.length === 0) return { state: 'present' };
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(
        names.map((n) => [n, INDEXED_VALUE_TYPE[SEARCH_ATTRIBUTE_TYPES[n as keyof typeof SEARCH_ATTRIBUTE_TYPES]]]),
      ),
    });
    return { state: 'registered' };
  } catch {
    // Two workers that start together race for this; the other one may have won.
    const still = await missingSearchAttributes(connection, namespace);
    if (still.length === 0) return { state: 'present' };
    return { state: 'missing', names: still, remedy: registrationCommand(namespace, still) };
  }
}
