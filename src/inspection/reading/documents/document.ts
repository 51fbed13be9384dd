import { type Place, placeText } from '../../../formats/json/place.js';
import type { Expectation, Reading, Source } from '../reading.js';
import { placeholders } from '../../../formats/kubeconfig/read-kubeconfig.js';
import type { Report } from '../../observations.js';
import { isGoBase64 } from '../base64.js';
import { PEM_BEGIN } from '../read-pem.js';
import { quote } from '../../../model/quote.js';
import type { FieldProblem } from '../../../formats/yaml/field-reader.js';

/** A document that has been read, or an item of a list; `path` is where it is, not yet claimed. */
export interface DocumentSource extends Omit<Source, 'bytes'> {
  readonly content: unknown;
  /** Members given twice, by their place in the document. */
  readonly duplicates: readonly { readonly place: Place }[];
  /** Of the text that it stands in. */
  readonly length: number;
  /** `v1`, `certificates.k8s.io/v1`; null where it does not say. */
  readonly apiVersion: string | null;
  readonly kind: string | null;
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member of an object; never an inherited one. */
export const memberOf = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/** The object that a field stands in: its path, and how deep it is. */
interface FieldOwner {
  readonly path: string;
  readonly depth: number;
}

/** Reads what a field holds in base64; answers the paths of what is found in it. */
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

/** Reads what a field holds as text. */
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

/** Says which fields are not what they must be, and which are there twice. */
export function reportShape(
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
      `${quote(String(name))} occurs twice in ${owner === '' ? 'the document' : owner}; kubectl takes the last one`,
    );
  }
}

/** As much of a text as is shown where it may be of any length. */
export function shown(text: string): string {
  if (text.length <= MAX_SHOWN) return text;
  const start = Array.from(text.slice(0, 2 * MAX_SHOWN))
    .slice(0, MAX_SHOWN)
    .join('');
  return start.length < text.length ? `${start}…` : text;
}

/** Characters. */
const MAX_SHOWN = 256;
