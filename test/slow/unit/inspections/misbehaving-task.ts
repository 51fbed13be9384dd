import { pbkdf2Sync } from 'node:crypto';
import { begin } from '../../../../src/workers/worker-side.js';
import type { InspectionTask, MeasuredResult } from '../../../../src/inspections/inspect-task.js';

/** Stands in for what a worker does: the text that is uploaded says how it misbehaves. */
export async function inspectTask({ upload, port, ...known }: InspectionTask): Promise<MeasuredResult> {
  const text = Buffer.from(upload.parts[0]!.bytes).toString('utf8');
  const [verb, rest = ''] = text.split(' ', 2);
  if (verb !== 'never-begin') begin(port);
  switch (verb) {
    case 'loop':
      for (;;);
    case 'look-up-and-loop':
      port.postMessage({ kind: 'lookUp', fingerprintsSha256: [] });
      for (;;);
    case 'never-begin':
    case 'wait':
      return new Promise(() => undefined);
    case 'derive':
      // A call into native code, which nothing ends before it returns.
      pbkdf2Sync('password', 'salt', 3_000_000, 32, 'sha256');
      break;
    case 'hoard': {
      const hoard: object[] = [];
      // Far beyond each limit. Without an end, a thread that Node fails to end would take all memory.
      while (hoard.length < 100_000) hoard.push({ of: new Array(1000).fill(hoard.length) });
      throw new Error('the limit of memory was passed by');
    }
    case 'throw':
      throw new TypeError(`cannot read ${text}`);
    case 'throw-later':
      setImmediate(() => {
        throw new Error(`cannot read ${text}`);
      });
      return new Promise(() => undefined);
    case 'exit':
      return process.exit(7);
    case 'look-up':
      port.postMessage({ kind: 'lookUp', fingerprintsSha256: [rest] });
      return new Promise((resolve) => {
        port.once('message', (found: unknown) => {
          port.close();
          resolve(inspected(JSON.stringify(found instanceof Map ? [...found] : found)));
        });
      });
    case 'starve':
      // As a thread that waits for a processor: time passes, and it does nothing.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(rest));
      break;
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, Number(rest)));
      break;
    default:
      break;
  }
  port.close();
  return inspected(JSON.stringify({ text, password: upload.password, ...known }));
}

/** Says that it has worked for a quarter of a second. */
const inspected = (text: string): MeasuredResult => ({ result: { kind: 'inspected', text }, processorSeconds: 0.25 });
