import { quote } from '../../../model/quote.js';
import type { FieldProblem } from '../../../formats/yaml/field-reader.js';
import { type Place, placeText } from '../../../formats/json/place.js';
import type { Report } from '../../observations.js';

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
