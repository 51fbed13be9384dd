import type { Place } from '../formats/json/place.js';
import { quote } from '../formats/text/quote.js';
import { type FieldProblem, FieldReader, isObject } from '../formats/yaml/field-reader.js';
import type { ObjectContent } from '../model/inspection.js';
import type { Report } from '../model/decoded.js';
import { BASE64_PEM_BEGIN } from './base64.js';
import { type DocumentSource, OpenDocument } from './document.js';
import { shortened } from './paths.js';
import { PEM_BEGIN } from './read-pem.js';
import type { Reading } from './reading.js';

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
  source: DocumentSource,
  content: ObjectContent,
  entries: readonly Entries[],
  problems: readonly FieldProblem[],
  reading: Reading,
): readonly string[] {
  const document = new OpenDocument(source, reading);
  for (const { fields, base64, pemKeys: credentials } of entries)
    for (const key of fields.names()) {
      const value = fields.text(key);
      if (value === null) continue;
      const place = [...fields.place, key];
      const expected = credentials.has(key) ? 'credential' : 'perhaps';
      if (base64) document.readBase64(value, place, expected);
      else document.readText(value, place, expected);
    }
  document.reportProblems(problems);
  return document.fill(document.shown(content));
}

/**
 * Reads PEM, plain or in base64, anywhere in a document of any other kind: the `caBundle` of a webhook, the answer of a
 * CA's API, the values of a chart.
 */
export function readOtherDocument(source: DocumentSource, reading: Reading): readonly string[] {
  const found = [...pemIn(source.content, [])];
  if (found.length === 0 && source.expected === 'perhaps') return [];
  const resembles = kindOf(source);
  const document = new OpenDocument(source, reading);
  document.reportProblems([]);
  if (found.length === 0)
    document.report('UnrecognisedContent', `It is ${resembles}, which is not inspected, and holds no PEM`);
  for (const { text, place } of found)
    if (text.includes(PEM_BEGIN)) document.readText(text, place, 'perhaps');
    else document.readBase64(text, place, 'perhaps');
  return document.fill({ type: 'Unknown', bytes: source.length, resembles });
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

/** Reads a `certificates.k8s.io` object with its request and its certificate. */
export function readCertificateSigningRequest(source: DocumentSource, reading: Reading): readonly string[] {
  const problems: FieldProblem[] = [];
  const root = FieldReader.of(source.content, [], problems);
  const metadata = root.object('metadata');
  const spec = root.object('spec');
  const status = root.object('status');
  const signerName = spec.text('signerName');
  const expirationSeconds = spec.integer('expirationSeconds');
  const usages = spec.texts('usages');
  const request = spec.text('request');
  const certificate = status.text('certificate');
  const name = metadata.text('name');
  // v1beta1, which 1.22 removed, used legacy-unknown where no signer was named.
  const isV1 = source.apiVersion === 'certificates.k8s.io/v1';
  if (name === null && metadata.text('generateName') === null) metadata.missing('name');
  if (request === null) spec.missing('request');
  if (isV1 && signerName === null) spec.missing('signerName');
  if (isV1 && usages.length === 0) spec.missing('usages');

  const document = new OpenDocument(source, reading);
  const { report } = document;
  if (request !== null) document.readBase64(request, ['spec', 'request'], 'credential');
  if (certificate !== null) document.readBase64(certificate, ['status', 'certificate'], 'credential');
  const shown = document.shown({
    name,
    signerName,
    usages,
    requester: spec.text('username'),
    conditions: status.list('conditions').map((condition) => ({
      type: condition.text('type') ?? '',
      reason: condition.text('reason'),
      message: condition.text('message'),
    })),
  });
  document.reportProblems(problems);
  checkSigner(shown.signerName ?? (isV1 ? null : LEGACY), shown.usages, report);
  if (expirationSeconds !== null && expirationSeconds < MIN_EXPIRATION)
    report('ExpirationTooShort', `spec.expirationSeconds is ${expirationSeconds}; the least is ${MIN_EXPIRATION}`);
  const content = { ...shown, expirationSeconds, usages: shown.usages.map(shortened) };
  return document.fill({ type: 'CertificateSigningRequest', ...content });
}

const LEGACY = 'kubernetes.io/legacy-unknown';
const MIN_EXPIRATION = 600;

/** The usages that the signers of kube-controller-manager demand, and those that they allow. No others are known. */
const usageRules: ReadonlyMap<string, readonly [required: readonly string[], optional: readonly string[]]> = new Map([
  ['kubernetes.io/kube-apiserver-client', [['client auth'], ['digital signature', 'key encipherment']]],
  ['kubernetes.io/kube-apiserver-client-kubelet', [['client auth', 'digital signature'], ['key encipherment']]],
  ['kubernetes.io/kubelet-serving', [['server auth', 'digital signature'], ['key encipherment']]],
]);

function checkSigner(signerName: string | null, usages: readonly string[], report: Report): void {
  if (signerName === LEGACY)
    report('SignerNameLegacy', `The signer is ${quote(LEGACY)}, which no API server trusts and nothing approves`);
  const [required, optional] = usageRules.get(signerName ?? '') ?? [];
  if (required === undefined || optional === undefined || usages.length === 0) return;
  const missing = required.filter((usage) => !usages.includes(usage));
  const refused = usages.filter((usage) => !required.includes(usage) && !optional.includes(usage));
  if (missing.length === 0 && refused.length === 0) return;
  const parts = [
    ...(missing.length > 0 ? [`demands ${missing.map(quote).join(', ')}`] : []),
    ...(refused.length > 0 ? [`refuses ${refused.slice(0, 10).map(quote).join(', ')}`] : []),
  ];
  report('UsagesUnsuitable', `The signer ${quote(signerName ?? '')} ${parts.join(' and ')}`);
}
