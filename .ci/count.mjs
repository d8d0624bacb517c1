// Prints the real counts of a vitest JSON report, last. A skipped test fails the run, too.
import { readFileSync } from 'node:fs';

const [file, exitCode] = process.argv.slice(2);
const report = JSON.parse(readFileSync(file, 'utf8'));
const passed = report.numPassedTests;
const failed = report.numFailedTests + report.testResults.filter(isBroken).length;
const skipped = report.numPendingTests + report.numTodoTests;
for (const { name, assertionResults } of report.testResults) {
  for (const { status, fullName } of assertionResults) {
    if (status !== 'passed') console.log(`${status}: ${name}: ${fullName}`);
  }
}
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exit(Number(exitCode) || failed || skipped || !passed ? 1 : 0);

/** A file that could not even be loaded has no tests to count. */
function isBroken({ status, assertionResults }) {
  return status === 'failed' && !assertionResults.some(({ status: each }) => each === 'failed');
}
