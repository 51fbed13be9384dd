import { constants, setPriority } from 'node:os';
import type { MessagePort } from 'node:worker_threads';

/** The first message on a task's port to the pool: the work has begun. */
export interface Begun {
  readonly kind: 'begun';
}

/** Lowers this thread's priority, which Linux keeps per thread, so that the thread that answers goes first. */
export function giveWay(): void {
  if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
}

/** Starts the task's clock. */
export function begin(port: MessagePort): void {
  const begun: Begun = { kind: 'begun' };
  port.postMessage(begun);
}

/** Asks the pool a question. The clock stops until the answer arrives; one question at a time. */
export function ask<Answer>(port: MessagePort, question: object): Promise<Answer> {
  return new Promise((resolve) => {
    port.once('message', (answer: Answer) => {
      resolve(answer);
    });
    port.postMessage(question);
  });
}
