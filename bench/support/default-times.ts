import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterTimes } from '../../activities/index.ts';
import { loadConfig } from '../../worker/config.ts';

/** The times of a cluster whose configuration says nothing about them, read from the configuration's own code. */
export async function defaultTimes(): Promise<ClusterTimes> {
  const dir = await mkdtemp(join(tmpdir(), 'element-clone-bench-'));
  try {
    const file = join(dir, 'element-clone.yaml');
    await writeFile(
      file,
      'clusters: { lab: { endpoint: "https://127.0.0.1", username: a, password: { env: SECRET } } }',
    );
    const { lab } = (await loadConfig(file, { SECRET: 'unused' })).clusters;
    return {
      timeoutMs: lab!.timeoutSeconds * 1_000,
      settleMs: lab!.settleSeconds * 1_000,
      pollCapMs: lab!.pollCapSeconds * 1_000,
      stallMs: lab!.stallSeconds * 1_000,
      rotationMs: lab!.rotationSeconds * 1_000,
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
