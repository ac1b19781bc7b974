export interface TestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
}
export function summarize(report: TestReport | undefined, exitCode: number): { line: string; exitCode: number };
