import { type FieldProblem, FieldReader } from '../../../formats/yaml/field-reader.js';
import { Observations } from '../../observations.js';
import type { Reading } from '../reading.js';
import { type DocumentSource, isObject, readBase64Field, readTextField, reportShape, shown } from './document.js';
import { quote } from '../../../model/quote.js';
import type { Place } from '../../../formats/json/place.js';
import { BASE64_PEM_BEGIN } from '../base64.js';
import { PEM_BEGIN } from '../read-pem.js';

/** By convention these hold PEM, whatever the type of the Secret. */
const pemKeys = new Set(['tls.crt', 'tls.key', 'ca.crt']);

/** Reads a Secret and the certificates, keys and kubeconfigs in it. Of its other values nothing is told. */
export function readSecret(document: DocumentSource, reading: Reading): readonly string[] {
  const problems: FieldProblem[] = [];
  const secret = FieldReader.of(document.content, [], problems);
  const metadata = secret.object('metadata');
  const name = metadata.text('name');
  const namespace = metadata.text('namespace');
  const secretType = secret.text('type');
  const data = secret.object('data');
  const stringData = secret.object('stringData');
  const keys = [...new Set([...data.names(), ...stringData.names()])];
  if (secretType === 'kubernetes.io/tls')
    for (const key of ['tls.crt', 'tls.key'])
      if (stringData.text(key) === null && data.text(key) === null) data.missing(key);

  const object = reading.open(document);
  const observations = new Observations();
  const owner = { path: object.path, depth: document.depth };
  for (const [fields, read] of [
    [data, readBase64Field],
    [stringData, readText],
  ] as const)
    for (const key of fields.names()) {
      const value = fields.text(key);
      if (value === null) continue;
      const expected = pemKeys.has(key) ? 'credential' : 'perhaps';
      read(value, [...fields.place, key], owner, expected, observations.report, reading);
    }
  reportShape(problems, document.duplicates, observations.report);
  object.fill({
    content: {
      type: 'Secret',
      name,
      namespace,
      secretType,
      keys: keys.map(shown),
    },
    material: null,
    observations: observations.toArray(),
  });
  return [object.path];
}

const readText: typeof readBase64Field = (text, place, owner, expected, _report, reading) =>
  readTextField(text, place, owner, expected, reading);

/**
 * Reads a ConfigMap and the certificates and kubeconfigs in it: `ca.crt` of kube-root-ca.crt, `client-ca-file` of
 * extension-apiserver-authentication, `kubeconfig` of cluster-info, and any other value that holds such.
 */
export function readConfigMap(document: DocumentSource, reading: Reading): readonly string[] {
  const problems: FieldProblem[] = [];
  const configMap = FieldReader.of(document.content, [], problems);
  const metadata = configMap.object('metadata');
  const name = metadata.text('name');
  const namespace = metadata.text('namespace');
  const data = configMap.object('data');
  const binaryData = configMap.object('binaryData');

  const object = reading.open(document);
  const observations = new Observations();
  const owner = { path: object.path, depth: document.depth };
  for (const key of data.names()) {
    const text = data.text(key);
    const expected = key === 'ca.crt' ? 'credential' : 'perhaps';
    if (text !== null) readTextField(text, [...data.place, key], owner, expected, reading);
  }
  for (const key of binaryData.names()) {
    const base64 = binaryData.text(key);
    const place = [...binaryData.place, key];
    if (base64 !== null) readBase64Field(base64, place, owner, 'perhaps', observations.report, reading);
  }
  reportShape(problems, document.duplicates, observations.report);
  object.fill({
    content: {
      type: 'ConfigMap',
      name,
      namespace,
      keys: [...data.names(), ...binaryData.names()].map(shown),
    },
    material: null,
    observations: observations.toArray(),
  });
  return [object.path];
}

/**
 * Reads the PEM, plain or in base64, that stands somewhere in a document of no kind that is known here: the `caBundle`
 * of a webhook, the answer of a CA's API, the values of a chart.
 */
export function readOtherDocument(document: DocumentSource, reading: Reading): readonly string[] {
  const found = [...pemIn(document.content, [])];
  if (found.length === 0 && document.expected === 'perhaps') return [];
  const resembles = nameOf(document);
  const object = reading.open(document);
  const observations = new Observations();
  reportShape([], document.duplicates, observations.report);
  if (found.length === 0)
    observations.report('UnrecognisedContent', `It is ${resembles}, which is not inspected, and holds no PEM`);
  const owner = { path: object.path, depth: document.depth };
  for (const { text, place } of found)
    if (text.includes(PEM_BEGIN)) readTextField(text, place, owner, 'perhaps', reading);
    else readBase64Field(text, place, owner, 'perhaps', observations.report, reading);
  object.fill({
    content: { type: 'Unknown', bytes: document.length, resembles },
    material: null,
    observations: observations.toArray(),
  });
  return [object.path];
}

function nameOf({ kind, apiVersion }: DocumentSource): string {
  if (kind === null) return 'a JSON or YAML document';
  return apiVersion === null ? quote(kind) : `${quote(kind)} of ${quote(apiVersion)}`;
}

/** What kubectl and API servers note for themselves; `last-applied-configuration` repeats the whole object. */
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
