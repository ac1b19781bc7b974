import { inspect } from 'node:util';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../worker/config.ts';
import { tempDir } from '../support/temp-dir.ts';
import { faultsOf, LAB, loaded, PASSWORD } from './config-file.ts';

const hook = (...lines: string[]) => [...LAB, PASSWORD, 'hooks:', '  quiesce:', ...lines.map((l) => `    ${l}`)];

describe('hooks of the configuration', () => {
  test('have an address, headers from secrets that are read anew each time, and a time-out', async () => {
    const dir = await tempDir();
    const secret = join(dir, 'token');
    await writeFile(secret, 'one');
    const file = join(dir, 'element-clone.yaml');
    const lines = hook(
      'url: https://hooks.example/quiesce?db=uat',
      'timeoutSeconds: 300',
      'tls: { insecureSkipVerify: true }',
      `headers: { authorization: { file: ${secret} }, x-team: { value: storage } }`,
    );
    await writeFile(file, lines.join('\n'));
    const { hooks } = await loadConfig(file, { LAB_PASSWORD: 'x', ...process.env });
    expect(hooks['quiesce']).toMatchObject({ url: 'https://hooks.example/quiesce?db=uat', timeoutSeconds: 300 });
    expect(await hooks['quiesce']!.headers()).toEqual({ authorization: 'one', 'x-team': 'storage' });
    await writeFile(secret, 'two');
    expect(await hooks['quiesce']!.headers()).toMatchObject({ authorization: 'two' });
    expect(inspect(hooks)).not.toContain('two');
  });

  test.each<[lines: string[], fault: RegExp]>([
    [['timeoutSeconds: 5'], /^hooks\.quiesce\.url .*must be the address of the hook/],
    [['url: http://hooks.example/'], /^hooks\.quiesce\.url .*must be https:\/\/ \(http:\/\/ for this machine only\)/],
    [['url: https://me:pw@hooks.example/'], /^hooks\.quiesce\.url .*put those into headers/],
    [['url: https://h/', 'timeoutSeconds: 0'], /^hooks\.quiesce\.timeoutSeconds .*must be 1 to 900 seconds/],
    [
      ['url: https://h/', 'headers: { authorization: Bearer abc }'],
      /^hooks\.quiesce\.headers\.authorization .*\{ env: VARIABLE \}/,
    ],
    [['url: https://h/', 'headers: { Host: { value: x } }'], /^hooks\.quiesce\.headers .*must not set/],
    [
      ['url: https://h/', 'headers: { a: { env: NOT_SET_AT_ALL } }'],
      /^hooks\.quiesce\.headers\.a.*NOT_SET_AT_ALL is not set/,
    ],
    [['url: https://h/', 'method: GET'], /^hooks\.quiesce\.method .*unknown key/],
  ])('%j is refused at its place', async (lines, fault) => {
    expect(await faultsOf(hook(...lines))).toEqual([expect.stringMatching(fault)]);
  });

  test('may use this machine without TLS, and need not be there', async () => {
    expect((await loaded(hook('url: http://127.0.0.1:9000/q'))).config.hooks).toHaveProperty('quiesce');
    expect((await loaded([...LAB, PASSWORD])).config.hooks).toEqual({});
  });
});
