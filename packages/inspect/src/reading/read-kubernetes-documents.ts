import { counted } from '../formats/text/duration-in-words.js';
import { type JsonBounds, type ParsedDocument, readJson } from '../formats/json/read-json.js';
import { readKubernetesYaml, type UnreadableDocument } from '../formats/yaml/read-kubernetes-yaml.js';
import { BASE64_PEM_BEGIN } from './base64.js';
import { uploadLimits, UploadRefusedError } from '../model/budget.js';
import { type DocumentSource, documentMember } from './document.js';
import { readKubeconfigDocument } from './read-kubeconfig.js';
import { readCertificateSigningRequest, readConfigMap, readOtherDocument, readSecret } from './read-manifest.js';
import { itemPath } from './paths.js';
import { readLooseText } from './read-loose-text.js';
import { PEM_BEGIN } from './read-pem.js';
import type { Reading, Source } from './reading.js';

/** Whether a text may be JSON or YAML with credentials. It is a cheap test that says yes too often. */
export function looksLikeDocuments(text: string): boolean {
  if (/^\s*[{[]/.test(text)) return true;
  // Most PEM has no colon, which is found faster than a name.
  return (text.includes(':') && members.test(text)) || text.includes(BASE64_PEM_BEGIN);
}

const members = /^[ \t]*["']?(?:apiVersion|kind|clusters|contexts|users)["']?[ \t]*:/m;
const membersInFlow = /["']?(?:apiVersion|kind|clusters|contexts|users)["']?\s*:/;

/** Reads a text as JSON or YAML documents; null where it is neither. */
export function readKubernetesDocuments(text: string, source: Source, reading: Reading): readonly string[] | null {
  const found = parse(text, reading);
  if (found === null) return null;
  const unreadable = found.some((document) => 'problem' in document);
  // Text around PEM may look like YAML, and a field need not hold a document.
  const isTextAroundPem = startsLine(text, PEM_BEGIN) && !text.includes(BASE64_PEM_BEGIN) && !text.includes('{{');
  if (unreadable && (source.expected === 'perhaps' || isTextAroundPem)) return null;
  const documents = found.filter((document) => !('value' in document) || document.value !== null);
  // A plain text is one YAML scalar.
  if (documents.every((document) => 'value' in document && typeof document.value !== 'object')) return null;
  return documents.flatMap((document, i) => {
    const at = { ...source, path: itemPath(source.path, i, documents.length) };
    return 'problem' in document
      ? unreadableDocument(document, text, at, reading)
      : readDocument(document, at, reading);
  });
}

function parse(text: string, reading: Reading): readonly (ParsedDocument | UnreadableDocument)[] | null {
  if (/^\s*[{[]/.test(text)) {
    const json = readJson(text, jsonBounds);
    if (json.ok) return json.documents;
    if (json.exceeded !== null) throw tooMuch(json.exceeded);
    if (!membersInFlow.test(text)) return null;
  }
  const yaml = readKubernetesYaml(text, {
    maxDepth: uploadLimits.documentDepth,
    maxLexemes: reading.left('yamlLexemes'),
    maxDocuments: uploadLimits.documents,
  });
  if (!yaml.ok) throw tooMuch(yaml.exceeded);
  reading.spend('yamlLexemes', yaml.lexemes);
  if (yaml.documents.some((document) => 'problem' in document && document.problem === 'aliases'))
    throw new UploadRefusedError(
      'TooMuchWork',
      `a YAML document has aliases that stand for more than ${uploadLimits.documentValues} values`,
    );
  return yaml.documents;
}

const jsonBounds: JsonBounds = {
  maxDepth: uploadLimits.documentDepth,
  maxValues: uploadLimits.documentValues,
  maxDocuments: uploadLimits.documents,
};

function tooMuch(exceeded: 'maxDepth' | 'maxValues' | 'maxLexemes' | 'maxDocuments'): UploadRefusedError {
  if (exceeded === 'maxDepth')
    return new UploadRefusedError('TooDeep', `a document nests deeper than ${uploadLimits.documentDepth} levels`);
  if (exceeded === 'maxDocuments')
    return new UploadRefusedError(
      'TooManyObjects',
      `a text of the upload holds more than ${uploadLimits.documents} documents`,
    );
  const [count, what] =
    exceeded === 'maxValues' ? [uploadLimits.documentValues, 'values'] : [uploadLimits.yamlLexemes, 'pieces of YAML'];
  return new UploadRefusedError('TooMuchWork', `the documents of the upload hold more than ${count} ${what}`);
}

/**
 * A line that cannot be read must not hide the certificates of the others, so they are looked for without structure. A
 * text of any kind may have a line `kind:`, so the text counts as a damaged manifest only where something is found.
 */
function unreadableDocument(
  { line, start, end, firstLine, length }: UnreadableDocument,
  text: string,
  source: Source,
  reading: Reading,
): readonly string[] {
  const object = reading.open(source);
  const isTemplate = text.includes('{{');
  const loose = { path: object.path, depth: source.depth, text: text.slice(start, end), firstLine, quotes: isTemplate };
  const found = readLooseText(loose, reading).length;
  const were = `${counted(found, 'object')} ${found === 1 ? 'was' : 'were'} found in its text`;
  const [resembles, code, message] = isTemplate
    ? ([
        'a template',
        'UnrecognisedContent',
        `It is a template${found === 0 ? ', which is not inspected' : `; ${were}`}`,
      ] as const)
    : found === 0
      ? ([
          null,
          'UnrecognisedContent',
          `It is nothing that is inspected here; as YAML it cannot be read from line ${line} on`,
        ] as const)
      : (['a YAML document', 'MalformedObject', `The YAML cannot be read; see line ${line}; ${were}`] as const);
  return object.fill({ type: 'Unknown', bytes: length, resembles }, [{ code, message }]);
}

const startsLine = (text: string, start: string): boolean => text.startsWith(start) || text.includes(`\n${start}`);

/** Reads one document by its kind; the items of a list as documents of their own. */
function readDocument(
  { value, duplicates, length }: ParsedDocument,
  source: Source,
  reading: Reading,
): readonly string[] {
  return readTyped({ ...source, content: value, duplicates, length, ...typeOf(value) }, reading);
}

function readTyped(document: DocumentSource, reading: Reading): readonly string[] {
  if (isKubeconfig(document)) return readKubeconfigDocument(document, reading);
  const items = itemsOf(document);
  if (items !== null) return items.flatMap((item) => readTyped(item, reading));
  const { apiVersion, kind } = document;
  if (kind === 'Secret' && apiVersion === 'v1') return readSecret(document, reading);
  if (kind === 'ConfigMap' && apiVersion === 'v1') return readConfigMap(document, reading);
  if (kind === 'CertificateSigningRequest' && apiVersion?.startsWith('certificates.k8s.io/') === true)
    return readCertificateSigningRequest(document, reading);
  return readOtherDocument(document, reading);
}

/** kubectl accepts a kubeconfig without `apiVersion` and `kind`. */
function isKubeconfig({ content, apiVersion, kind }: DocumentSource): boolean {
  if (apiVersion !== null && apiVersion !== 'v1') return false;
  const hasList = (name: string): boolean => Array.isArray(documentMember(content, name));
  return kind === 'Config' || (kind === null && (hasList('clusters') || hasList('contexts')));
}

/**
 * The items of a `List`, of a typed list such as `SecretList`, whose items need not name their kind, or of a JSON array
 * of manifests. Null for any other document.
 */
function itemsOf(list: DocumentSource): readonly DocumentSource[] | null {
  const isArray = Array.isArray(list.content);
  const items = isArray ? list.content : documentMember(list.content, 'items');
  if (!Array.isArray(items) || items.length === 0) return null;
  if (isArray ? !items.some((item) => typeOf(item).kind !== null) : list.kind?.endsWith('List') !== true) return null;

  const depthInPlace = isArray ? 1 : 2;
  const duplicates = items.map((): ParsedDocument['duplicates'][number][] => []);
  for (const { place } of list.duplicates) {
    const index = place[depthInPlace - 1];
    const inItem = (isArray || place[0] === 'items') && typeof index === 'number' && place.length > depthInPlace;
    // Duplicates of the list itself are reported on its first item.
    duplicates[inItem ? index : 0]?.push({ place: inItem ? place.slice(depthInPlace) : place });
  }
  const itemKind = list.kind === null || list.kind === 'List' ? null : list.kind.slice(0, -'List'.length);
  return items.map((content: unknown, i) => {
    const { apiVersion, kind } = typeOf(content);
    return {
      ...list,
      path: itemPath(list.path, i, items.length),
      content,
      duplicates: duplicates[i] ?? [],
      apiVersion: apiVersion ?? (itemKind === null ? null : list.apiVersion),
      kind: kind ?? itemKind,
      depth: list.depth + 1,
    };
  });
}

function typeOf(value: unknown): { apiVersion: string | null; kind: string | null } {
  const text = (name: string): string | null => {
    const member = documentMember(value, name);
    return typeof member === 'string' && member !== '' ? member : null;
  };
  return { apiVersion: text('apiVersion'), kind: text('kind') };
}
