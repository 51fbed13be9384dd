/** Starts a long-running process under guard, and prints its pid. usage: guarded-process.ts DIRECTORY */
import { spawn } from 'node:child_process';
import { ProcessGuard } from './process-guard.js';

const guard = new ProcessGuard(process.argv[2] ?? '');
const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
guard.watch(child);
console.log(child.pid);
