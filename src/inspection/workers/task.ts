import type { MessagePort } from 'node:worker_threads';
import type { InspectionFormat, InventoryEntry, Upload, UploadRefusalReason } from '../../model/inspection.js';
import type { Failure } from '../../workers/worker-error.js';
import type { InspectionContext } from '../decoded.js';

/** An upload on its way to a worker, with all that an inspection knows besides it. */
export interface InspectionTask extends Omit<InspectionContext, 'inventory'> {
  readonly upload: Upload;
  readonly format: InspectionFormat;
  readonly port: MessagePort;
}

/** What a worker asks the pool: what does the inventory have of these? */
export interface LookUp {
  readonly kind: 'lookUp';
  readonly fingerprintsSha256: readonly string[];
}

/** The answer; null where the inventory could not be read. */
export type ToWorker = ReadonlyMap<string, InventoryEntry> | null;

/** What a task comes to. Errors are values here: what else a worker throws could quote the upload. */
export type TaskResult =
  | { readonly kind: 'inspected'; readonly text: string }
  | { readonly kind: 'refused'; readonly reason: UploadRefusalReason; readonly message: string }
  | { readonly kind: 'failed'; readonly failure: Failure };
