#!/usr/bin/env node
import { finish } from '../command-line/index.js';
import { inspectFiles } from './inspect-files.js';

/** `kubepass-inspect FILE…`. `inspectFiles` says what the exit codes mean. */
// The bundle is CommonJS, which knows no await at the top.
void finish(inspectFiles(process.argv.slice(2), { now: new Date(), stdout: process.stdout }));
