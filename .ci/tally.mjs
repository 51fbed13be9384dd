// Reads a report of vitest's JSON reporter and prints `<passed> <failed>`, with what it found wrong on stderr.
// usage: node tally.mjs REPORT EXIT_CODE PROJECT...
// A report that is missing, a file that did not load, a project in which nothing ran and an exit code that no test
// explains are failures too.
import { readFileSync } from 'node:fs';
import { sep } from 'node:path';

const [file, exitCode, ...projects] = process.argv.slice(2);
const problems = [];

let report = { numPassedTests: 0, numFailedTests: 0, testResults: [] };
try {
  report = JSON.parse(readFileSync(file, 'utf8'));
} catch (error) {
  problems.push(`there is no report: ${error.message}`);
}

const ran = (assertion) => assertion.status === 'passed' || assertion.status === 'failed';
for (const { name, status, assertionResults } of report.testResults) {
  for (const { fullName, failureMessages } of assertionResults.filter((assertion) => assertion.status === 'failed')) {
    const [message = ''] = (failureMessages[0] ?? '').split('\n');
    console.error(`${name.slice(name.indexOf(`${sep}test${sep}`) + 1)}: ${fullName}: ${message}`);
  }
  if (status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed')) {
    problems.push(`${name} failed outside of its tests`);
  }
}
for (const project of projects) {
  const files = report.testResults.filter(({ name }) => name.includes(`${sep}test${sep}${project}${sep}`));
  if (!files.some(({ assertionResults }) => assertionResults.some(ran))) problems.push(`no test ran in "${project}"`);
}
if (exitCode !== '0' && report.numFailedTests + problems.length === 0) {
  problems.push(`every test passed, but the run ended with ${exitCode}`);
}

for (const problem of problems) console.error(problem);
console.log(`${report.numPassedTests} ${report.numFailedTests + problems.length}`);
