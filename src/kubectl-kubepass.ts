#!/usr/bin/env node
import { homedir } from 'node:os';
import { runPlugin } from './kubectl/run-plugin.js';

/** `kubectl kubepass …`: kubectl finds `kubectl-kubepass` on the PATH. It is one file, for Node 20 and newer. */
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 20) {
  process.stderr.write(`kubepass: this plugin needs Node.js 20 or newer, and this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else
  void runPlugin(process.argv.slice(2), {
    environment: process.env,
    now: () => Date.now(),
    elapsed: () => performance.now(),
    random: () => Math.random(),
    homeDirectory: homedir(),
    platform: process.platform,
    processId: process.pid,
    isRunning,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    say: (line) => void process.stderr.write(`${line}\n`),
    print: (text) => void process.stdout.write(text),
  }).then(
    (exitCode) => {
      process.exitCode = exitCode;
    },
    (error: unknown) => {
      process.stderr.write(
        `kubepass: this should not have happened: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      process.exitCode = 1;
    },
  );

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // Only a process that is not there is gone: EPERM is somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
