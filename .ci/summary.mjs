// Adds up vitest's JSON reports; a report that is missing counts as one failure, and so does a step that failed outside of tests.
// Tests that passed only the second time are named, with what went wrong the first time.
import { readFileSync } from 'node:fs';

const [status, ...files] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const file of files) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    passed += report.numPassedTests;
    failed +=
      report.numFailedTests + (report.success === false && report.numFailedTests === 0 ? 1 : 0);
    for (const line of secondTries(report)) console.log(line);
  } catch {
    failed += 1;
  }
}
if (status !== '0' && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function secondTries(report) {
  return report.testResults
    .flatMap((file) => file.assertionResults)
    .filter((one) => one.status === 'passed' && one.failureMessages.length > 0)
    .map(
      (one) =>
        `passed the second time: ${one.fullName}\n  ${one.failureMessages[0].split('\n')[0]}`,
    );
}
