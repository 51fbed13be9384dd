import type { ScalarTag, SchemaOptions } from 'yaml';
import type { ParsedDocument } from '../json/read-json.js';
import { composeDocuments, plainValue, type StreamBounds } from './compose-documents.js';

/** Quotes nothing of the text, which may be secret. */
export interface UnreadableDocument {
  readonly problem: 'syntax' | 'aliases';
  /** From 1. */
  readonly line: number;
  /** Its text, to the beginning of the next document: offsets. */
  readonly start: number;
  readonly end: number;
  /** The line on which it begins, from 1. */
  readonly firstLine: number;
  readonly length: number;
}

type KubernetesDocuments =
  | {
      readonly ok: true;
      readonly documents: readonly (ParsedDocument | UnreadableDocument)[];
      /** Counted against `maxLexemes`. */
      readonly lexemes: number;
    }
  | { readonly ok: false; readonly exceeded: keyof StreamBounds };

/** With every alias written out. */
const maxValues = 100_000;

/**
 * The documents of a stream as kubectl reads them: YAML 1.1 (`on` is true, `0777` is octal, `<<` merges), unknown tags
 * are ignored, the last of duplicate members counts. Times and base-60 numbers stay texts.
 */
export function readKubernetesYaml(text: string, bounds: StreamBounds): KubernetesDocuments {
  const stream = composeDocuments(
    text,
    {
      version: '1.1',
      schema: 'yaml-1.1',
      strict: false,
      stringKeys: true,
      merge: false,
      resolveKnownTags: false,
      customTags: plainTags,
    },
    bounds,
  );
  if (!stream.ok) return stream;
  const documents = stream.documents.map((document, i): ParsedDocument | UnreadableDocument => {
    const [start, , end] = document.range;
    const length = end - start;
    const lineOf = (offset: number): number => stream.lineCounter.linePos(offset).line;
    const unreadable = (problem: UnreadableDocument['problem'], offset: number): UnreadableDocument => ({
      problem,
      line: lineOf(offset),
      start,
      end: stream.documents[i + 1]?.range[0] ?? text.length,
      firstLine: lineOf(start),
      length,
    });
    const [error] = document.errors;
    if (error) return unreadable('syntax', error.pos[0]);
    const plain = plainValue(document, { merge: true, maxValues });
    return plain.ok ? { ...plain, length } : unreadable(plain.excessive ? 'aliases' : 'syntax', start);
  });
  return { ok: true, documents, lexemes: stream.lexemes };
}

/** Only tags whose values JSON has, too. */
const plainTags: Extract<SchemaOptions['customTags'], (...args: never) => unknown> = (tags) => [
  octal,
  ...tags.filter(
    (tag) => typeof tag !== 'string' && plain.has(tag.tag.slice(standard.length)) && tag.format !== 'TIME',
  ),
];

const standard = 'tag:yaml.org,2002:';
const plain = new Set(['map', 'seq', 'str', 'null', 'bool', 'int', 'float']);

/** Go's reader knows the octal numbers of YAML 1.2 besides those of YAML 1.1. */
const octal: ScalarTag = {
  tag: `${standard}int`,
  default: true,
  test: /^[-+]?0o[0-7_]+$/,
  resolve: (text) => Number(text.replace(/^[-+]/, '').replaceAll('_', '')) * (text.startsWith('-') ? -1 : 1),
};
