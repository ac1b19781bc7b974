import stringWidth from 'string-width';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { progressLine, renderProgress, stepsWithout } from '../../client/cli/render/progress.ts';
import { age, duration, fit, plain } from '../../client/cli/render/text.ts';
import type { CloneProgressView } from '../../client/index.ts';

const copying: CloneProgressView = {
  workflowId: 'clone-1',
  phase: 'cloning',
  step: 'awaitClone',
  message: 'copying',
  percent: 57.3,
  extrapolated: true,
  currentBytes: 5_730_000_000,
  totalBytes: 10_000_000_000,
  bytesPerSecond: 120_000_000,
  remainingTime: 36,
  volumeID: 100,
  cloneID: 7,
};
const wide = { columns: 100, colour: false };

describe('a progress display', () => {
  test('shows the steps, the bar with its figures, and what is happening', () => {
    const [title, steps, bar, now] = renderProgress(copying, { ...wide, title: 'Clone volume 42 of lab → db' }).split(
      '\n',
    );
    expect(title).toBe('Clone volume 42 of lab → db');
    expect(steps).toBe('✓ check  ✓ snapshot  ✓ start  ▶ copy  · modify  · grant  · verify  · clean up');
    expect(bar).toMatch(/^█+[▏▎▍▌▋▊▉]?░+ ~57\.3 %  5\.73 GB of 10 GB  120 MB\/s  36s left$/);
    expect(now).toBe('copying · volume 100 · cloneID 7');
  });

  test('fills the bar in proportion', () => {
    const filled = (percent: number) =>
      renderProgress({ ...copying, percent }, wide)
        .split('\n')[1]!
        .match(/█/g)?.length ?? 0;
    expect(filled(0)).toBe(0);
    expect(filled(50)).toBe(19);
    expect(filled(100)).toBe(38);
  });

  test.each([20, 40, 60, 80, 200])('fits into %i columns', (columns) => {
    const message = 'waiting for a clone slot: 2 clone jobs running on volume 42 (xMaxClonesPerVolumeExceeded)';
    for (const view of [copying, { ...copying, message }, { ...copying, percent: 0, extrapolated: false }]) {
      for (const line of renderProgress(view, { columns, colour: true, title: 'Clone → データベース'.repeat(8) }).split(
        '\n',
      )) {
        expect(stringWidth(line)).toBeLessThanOrEqual(columns);
      }
    }
  });

  test('says the same with and without colour', () => {
    const coloured = renderProgress(copying, { ...wide, colour: true });
    expect(coloured).toContain('\u001b[');
    expect(stripVTControlCharacters(coloured)).toBe(renderProgress(copying, wide));
  });

  test('ticks every step of a clone that is done', () => {
    const { step: _step, ...rest } = copying;
    const text = renderProgress({ ...rest, phase: 'done', percent: 100, message: 'done' }, wide);
    expect(text).toContain('✓ clean up');
    expect(text).toContain('✓ done');
  });

  test('never shows a hundred percent before the cluster says so', () => {
    expect(renderProgress({ ...copying, percent: 99.97 }, wide)).toContain('~99.9 %');
    expect(progressLine({ ...copying, percent: 99.97 })).toContain('~99.9 %');
  });

  test('leaves out steps that the request does not lead to', () => {
    const skip = stepsWithout({ cluster: 'lab', volumeID: 1, name: 'a', snapshotID: 5 });
    const text = renderProgress(copying, { ...wide, skip });
    expect(text).not.toContain('snapshot');
    expect(text).not.toContain('grant');
    expect(stepsWithout({ cluster: 'lab', volumeID: 1, name: 'a', volumeAccessGroups: [3] })).toEqual([]);
  });

  test('cannot be made to move the cursor by a name or a message', () => {
    const text = renderProgress({ ...copying, message: 'a\u001b[2Jb\rc' }, { ...wide, title: 'x\u0007\u202ey' });
    // eslint-disable-next-line no-control-regex -- they are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  test('in one line, for a log', () => {
    expect(progressLine(copying)).toBe('cloning · ~57.3 % · 5.73 GB of 10 GB · 120 MB/s · 36s left · copying');
  });
});

describe('text', () => {
  test('is cut at the width of what it shows, not of its characters', () => {
    expect(fit('データベース', 5)).toBe('デー…');
    expect(fit('short', 5)).toBe('short');
    expect(fit('anything', 0)).toBe('');
  });

  test('keeps its lines and loses its controls', () => {
    expect(plain('a\nb\u001b[31m')).toBe('a\nb\ufffd[31m');
  });

  test('tells times as people do', () => {
    expect(duration(12_345)).toBe('12s');
    expect(duration(3_725_000)).toBe('1h 2m');
    expect(duration(-5)).toBe('0ms');
    expect(age(59_999)).toBe('59s');
    expect(age(7_300_000)).toBe('2h');
  });
});
