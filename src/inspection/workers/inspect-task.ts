import { constants, setPriority } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import type { InventoryEntry } from '../../model/inspection.js';
import { UploadRefusedError } from '../decoded.js';
import { inspect } from '../inspect.js';
import { describeFailure } from '../inspection-failed-error.js';
import type { FromWorker, InspectionTask, TaskResult, ToWorker } from './task.js';

// Linux keeps a priority for each thread: where there are not enough cores for all, what answers requests goes first.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

/** What a worker does. It never throws: errors travel as values, without their messages. */
export async function inspectTask({ upload, format, port, ...known }: InspectionTask): Promise<TaskResult> {
  const send = (message: FromWorker) => {
    port.postMessage(message);
  };
  send({ kind: 'begun' });
  try {
    const inventory = async (fingerprintsSha256: readonly string[]) => {
      const answer = answerOn(port);
      send({ kind: 'lookUp', fingerprintsSha256 });
      return answer;
    };
    return { kind: 'inspected', text: await inspect(upload, { ...known, inventory }, format) };
  } catch (error) {
    if (error instanceof UploadRefusedError) return { kind: 'refused', reason: error.reason, message: error.message };
    return { kind: 'failed', failure: describeFailure(error) };
  } finally {
    port.close();
  }
}

function answerOn(port: MessagePort): Promise<ReadonlyMap<string, InventoryEntry>> {
  return new Promise((resolve, reject) => {
    port.once('message', (answer: ToWorker) => {
      if (answer === null) reject(new Error('the inventory cannot be read'));
      else resolve(answer);
    });
  });
}
