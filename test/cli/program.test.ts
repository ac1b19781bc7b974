import { describe, expect, test } from 'vitest';
import { wantsColour } from '../../client/cli/io.ts';
import { createProgram, run } from '../../client/cli/program.ts';
import { fakeIo } from '../support/fake-io.ts';

const ran = async (...args: string[]) => {
  const io = fakeIo();
  const code = await run(args, io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
};

describe('help', () => {
  test('lists the commands there are', () => {
    const names = createProgram(fakeIo(), () => {}).commands.map((c) => c.name());
    expect(names).toEqual([
      'clone',
      'group',
      'fan-out',
      'refresh',
      'copy',
      'watch',
      'list',
      'show',
      'cancel',
      'lease',
      'runbook',
      'schedule',
      'inventory',
      'orphans',
      'worker',
      'doctor',
      'codec-server',
      'simulator',
    ]);
  });

  test('is output when it was asked for, and not when it was not', async () => {
    expect(await ran('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage:'), stderr: '' });
    expect(await ran()).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Usage:') });
  });

  /** With the commands below a command that does nothing by itself. */
  const all = createProgram(fakeIo(), () => {}).commands.flatMap((c) =>
    c.commands.length === 0 ? [c.name()] : c.commands.map((below) => `${c.name()} ${below.name()}`),
  );

  test.each(all)('%s has an example, and takes --output json', async (name) => {
    const { stdout, code } = await ran(...name.split(' '), '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples?:\n {2}/);
    expect(stdout).toContain('--output <format>');
  });

  test('the version is that of the package', async () => {
    const { stdout } = await ran('--version');
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('bad usage ends with 2', () => {
  test.each([
    ['an unknown command', ['clon'], 'Did you mean clone?'],
    ['an unknown option', ['list', '--nope'], 'unknown option'],
    ['an ID that is missing', ['show'], 'missing required argument'],
    ['one argument too many', ['show', 'a', 'b'], 'too many arguments'],
    ['a phase that there is not', ['list', '--phase', 'x'], 'Allowed choices'],
    ['a limit that is no number', ['list', '--limit', '0'], 'whole number'],
    ['a port that is none', ['simulator', '--port', 'x'], '--port'],
    ['a lease command that is missing', ['lease'], 'Usage:'],
    ['an extension by nothing', ['lease', 'extend', '63'], 'give either --by or --until'],
    ['an extension by too much', ['lease', 'extend', '63', '--by', '1h', '--until', 'x'], 'give either'],
    ['removing orphans unasked', ['orphans', '--delete'], 'add --yes'],
    ['--yes without anything to agree to', ['orphans', '--yes'], '--yes goes with --delete'],
    ['--include without a removal', ['orphans', '--include', 'kept'], '--include goes with --delete'],
    ['an age that is none', ['orphans', '--older-than', '24'], 'duration with a unit'],
    ['an output format that there is not', ['list', '--output', 'xml'], 'Allowed choices'],
  ])('%s', async (_name, args, words) => {
    const { code, stdout, stderr } = await ran(...args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(words);
  });

  test('a request with faults: all of them, by field and flag', async () => {
    const { code, stderr } = await ran('clone', '--cluster', 'a b', '--volume-id', 'x', '--priority', '9');
    expect(code).toBe(2);
    expect(stderr).toContain('cluster (--cluster): ');
    expect(stderr).toContain('volumeID (--volume-id): ');
    expect(stderr).toContain('name (--name): ');
    expect(stderr).toContain('priority (--priority): ');
  });

  test('with --output json the error is the one document on stdout', async () => {
    const invalid = await ran('clone', '--cluster', 'lab', '--output', 'json');
    expect(JSON.parse(invalid.stdout)).toMatchObject({ error: { code: 'INVALID_REQUEST', faults: expect.any(Array) } });
    const usage = await ran('list', '--phase', 'x', '--output=json');
    expect(JSON.parse(usage.stdout)).toMatchObject({ error: { code: 'USAGE' } });
    expect(usage.code).toBe(2);
  });

  test('a configuration that is not there', async () => {
    const { code, stderr } = await ran('worker', '--config', '/no/such/config.yaml');
    expect(code).toBe(2);
    expect(stderr).toContain('/no/such/config.yaml');
  });
});

describe('colour', () => {
  test.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
  ])('with %j on a terminal (%s): %s', (env, terminal, colour) => {
    expect(wantsColour(env, terminal)).toBe(colour);
  });
});
