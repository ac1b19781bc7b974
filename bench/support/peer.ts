import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { vendorPython } from '../../test/support/vendor-venv.ts';
import type { PlannedClone } from './workload.ts';

const script = fileURLToPath(new URL('../peer/clone_script.py', import.meta.url));

/** What bench/peer/clone_script.py reports. Times in milliseconds since 1970. */
export interface PeerReport {
  startedMs: number;
  clones: { name: string; volumeID: number; refused: number; doneMs: number }[];
}

/** Runs the script: the vendor's Python SDK, a thread per clone. With `forSeconds` it gives up then, and reports no clone. */
export async function runPeer(
  endpoint: string,
  plan: readonly PlannedClone[],
  periodSeconds: number,
  forSeconds?: number,
): Promise<PeerReport> {
  const python = spawn(await vendorPython(), [script], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(python, 'close');
  const [out, err] = [text(python.stdout), text(python.stderr)];
  const clones = plan.map(({ name, volumeID }) => ({ name, volumeID }));
  python.stdin.end(JSON.stringify({ port: Number(new URL(endpoint).port), periodSeconds, forSeconds, clones }));
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`The script failed: ${(await err).trim()}`);
  return JSON.parse(await out) as PeerReport;
}
