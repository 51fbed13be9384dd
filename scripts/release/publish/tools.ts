import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findOnPath } from '../../executables.js';
import { ReleaseError } from '../release-error.js';
import { type Command, type Run, shellLine } from './command.js';

const bringTool = fileURLToPath(new URL('../../../.ci/tool', import.meta.url));

/**
 * The path of each program: the one on the PATH, or else the one that `.ci/tool` brings. Throws a `ReleaseError` that
 * names those that are neither here nor can be brought.
 */
export function findTools<Name extends string>(names: readonly Name[], path: string): Partial<Record<Name, string>> {
  const found = names.map((name) => [name, findOnPath(name, path) ?? bring(name)] as const);
  const missing = found.filter(([, file]) => file === null).map(([name]) => name);
  if (missing.length > 0)
    throw new ReleaseError(`not on the PATH, and not to be had by .ci/tool: ${missing.join(', ')}`);
  return Object.fromEntries(found) as Partial<Record<Name, string>>;
}

function bring(name: string): string | null {
  const { status, stdout } = spawnSync(bringTool, [name], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0 ? stdout.trim() : null;
}

/** Runs commands one by one, and says each beforehand. Their messages go where those of this process go. */
export const runWith =
  (tools: Readonly<Partial<Record<Command['program'], string>>>, say: (line: string) => void): Run =>
  (command) =>
    new Promise((resolve, reject) => {
      say(shellLine(command));
      // A terminal may be asked for the password of a key.
      const child = spawn(tools[command.program] ?? command.program, command.args, {
        stdio: ['inherit', 'pipe', 'pipe'],
      });
      const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
      child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
      child.stderr.on('data', (piece: Buffer) => {
        stderr.push(piece);
        process.stderr.write(piece);
      });
      child.on('error', reject);
      child.on('close', (code) => {
        const [printed, complained] = [stdout, stderr].map((pieces) => Buffer.concat(pieces).toString('utf8'));
        resolve({ exitCode: code ?? 1, stdout: printed ?? '', stderr: complained ?? '' });
      });
    });

/** Says each command, and runs none. */
export const showOnly =
  (say: (line: string) => void): Run =>
  async (command, beforehand) => {
    say(shellLine(command));
    return beforehand;
  };
