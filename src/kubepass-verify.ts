#!/usr/bin/env node
import { verifyFiles } from './verification/verify-files.js';

/** `kubepass-verify FILE… [--checkpoint FILE] [--key KEY]`. Its usage says what the exit codes mean. */
const { output, complaints, exitCode } = await verifyFiles(process.argv.slice(2));
process.stdout.write(output);
process.stderr.write(complaints);
process.exitCode = exitCode;
