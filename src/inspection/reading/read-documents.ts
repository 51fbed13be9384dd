import { type JsonBounds, readJson } from '../../formats/json/read-json.js';
import { readKubernetesYaml } from '../../formats/yaml/read-kubernetes-yaml.js';
import type { Place } from '../../formats/json/place.js';
import { UploadRefusedError } from '../decoded.js';
import { BASE64_PEM_BEGIN } from './base64.js';
import { itemPath } from './paths.js';
import { limits } from './limits.js';
import { PEM_BEGIN } from './pem-blocks.js';
import { readDocument } from './documents/read-document.js';
import type { Reading, Source } from './reading.js';

/** A document of a stream, or what is in its place. */
type Found =
  | { readonly value: unknown; readonly duplicates: readonly { readonly place: Place }[]; readonly length: number }
  | { readonly problem: 'syntax' | 'aliases'; readonly line: number; readonly length: number };

/** Whether a text may hold what Kubernetes reads, or JSON or YAML with PEM in it; cheap, and says yes too often. */
export function looksLikeDocuments(text: string): boolean {
  if (/^\s*[{[]/.test(text)) return true;
  return members.test(text) || text.includes(BASE64_PEM_BEGIN);
}

const members = /^[ \t]*["']?(?:apiVersion|kind|clusters|contexts|users)["']?[ \t]*:/m;
const membersInFlow = /["']?(?:apiVersion|kind|clusters|contexts|users)["']?\s*:/;

/** Reads a text as JSON or YAML documents; null where it is neither. */
export function readDocuments(text: string, source: Source, reading: Reading): readonly string[] | null {
  const found = parse(text, reading);
  if (found === null) return null;
  const unreadable = found.some((document) => 'problem' in document);
  // Text around PEM that happens to look like YAML, or nobody has said that there is a document.
  if (unreadable && (source.expected === 'perhaps' || startsLine(text, PEM_BEGIN))) return null;
  const documents = found.filter((document) => !('value' in document) || document.value !== null);
  // A text that is one YAML scalar is a text.
  if (documents.every((document) => 'value' in document && typeof document.value !== 'object')) return null;
  return documents.flatMap((document, i) => {
    const at = { ...source, path: itemPath(source.path, i, documents.length) };
    return 'problem' in document ? unreadableDocument(document, at, reading) : readDocument(document, at, reading);
  });
}

function parse(text: string, reading: Reading): readonly Found[] | null {
  if (/^\s*[{[]/.test(text)) {
    const json = readJson(text, jsonBounds);
    if (json.ok) return json.documents;
    if (json.exceeded !== null) throw tooMuch(json.exceeded);
    if (!membersInFlow.test(text)) return null;
  }
  const yaml = readKubernetesYaml(text, {
    maxDepth: limits.documentDepth,
    maxLexemes: reading.left('yamlLexemes'),
    maxDocuments: limits.documents,
  });
  if (!yaml.ok) throw tooMuch(yaml.exceeded);
  reading.spend('yamlLexemes', yaml.lexemes);
  if (yaml.documents.some((document) => 'problem' in document && document.problem === 'aliases'))
    throw new UploadRefusedError(
      'TooMuchWork',
      `a YAML document has an alias without its anchor, or its aliases stand for more than ${limits.documentValues} values`,
    );
  return yaml.documents;
}

const jsonBounds: JsonBounds = {
  maxDepth: limits.documentDepth,
  maxValues: limits.documentValues,
  maxDocuments: limits.documents,
};

function tooMuch(exceeded: 'maxDepth' | 'maxValues' | 'maxLexemes' | 'maxDocuments'): UploadRefusedError {
  if (exceeded === 'maxDepth')
    return new UploadRefusedError('TooDeep', `a document nests deeper than ${limits.documentDepth} levels`);
  if (exceeded === 'maxDocuments')
    return new UploadRefusedError(
      'TooManyObjects',
      `a text of the upload holds more than ${limits.documents} documents`,
    );
  const [count, what] =
    exceeded === 'maxValues' ? [limits.documentValues, 'values'] : [limits.yamlLexemes, 'pieces of YAML'];
  return new UploadRefusedError('TooMuchWork', `the documents of the upload hold more than ${count} ${what}`);
}

function unreadableDocument(
  { line, length }: { readonly line: number; readonly length: number },
  source: Source,
  reading: Reading,
): readonly string[] {
  const object = reading.open(source);
  object.fill({
    content: { type: 'Unknown', bytes: length, resembles: 'a YAML document' },
    material: null,
    observations: [{ code: 'MalformedObject', message: `The YAML cannot be read; see line ${line}` }],
  });
  return [object.path];
}

const startsLine = (text: string, start: string): boolean => text.startsWith(start) || text.includes(`\n${start}`);
