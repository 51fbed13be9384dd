#!/usr/bin/env node
import { inspectFiles } from './inspect-files.js';

/** `npm run inspect -- FILE…`, or `kubepass-inspect FILE…`. `inspectFiles` says what the exit codes mean. */
const { output, complaints, exitCode } = await inspectFiles(process.argv.slice(2), {
  now: new Date(),
  stdout: process.stdout,
});
process.stdout.write(output);
process.stderr.write(complaints);
process.exitCode = exitCode;
