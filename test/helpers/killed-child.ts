import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { fromSources } from './from-sources.js';

/**
 * Runs a script in a process of its own that is killed some time after it has begun. Answers whether it came to its end
 * before. The script tells both by the messages `begins` and `ends`. `milliseconds`: null kills nothing. `environment`:
 * besides that of the tests.
 */
export async function isDoneBeforeKill(
  script: URL,
  parameters: readonly string[],
  milliseconds: number | null,
  environment: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  const child = fork(fileURLToPath(script), parameters, {
    execArgv: [...fromSources],
    env: { ...process.env, ...environment },
  });
  const messages: unknown[] = [];
  child.on('message', (message) => messages.push(message));
  const gone = once(child, 'exit');
  await Promise.race([once(child, 'message'), gone]);
  expect(messages).toContain('begins');
  await (milliseconds === null ? gone : Promise.race([setTimeout(milliseconds), gone]));
  child.kill('SIGKILL');
  await gone;
  return messages.includes('ends');
}
