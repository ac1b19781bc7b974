// The counts of a vitest run, from its JSON report.

/**
 * A run that failed is never shown with "0 failed": a file that could not be loaded counts as one failed test, and so does
 * an error outside all tests (a set-up that threw, an unhandled rejection), which only the exit code tells.
 */
export function summarize(report, exitCode) {
  const files = report?.testResults ?? [];
  const passed = report?.numPassedTests ?? 0;
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  const brokenFiles = files.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  const counted = (report?.numFailedTests ?? 0) + brokenFiles;
  const failed = counted === 0 && exitCode !== 0 && files.length > 0 ? 1 : counted;
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return { line, exitCode: exitCode === 0 && passed + failed === 0 ? 1 : exitCode };
}
