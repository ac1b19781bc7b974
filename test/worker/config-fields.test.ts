import { describe, expect, test } from 'vitest';
import { faultsOf, LAB, PASSWORD, SECRET } from './config-file.ts';

describe('a field that is wrong is named with its place and what it must be', () => {
  const written = 'a secret written here would be in every copy of this file';
  const source = `must be { env: VARIABLE } or { file: PATH }; ${written}`;
  const oneOfTls = 'must be one of { caFile: PATH }';

  test.each<[line: string, fault: string]>([
    [`password: ${SECRET}`, `clusters.lab.password (line 6, column 15): ${source}`],
    ['password:', `clusters.lab.password (line 6, column 14): ${source}`],
    ['password: {}', `clusters.lab.password (line 6, column 15): ${source}`],
    [`password: { value: ${SECRET} }`, `clusters.lab.password (line 6, column 15): ${source}`],
    ['apiVersion: 12.5', 'clusters.lab.apiVersion (line 6, column 17): must be text in quotes, such as "12.5"'],
    ['apiVersion: v12', 'clusters.lab.apiVersion (line 6, column 17): must look like "12.5"'],
    ['timeoutSeconds: 99', 'clusters.lab.timeoutSeconds (line 6, column 21): must be at most 55 seconds'],
    ['settleSeconds: 0', 'clusters.lab.settleSeconds (line 6, column 20): must be at least 1 second'],
    ['stallSeconds: 5m', 'clusters.lab.stallSeconds (line 6, column 19): must be a number of seconds'],
    ['leaseLookSeconds: 0', 'clusters.lab.leaseLookSeconds (line 6, column 23): must be at least 1 second'],
    ['leaseMaxDays: 30d', 'clusters.lab.leaseMaxDays (line 6, column 19): must be a number of days'],
    [
      'leaseWarningHook: chat',
      'clusters.lab.leaseWarningHook (line 6, column 23): names no hook of this file; add "chat" to hooks, or leave it out',
    ],
    ['leaseMaxDays: 0', 'clusters.lab.leaseMaxDays (line 6, column 19): must be more than 0 days'],
    ['maxConnections: 1.5', 'clusters.lab.maxConnections (line 6, column 21): must be a whole number of connections'],
    [
      'maxCloneJobs: 0',
      'clusters.lab.maxCloneJobs (line 6, column 19): must be a whole number of clone jobs, 1 to 1000',
    ],
    ['maxConnections: 65', 'clusters.lab.maxConnections (line 6, column 21): must be a whole number of connections'],
    ['tls: { insecureSkipVerify: false }', `clusters.lab.tls (line 6, column 10): ${oneOfTls}`],
    ['tls: { caFile: a, fingerprint: b }', `clusters.lab.tls (line 6, column 10): ${oneOfTls}`],
    [
      'tls: { fingerprint: "sha256:ab" }',
      'clusters.lab.tls.fingerprint (line 6, column 25): must be "sha256:" and 64 hexadecimal digits',
    ],
    ['mvip: x', 'clusters.lab.mvip (line 6, column 11): unknown key; remove it or correct its spelling'],
  ])('%s', async (line, fault) => {
    const lines = [...LAB, ...(line.startsWith('password') ? ['    # none'] : [PASSWORD]), `    ${line}`];
    const [only, ...others] = await faultsOf(lines);
    expect(only).toContain(fault);
    expect(others).toEqual([]);
  });

  test.each([
    'http://10.0.0.5',
    '10.0.0.5',
    'https://10.0.0.5/json-rpc/12.5',
    `https://admin:${SECRET}@10.0.0.5`,
    'https://10.0.0.5?',
    'https://10.0.0.5?x=1',
    'https://',
  ])('endpoint: %s', async (endpoint) => {
    const lines = ['clusters:', '  lab:', `    endpoint: ${endpoint}`, '    username: admin', PASSWORD];
    expect(await faultsOf(lines)).toEqual([
      'clusters.lab.endpoint (line 3, column 15): must be https:// and the MVIP, with a port if it is not 443, without path, user name or password',
    ]);
  });

  test('a missing field, at the place of its cluster', async () => {
    expect(await faultsOf(LAB)).toEqual([`clusters.lab.password (line 3, column 5): is missing; it ${source}`]);
  });

  test('a wrong field of a cluster whose alias is a number', async () => {
    const lines = ['clusters:', '  7:', '    endpoint: https://h', '    username: 5', PASSWORD];
    expect(await faultsOf(lines)).toEqual([
      'clusters.7.username (line 4, column 15): must be the name of a cluster admin, or { env: VARIABLE } or { file: PATH }',
    ]);
  });

  test('an alias that cannot be one', async () => {
    const lines = ['clusters:', '  "a b":', '    endpoint: https://h', '    username: a', PASSWORD];
    expect(await faultsOf(lines)).toEqual([
      'clusters.a b (line 3, column 5): cannot be an alias; use letters, digits, ".", "_" or "-"',
    ]);
  });

  test('all of them at once, over several clusters, secrets and authorities included', async () => {
    const faults = await faultsOf([
      ...LAB,
      '    password: { env: NOT_SET }',
      '    tls: { caFile: ./none.pem }',
      '  other:',
      '    endpoint: nowhere',
      '    username: admin',
      '    password: { file: ./none }',
      'colour: blue',
    ]);
    expect(faults.map((f) => f.slice(0, f.indexOf(' '))).sort()).toEqual([
      'clusters.lab.password',
      'clusters.lab.tls.caFile',
      'clusters.other.endpoint',
      'clusters.other.password',
      'colour',
    ]);
  });
});
