import { type Inspected, inspectUpload, renderInspection } from '../../src/inspect.js';
import type { InspectionFormat } from '../../src/model/inspection.js';
import { corpusContext, type CorpusFixture } from './inspection-corpus.js';

const context = corpusContext();
const inspected = new Map<string, Promise<Inspected>>();

/**
 * The inspection of a fixture, made once for each worker: some fixtures take a second, with keys to derive or primes to
 * test.
 */
export function inspectedFixture({ name, upload }: CorpusFixture): Promise<Inspected> {
  const known = inspected.get(name) ?? inspectUpload(upload, context);
  inspected.set(name, known);
  return known;
}

/** The answer to a fixture in this media type. */
export const answerTo = async (fixture: CorpusFixture, format: InspectionFormat): Promise<string> =>
  renderInspection(await inspectedFixture(fixture), context.now, format);
