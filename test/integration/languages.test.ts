import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startService, type Service } from '../support/service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { examplePython } from '../support/vendor-venv.ts';

const run = promisify(execFile);
const examples = fileURLToPath(new URL('../../examples/', import.meta.url));

let service: Service;
beforeAll(async () => {
  service = await startService({
    simulator: {
      behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0 },
      faults: [
        { kind: 'error', method: 'ModifyVolume', name: 'xUnknownAccount', match: { 'attributes.drill': 'fail' } },
      ],
    },
  });
});
afterAll(() => service?.stop());

test('the example in Python clones, reads how a clone failed and was refused, and never clones twice', async () => {
  const dir = await tempDir();
  const key = randomUUID();
  const files = await Promise.all(
    ['clone', 'fails', 'refused'].map(async (name) => {
      const request = JSON.parse(await readFile(join(examples, 'requests', `${name}.json`), 'utf8')) as object;
      const file = join(dir, `${name}.json`);
      await writeFile(file, JSON.stringify({ ...request, requestId: `${name}-${key}` }));
      return file;
    }),
  );
  const { stdout } = await run(await examplePython(), [join(examples, 'python/clone.py'), ...files, files[0]!], {
    env: { ...process.env, TEMPORAL_ADDRESS: service.address, ELEMENT_CLONE_TASK_QUEUE: service.taskQueue },
    timeout: 100_000,
  });
  const [volume] = service.simulator.cluster.state().volumes.filter((v) => v.name === 'uat');
  const ready = `  volume ${volume?.volumeID} "uat", ${String(volume?.totalSize)} bytes`;
  expect(stdout.trimEnd().split('\n')).toEqual([
    `clone-for-request-clone-${key}`,
    ready,
    `clone-for-request-fails-${key}`,
    '  failed in step modifyVolume (ModifyVolume: xUnknownAccount)',
    expect.stringMatching(/^ {4}undone: volume \d+ deleted; snapshot \d+ deleted$/),
    '    left behind: nothing',
    `clone-for-request-refused-${key}`,
    '  refused, nothing was created:',
    '    - name: must not be empty',
    '    - colour: unknown field; remove it or correct its spelling',
    expect.stringMatching(/^join-clone-/),
    ready,
  ]);
}, 300_000);
