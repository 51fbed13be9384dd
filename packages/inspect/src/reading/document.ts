import { isDeepStrictEqual } from 'node:util';
import { type Place, placeText } from '../formats/json/place.js';
import { placeholders } from '../formats/kubeconfig/read-kubeconfig.js';
import { type FieldProblem, isObject } from '../formats/yaml/field-reader.js';
import { quote } from '../formats/text/quote.js';
import type { Report } from '../model/observations.js';
import { redactFields } from '../redaction/redact-fields.js';
import { redactText } from '../redaction/redact-text.js';
import { isGoBase64 } from './base64.js';
import { PEM_BEGIN } from './read-pem.js';
import type { Expectation, Reading, Source } from './reading.js';

/** A parsed document, or an item of a list. */
export interface DocumentSource extends Omit<Source, 'bytes'> {
  readonly content: unknown;
  /** The places of members that are given twice. */
  readonly duplicates: readonly { readonly place: Place }[];
  /** Characters of its text. */
  readonly length: number;
  /** `v1`, `certificates.k8s.io/v1`; null where there is none. */
  readonly apiVersion: string | null;
  readonly kind: string | null;
}

/** A member of its own, never an inherited one. */
export const documentMember = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/** The object that contains a field. */
interface FieldOwner {
  readonly path: string;
  readonly depth: number;
}

/** Reads a field in base64. Answers the paths of the objects in it. */
export function readBase64Field(
  base64: string,
  place: Place,
  owner: FieldOwner,
  expected: Expectation,
  report: Report,
  reading: Reading,
): readonly string[] {
  if (placeholders.has(base64)) {
    report(
      'FieldNotBase64',
      `${placeText(place)} holds what kubectl config view writes in place of data; with --raw it writes the data`,
    );
    return [];
  }
  if (!isGoBase64(base64)) report('FieldNotBase64', `${placeText(place)} is not base64 as Go reads it`);
  if (base64.includes(PEM_BEGIN)) return readTextField(base64, place, owner, expected, reading);
  const bytes = Buffer.from(base64, 'base64');
  reading.context.budget.spendOctets(bytes.length);
  return readField(bytes, place, owner, expected, reading);
}

/** Reads a field of text. */
export const readTextField = (
  text: string,
  place: Place,
  owner: FieldOwner,
  expected: Expectation,
  reading: Reading,
): readonly string[] => readField(Buffer.from(text, 'utf8'), place, owner, expected, reading);

function readField(
  bytes: Buffer,
  place: Place,
  { path, depth }: FieldOwner,
  expected: Expectation,
  reading: Reading,
): readonly string[] {
  return reading.read({ path: reading.insidePath(path, place), bytes, parent: path, depth: depth + 1, expected });
}

/** Reports fields of the wrong type and members that are given twice. */
export function reportFieldProblems(
  problems: readonly FieldProblem[],
  duplicates: readonly { readonly place: Place }[],
  report: Report,
): void {
  for (const { place, problem } of problems)
    report('FieldMissing', `${place.length === 0 ? 'The document' : placeText(place)} ${problem}`);
  for (const { place } of duplicates) {
    const name = place.at(-1);
    const owner = placeText(place.slice(0, -1));
    report(
      'DuplicateMember',
      `${quote(redactText(String(name)))} occurs twice in ${owner === '' ? 'the document' : owner}; kubectl takes the last one`,
    );
  }
}

/**
 * Fields of a document for display, without what has the shape of a secret. Reports it if that changed them; `nameOf` names
 * what they belong to.
 */
export function shownFields<T>(fields: T, nameOf: (shown: T) => string, report: Report): T {
  const shown = redactFields(fields);
  if (!isDeepStrictEqual(shown, fields))
    report('SecretRedacted', `${nameOf(shown)} has a text with the shape of a secret, which is shown as [redacted]`);
  return shown;
}

/** Bounds a text of any length for display. */
export function shortened(text: string): string {
  if (text.length <= MAX_SHOWN) return text;
  const start = Array.from(text.slice(0, 2 * MAX_SHOWN))
    .slice(0, MAX_SHOWN)
    .join('');
  return start.length < text.length ? `${start}…` : text;
}

/** Characters. */
const MAX_SHOWN = 256;
