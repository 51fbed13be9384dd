import { join } from 'node:path';
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
  // With the directory, an error names its file as a terminal or the CI of a repository can open it.
  const texts = files.ok ? files.texts.map(({ path, text }) => ({ path: join(directory, path), text })) : [];
  const report = errors.length === 0 ? checkPolicies(texts) : reportErrors(errors);
  process.stdout.write(`${report.text}\n`);
  if (!report.ok) process.exitCode = 1;
}
