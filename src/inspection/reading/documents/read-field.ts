import { placeholders } from '../../../formats/kubeconfig/read-kubeconfig.js';
import { type Place, placeText } from '../../../formats/json/place.js';
import type { Report } from '../../observations.js';
import { isGoBase64 } from '../base64.js';
import { PEM_BEGIN } from '../pem-blocks.js';
import type { Expectation, Reading } from '../reading.js';

/** The object that a field stands in: its path, and how deep it is. */
export interface FieldOwner {
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
