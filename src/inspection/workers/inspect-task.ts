import { describeFailure } from '../../workers/worker-error.js';
import { UploadRefusedError } from '../decoded.js';
import { inspect } from '../inspect.js';
import { ask, begin, giveWay } from '../../workers/worker-side.js';
import type { InspectionTask, LookUp, TaskResult, ToWorker } from './task.js';

giveWay();

/** What a worker does. It never throws: errors travel as values, without their messages. */
export async function inspectTask({ upload, format, port, ...known }: InspectionTask): Promise<TaskResult> {
  begin(port);
  try {
    const inventory = async (fingerprintsSha256: readonly string[]) => {
      const question: LookUp = { kind: 'lookUp', fingerprintsSha256 };
      const found = await ask<ToWorker>(port, question);
      if (found === null) throw new Error('the inventory cannot be read');
      return found;
    };
    return { kind: 'inspected', text: await inspect(upload, { ...known, inventory }, format) };
  } catch (error) {
    if (error instanceof UploadRefusedError) return { kind: 'refused', reason: error.reason, message: error.message };
    return { kind: 'failed', failure: describeFailure(error) };
  } finally {
    port.close();
  }
}
