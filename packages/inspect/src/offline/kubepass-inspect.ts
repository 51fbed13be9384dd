#!/usr/bin/env node
import { inspectFiles } from './inspect-files.js';

/** `npm run inspect -- FILE…`, or `kubepass-inspect FILE…`. `inspectFiles` says what the exit codes mean. */
const run = inspectFiles(process.argv.slice(2), { now: new Date(), stdout: process.stdout });
// The bundle is CommonJS, which knows no await at the top.
void run.then(({ output, complaints, exitCode }) => {
  process.stdout.write(output);
  process.stderr.write(complaints);
  process.exitCode = exitCode;
});
