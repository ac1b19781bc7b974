import { expect, test } from 'vitest';
import { watchClone } from '../../client/cli/watch.ts';
import type { CloneProgressView } from '../../client/index.ts';
import { fakeIo } from '../support/fake-io.ts';

type Look = [phase: CloneProgressView['phase'], message: string, percent: number];

/** The lines that a watch without a terminal writes of these looks. */
async function linesOf(looks: readonly Look[]): Promise<string[]> {
  const io = fakeIo();
  async function* progress() {
    for (const [phase, message, percent] of looks) {
      yield { workflowId: 'clone', phase, message, percent, extrapolated: false };
    }
  }
  await watchClone(io, { workflowId: 'clone', progress }, { to: io.out });
  return io.stdout().trimEnd().split('\n');
}

test('without a terminal a watch writes what has changed, and a percentage when it has grown by five', async () => {
  const lines = await linesOf([
    ['waiting', 'checking the request', 0],
    ['waiting', 'checking the request', 0],
    ['cloning', 'copying', 1],
    ['cloning', 'copying', 5],
    ['cloning', 'copying', 6],
    ['cloning', 'stalled', 6],
    ['done', 'done', 100],
  ]);
  expect(lines).toEqual([
    'waiting · 0 % · checking the request',
    'cloning · 1.0 % · copying',
    'cloning · 6.0 % · copying',
    'cloning · 6.0 % · stalled',
    'done · 100 %',
  ]);
});

test('a look between two steps, which knows the phase alone, writes no line', async () => {
  const lines = await linesOf([
    ['cloning', 'cloning', 0],
    ['cloning', 'asking for the clone', 0],
    ['cloning', 'cloning', 0],
    ['cloning', 'copying', 0],
    ['modifying', 'modifying', 100],
    ['modifying', 'comparing the volume with the request', 100],
    ['modifying', 'modifying', 100],
    ['done', 'done', 100],
  ]);
  expect(lines).toEqual([
    'cloning · 0 %',
    'cloning · 0 % · asking for the clone',
    'cloning · 0 % · copying',
    'modifying · 100 %',
    'modifying · 100 % · comparing the volume with the request',
    'done · 100 %',
  ]);
});
