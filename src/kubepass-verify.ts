#!/usr/bin/env node
import { verifyFiles } from './verification/verify-files.js';

/** `kubepass-verify FILE… [--checkpoint FILE] [--key KEY]`. Its usage says what the exit codes mean. */
void verifyFiles(process.argv.slice(2)).then(({ output, complaints, exitCode }) => {
  process.stdout.write(output);
  process.stderr.write(complaints);
  process.exitCode = exitCode;
});
