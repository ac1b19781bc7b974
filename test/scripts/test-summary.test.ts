import { expect, test } from 'vitest';
import { summarize, type TestReport } from '../../scripts/test-summary.mjs';

const report = (changes: Partial<TestReport> = {}): TestReport => ({
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ status: 'passed', assertionResults: [{}, {}, {}] }],
  ...changes,
});

test('says how many passed and failed', () => {
  expect(summarize(report(), 0)).toEqual({ line: '3 passed, 0 failed', exitCode: 0 });
  expect(summarize(report({ numFailedTests: 2 }), 1)).toEqual({ line: '3 passed, 2 failed', exitCode: 1 });
});

test('mentions skipped tests only when there are some', () => {
  expect(summarize(report({ numPendingTests: 1, numTodoTests: 1 }), 0).line).toBe('3 passed, 0 failed, 2 skipped');
});

test('counts a file that could not be loaded as a failed test', () => {
  const testResults = [{ status: 'failed', assertionResults: [] }];
  expect(summarize(report({ testResults }), 1).line).toBe('3 passed, 1 failed');
});

test('never shows a failed run without a failure', () => {
  expect(summarize(report(), 1)).toEqual({ line: '3 passed, 1 failed', exitCode: 1 });
});

test('fails a run of no tests', () => {
  expect(summarize(report({ numPassedTests: 0, testResults: [] }), 0)).toEqual({
    line: '0 passed, 0 failed',
    exitCode: 1,
  });
  expect(summarize(undefined, 0).exitCode).toBe(1);
});
