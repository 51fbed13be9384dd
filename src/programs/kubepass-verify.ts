#!/usr/bin/env node
import { finish } from '@kubepass/inspect/command-line';
import { verifyFiles } from '../audit/verify-files.js';

/**
 * `kubepass-verify FILE… [--checkpoint FILE] [--key KEY]`, a program of packages/kubectl-kubepass for people without a
 * service. Its usage says what the exit codes mean.
 */
void finish(verifyFiles(process.argv.slice(2)));
