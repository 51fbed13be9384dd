import type { Place } from '../formats/json/place.js';
import { type FieldProblem, FieldReader, isObject } from '../formats/yaml/field-reader.js';
import type { ObjectContent } from '../model/inspection.js';
import { quote } from '../formats/text/quote.js';
import { Observations } from '../model/observations.js';
import { BASE64_PEM_BEGIN } from './base64.js';
import { PEM_BEGIN } from './read-pem.js';
import type { Reading } from './reading.js';
import {
  type DocumentSource,
  readBase64Field,
  readTextField,
  reportFieldProblems,
  shortened,
  shownFields,
} from './document.js';

/** By convention these hold PEM, whatever the type of the Secret. */
const pemKeys = new Set(['tls.crt', 'tls.key', 'ca.crt']);

/** Reads a Secret with the certificates, keys and kubeconfigs in it. Nothing is said about its other values. */
export function readSecret(document: DocumentSource, reading: Reading): readonly string[] {
  const problems: FieldProblem[] = [];
  const secret = FieldReader.of(document.content, [], problems);
  const { name, namespace } = nameOf(secret);
  const secretType = secret.text('type');
  const data = secret.object('data');
  const stringData = secret.object('stringData');
  const keys = [...new Set([...data.names(), ...stringData.names()])].map(shortened);
  if (secretType === 'kubernetes.io/tls')
    for (const key of ['tls.crt', 'tls.key'])
      if (stringData.text(key) === null && data.text(key) === null) data.missing(key);
  const entries = [
    { fields: data, base64: true, pemKeys },
    { fields: stringData, base64: false, pemKeys },
  ];
  return readEntries(document, { type: 'Secret', name, namespace, secretType, keys }, entries, problems, reading);
}

/**
 * Reads a ConfigMap with the certificates and kubeconfigs in it: `ca.crt` of kube-root-ca.crt, `client-ca-file` of
 * extension-apiserver-authentication, `kubeconfig` of cluster-info, and any other value that holds such.
 */
export function readConfigMap(document: DocumentSource, reading: Reading): readonly string[] {
  const problems: FieldProblem[] = [];
  const configMap = FieldReader.of(document.content, [], problems);
  const { name, namespace } = nameOf(configMap);
  const data = configMap.object('data');
  const binaryData = configMap.object('binaryData');
  const keys = [...data.names(), ...binaryData.names()].map(shortened);
  const entries = [
    { fields: data, base64: false, pemKeys: new Set(['ca.crt']) },
    { fields: binaryData, base64: true, pemKeys: new Set<string>() },
  ];
  return readEntries(document, { type: 'ConfigMap', name, namespace, keys }, entries, problems, reading);
}

function nameOf(manifest: FieldReader): { readonly name: string | null; readonly namespace: string | null } {
  const metadata = manifest.object('metadata');
  return { name: metadata.text('name'), namespace: metadata.text('namespace') };
}

interface Entries {
  readonly fields: FieldReader;
  readonly base64: boolean;
  /** The keys whose values must be PEM. */
  readonly pemKeys: ReadonlySet<string>;
}

function readEntries(
  document: DocumentSource,
  content: ObjectContent,
  entries: readonly Entries[],
  problems: readonly FieldProblem[],
  reading: Reading,
): readonly string[] {
  const object = reading.open(document);
  const observations = new Observations();
  const owner = { path: object.path, depth: document.depth };
  for (const { fields, base64, pemKeys: credentials } of entries)
    for (const key of fields.names()) {
      const value = fields.text(key);
      if (value === null) continue;
      const place = [...fields.place, key];
      const expected = credentials.has(key) ? 'credential' : 'perhaps';
      if (base64) readBase64Field(value, place, owner, expected, observations.report, reading);
      else readTextField(value, place, owner, expected, reading);
    }
  reportFieldProblems(problems, document.duplicates, observations.report);
  const shown = shownFields(content, () => 'The object', observations.report);
  return object.fill(shown, observations.toArray());
}

/**
 * Reads PEM, plain or in base64, anywhere in a document of any other kind: the `caBundle` of a webhook, the answer of a
 * CA's API, the values of a chart.
 */
export function readOtherDocument(document: DocumentSource, reading: Reading): readonly string[] {
  const found = [...pemIn(document.content, [])];
  if (found.length === 0 && document.expected === 'perhaps') return [];
  const resembles = kindOf(document);
  const object = reading.open(document);
  const observations = new Observations();
  reportFieldProblems([], document.duplicates, observations.report);
  if (found.length === 0)
    observations.report('UnrecognisedContent', `It is ${resembles}, which is not inspected, and holds no PEM`);
  const owner = { path: object.path, depth: document.depth };
  for (const { text, place } of found)
    if (text.includes(PEM_BEGIN)) readTextField(text, place, owner, 'perhaps', reading);
    else readBase64Field(text, place, owner, 'perhaps', observations.report, reading);
  return object.fill({ type: 'Unknown', bytes: document.length, resembles }, observations.toArray());
}

function kindOf({ kind, apiVersion }: DocumentSource): string {
  if (kind === null) return 'a JSON or YAML document';
  return apiVersion === null ? quote(kind) : `${quote(kind)} of ${quote(apiVersion)}`;
}

/** Notes of kubectl and API servers. `last-applied-configuration` repeats the whole object. */
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
