import type { Client } from '@temporalio/client';
import { throughOutages } from '../../client/outage.ts';

const OUTAGE_MS = 180_000;
const CALL_MS = 10_000;

/** A call to Temporal that outlives a restart of its server. May be repeated after it has acted. */
export const patiently = <T>(client: Client, call: () => Promise<T>): Promise<T> =>
  throughOutages(() => client.withDeadline(Date.now() + CALL_MS, call), { forMs: OUTAGE_MS });
