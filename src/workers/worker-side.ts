import { constants, setPriority } from 'node:os';
import type { MessagePort } from 'node:worker_threads';

/** Over a task's port to the pool, before anything else: the work has begun. */
export interface Begun {
  readonly kind: 'begun';
}

/** Linux keeps a priority for each thread: where there are not enough cores for all, what answers requests goes first. */
export function giveWay(): void {
  if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
}

/** Starts the task's clock. */
export function begin(port: MessagePort): void {
  const begun: Begun = { kind: 'begun' };
  port.postMessage(begun);
}

/** Asks the pool for something. The clock stands still until the answer is there; one question at a time. */
export function ask<Answer>(port: MessagePort, question: object): Promise<Answer> {
  return new Promise((resolve) => {
    port.once('message', (answer: Answer) => {
      resolve(answer);
    });
    port.postMessage(question);
  });
}
