import type { InspectionContext } from '../model/decoded.js';
import { inspectUpload, type Inspected } from '../inspect.js';
import { uploadLimits, UploadRefusedError } from '../reading/budget.js';
import type { UploadPart } from '../model/inspection.js';

/** The inspections of some files, in their order. */
export interface BatchesInspected {
  readonly inspected: readonly Inspected[];
  /** Sentences about files that the limits of an upload forbid to inspect. */
  readonly problems: readonly string[];
}

/**
 * Inspects files together as far as the limits of an upload allow, so that keys, certificates and CAs of different files
 * find each other. More files than that are divided into halves.
 */
export async function inspectBatches(
  parts: readonly UploadPart[],
  password: string | null,
  context: InspectionContext,
): Promise<BatchesInspected> {
  const problems: string[] = [];
  const inspected: Inspected[] = [];
  const inspect = async (batch: readonly UploadPart[]): Promise<void> => {
    if (batch.length === 0) return;
    if (batch.length > 1 && isTooMuch(batch)) {
      await inspectHalves(batch);
      return;
    }
    try {
      inspected.push(await inspectUpload({ parts: batch, password }, context));
    } catch (error) {
      if (!(error instanceof UploadRefusedError)) throw error;
      const [first] = batch;
      if (batch.length > 1) await inspectHalves(batch);
      else problems.push(`${first?.name ?? 'the input'} is not inspected: ${error.message} (${error.reason})`);
    }
  };
  const inspectHalves = async (batch: readonly UploadPart[]): Promise<void> => {
    const middle = Math.ceil(batch.length / 2);
    await inspect(batch.slice(0, middle));
    await inspect(batch.slice(middle));
  };
  await inspect(parts);
  return { inspected, problems };
}

const isTooMuch = (batch: readonly UploadPart[]): boolean =>
  batch.length > uploadLimits.objects ||
  batch.reduce((sum, { bytes }) => sum + bytes.length, 0) > uploadLimits.uploadOctets;
