import { readStrictYaml } from '../formats/yaml/read-strict-yaml.js';
import type { GuardrailDocument, PolicyDocument } from './policy-schema.js';
import type { PolicySet } from './policy-set.js';

/** A document that was found to be of this shape. */
export type RuleDocument = PolicyDocument | GuardrailDocument;

export interface PlacedDocument {
  readonly path: string;
  /** `file:document`, documents counted from 1. */
  readonly place: string;
  readonly document:
    { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly errors: readonly string[] };
}

/** Every document of the files in order, but those that hold nothing but comments. */
export function readDocuments(texts: PolicySet['texts']): readonly PlacedDocument[] {
  return texts.flatMap(({ path, text }) =>
    readStrictYaml(text).flatMap((document, i) =>
      document.ok && document.value === null ? [] : [{ path, place: `${path}:${i + 1}`, document }],
    ),
  );
}
