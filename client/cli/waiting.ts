import type { Io } from './io.ts';
import { note } from './output.ts';

/** After this a person wonders whether anything happens. */
const PATIENCE_MS = 5_000;

/** Waits for a worker's answer, and says so when it takes long. */
export async function whileWaiting<T>(io: Io, answer: Promise<T>): Promise<T> {
  const timer = setTimeout(() => note(io, 'Waiting for a worker …'), PATIENCE_MS);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
  }
}
