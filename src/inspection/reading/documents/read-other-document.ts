import { quote } from '../../../model/quote.js';
import type { Place } from '../../../formats/json/place.js';
import { Observations } from '../../observations.js';
import { BASE64_PEM_BEGIN } from '../base64.js';
import { PEM_BEGIN } from '../pem-blocks.js';
import type { Reading } from '../reading.js';
import { type DocumentSource, isObject } from './document.js';
import { readBase64Field, readTextField } from './read-field.js';
import { reportShape } from './report-shape.js';

/**
 * Reads the PEM, plain or in base64, that stands somewhere in a document of no kind that is known here: the `caBundle`
 * of a webhook, the answer of a CA's API, the values of a chart.
 */
export function readOtherDocument(document: DocumentSource, reading: Reading): readonly string[] {
  const found = [...pemIn(document.content, [])];
  if (found.length === 0 && document.expected === 'perhaps') return [];
  const resembles = nameOf(document);
  const object = reading.open(document);
  const observations = new Observations();
  reportShape([], document.duplicates, observations.report);
  if (found.length === 0)
    observations.report('UnrecognisedContent', `It is ${resembles}, which is not inspected, and holds no PEM`);
  const owner = { path: object.path, depth: document.depth };
  for (const { text, place } of found)
    if (text.includes(PEM_BEGIN)) readTextField(text, place, owner, 'perhaps', reading);
    else readBase64Field(text, place, owner, 'perhaps', observations.report, reading);
  object.fill({
    content: { type: 'Unknown', bytes: document.length, resembles },
    material: null,
    observations: observations.toArray(),
  });
  return [object.path];
}

function nameOf({ kind, apiVersion }: DocumentSource): string {
  if (kind === null) return 'a JSON or YAML document';
  return apiVersion === null ? quote(kind) : `${quote(kind)} of ${quote(apiVersion)}`;
}

/** What kubectl and API servers note for themselves; `last-applied-configuration` repeats the whole object. */
const bookkeeping = new Set(['annotations', 'managedFields']);

function* pemIn(value: unknown, place: Place): Generator<{ readonly text: string; readonly place: Place }> {
  if (typeof value === 'string') {
    if (value.includes(PEM_BEGIN) || value.startsWith(BASE64_PEM_BEGIN)) yield { text: value, place };
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) yield* pemIn(item, [...place, i]);
  } else if (isObject(value)) {
    for (const [name, member] of Object.entries(value))
      if (!(place.at(-1) === 'metadata' && bookkeeping.has(name))) yield* pemIn(member, [...place, name]);
  }
}
