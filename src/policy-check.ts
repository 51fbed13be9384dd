import { checkPolicies, reportErrors } from './policy/check-policies.js';
import { readPolicyFiles } from './policy/load-policy-set.js';

/**
 * `npm run policy:check -- DIRECTORY`, or `node dist/policy-check.js DIRECTORY` in the image. Loads the policies in the
 * directory and runs their tests. The exit code is 0 on success, 1 on an error, and 2 without a directory.
 */
const [directory, ...rest] = process.argv.slice(2);
if (directory === undefined || rest.length > 0) {
  process.stderr.write('usage: policy-check DIRECTORY\n');
  process.exitCode = 2;
} else {
  const files = await readPolicyFiles(directory);
  const nothing = `${directory}: no file here is named *.yaml or *.yml`;
  const errors = !files.ok ? files.errors : files.texts.length === 0 ? [nothing] : [];
  const report = files.ok && errors.length === 0 ? checkPolicies(files.texts) : reportErrors(errors);
  process.stdout.write(`${report.text}\n`);
  if (!report.ok) process.exitCode = 1;
}
