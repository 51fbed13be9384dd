import { isDeepStrictEqual } from 'node:util';
import { type Place, placeText } from '../formats/json/place.js';
import { type FieldProblem, isObject } from '../formats/yaml/field-reader.js';
import { quote } from '../formats/text/quote.js';
import type { ObjectContent } from '../model/inspection.js';
import { Observations } from '../model/decoded.js';
import { redactFields } from '../redaction/redact-fields.js';
import { redactText } from '../redaction/redact-text.js';
import { isGoBase64 } from './base64.js';
import { PEM_BEGIN } from './read-pem.js';
import type { Expectation, OpenObject, Reading, Source } from './reading.js';

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

/** `kubectl config view` writes these in place of secrets. */
export const placeholders: ReadonlySet<string> = new Set(['DATA+OMITTED', 'REDACTED']);

/** A document that has its place in the answer, with what is said about it. */
export class OpenDocument {
  readonly #object: OpenObject;
  readonly #observations = new Observations();
  readonly report = this.#observations.report;

  constructor(
    private readonly source: DocumentSource,
    private readonly reading: Reading,
  ) {
    this.#object = reading.open(source);
  }

  /** Reads a field in base64. Answers the paths of the objects in it. */
  readBase64(base64: string, place: Place, expected: Expectation): readonly string[] {
    if (placeholders.has(base64)) {
      this.report(
        'FieldNotBase64',
        `${placeText(place)} holds what kubectl config view writes in place of data; with --raw it writes the data`,
      );
      return [];
    }
    if (this.#isTemplate(base64, place)) return [];
    if (!isGoBase64(base64)) this.report('FieldNotBase64', `${placeText(place)} is not base64 as Go reads it`);
    if (base64.includes(PEM_BEGIN)) return this.readText(base64, place, expected);
    const bytes = Buffer.from(base64, 'base64');
    this.reading.context.budget.spendOctets(bytes.length);
    return this.#readField(bytes, place, expected);
  }

  /** Reads a field of text. Answers the paths of the objects in it. */
  readText(text: string, place: Place, expected: Expectation): readonly string[] {
    if (expected === 'credential' && !text.includes(PEM_BEGIN) && this.#isTemplate(text, place)) return [];
    return this.#readField(Buffer.from(text, 'utf8'), place, expected);
  }

  /** Neither base64 nor PEM has two braces. */
  #isTemplate(text: string, place: Place): boolean {
    const is = text.includes('{{');
    if (is) this.report('UnrecognisedContent', `${placeText(place)} is a template, which is not inspected`);
    return is;
  }

  #readField(bytes: Buffer, place: Place, expected: Expectation): readonly string[] {
    const { path } = this.#object;
    const depth = this.source.depth + 1;
    return this.reading.read({ path: this.reading.insidePath(path, place), bytes, parent: path, depth, expected });
  }

  /** Reports fields of the wrong type, and members that are given twice. */
  reportProblems(problems: readonly FieldProblem[]): void {
    for (const { place, problem } of problems)
      this.report('FieldMissing', `${place.length === 0 ? 'The document' : placeText(place)} ${problem}`);
    for (const { place } of this.source.duplicates) {
      const name = quote(redactText(String(place.at(-1))));
      const owner = placeText(place.slice(0, -1)) || 'the document';
      this.report('DuplicateMember', `${name} occurs twice in ${owner}; kubectl takes the last one`);
    }
  }

  /**
   * Fields for display, without what has the shape of a secret. Reports it if that changed them; `nameOf` names what
   * they belong to.
   */
  shown<T>(fields: T, nameOf: (shown: T) => string = () => 'The object'): T {
    const shown = redactFields(fields);
    if (!isDeepStrictEqual(shown, fields))
      this.report(
        'SecretRedacted',
        `${nameOf(shown)} has a text with the shape of a secret, which is shown as [redacted]`,
      );
    return shown;
  }

  /** Answers its path, alone in a list. */
  fill(content: ObjectContent): readonly string[] {
    return this.#object.fill(content, this.#observations.toArray());
  }
}
