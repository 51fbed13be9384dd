import { FieldReader, type FieldProblem } from '../formats/yaml/field-reader.js';
import { quote } from '../formats/text/quote.js';
import { Observations, type Report } from '../model/observations.js';
import type { Reading } from './reading.js';
import { type DocumentSource, readBase64Field, reportFieldProblems, shortened, shownFields } from './document.js';

/** Reads a `certificates.k8s.io` object with its request and its certificate. */
export function readCertificateSigningRequest(document: DocumentSource, reading: Reading): readonly string[] {
  const problems: FieldProblem[] = [];
  const root = FieldReader.of(document.content, [], problems);
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
  const isV1 = document.apiVersion === 'certificates.k8s.io/v1';
  if (name === null && metadata.text('generateName') === null) metadata.missing('name');
  if (request === null) spec.missing('request');
  if (isV1 && signerName === null) spec.missing('signerName');
  if (isV1 && usages.length === 0) spec.missing('usages');

  const object = reading.open(document);
  const observations = new Observations();
  const { report } = observations;
  const owner = { path: object.path, depth: document.depth };
  if (request !== null) readBase64Field(request, ['spec', 'request'], owner, 'credential', report, reading);
  if (certificate !== null)
    readBase64Field(certificate, ['status', 'certificate'], owner, 'credential', report, reading);
  const shown = shownFields(
    {
      name,
      signerName,
      usages,
      requester: spec.text('username'),
      conditions: status.list('conditions').map((condition) => ({
        type: condition.text('type') ?? '',
        reason: condition.text('reason'),
        message: condition.text('message'),
      })),
    },
    () => 'The object',
    report,
  );
  reportFieldProblems(problems, document.duplicates, report);
  checkSigner(shown.signerName ?? (isV1 ? null : LEGACY), shown.usages, report);
  if (expirationSeconds !== null && expirationSeconds < MIN_EXPIRATION)
    report('ExpirationTooShort', `spec.expirationSeconds is ${expirationSeconds}; the least is ${MIN_EXPIRATION}`);
  return object.fill(
    {
      type: 'CertificateSigningRequest',
      ...shown,
      expirationSeconds,
      usages: shown.usages.map(shortened),
    },
    observations.toArray(),
  );
}

const LEGACY = 'kubernetes.io/legacy-unknown';
const MIN_EXPIRATION = 600;

interface UsageRule {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/** The usages that the signers of kube-controller-manager demand. Other signers are not known. */
const usageRules: ReadonlyMap<string, UsageRule> = new Map([
  [
    'kubernetes.io/kube-apiserver-client',
    { required: ['client auth'], optional: ['digital signature', 'key encipherment'] },
  ],
  [
    'kubernetes.io/kube-apiserver-client-kubelet',
    { required: ['client auth', 'digital signature'], optional: ['key encipherment'] },
  ],
  ['kubernetes.io/kubelet-serving', { required: ['server auth', 'digital signature'], optional: ['key encipherment'] }],
]);

function checkSigner(signerName: string | null, usages: readonly string[], report: Report): void {
  if (signerName === LEGACY)
    report('SignerNameLegacy', `The signer is ${quote(LEGACY)}, which no API server trusts and nothing approves`);
  const rule = signerName === null ? undefined : usageRules.get(signerName);
  if (rule === undefined || usages.length === 0) return;
  const missing = rule.required.filter((usage) => !usages.includes(usage));
  const refused = usages.filter((usage) => !rule.required.includes(usage) && !rule.optional.includes(usage));
  if (missing.length === 0 && refused.length === 0) return;
  const parts = [
    ...(missing.length > 0 ? [`demands ${missing.map(quote).join(', ')}`] : []),
    ...(refused.length > 0 ? [`refuses ${refused.slice(0, 10).map(quote).join(', ')}`] : []),
  ];
  report('UsagesUnsuitable', `The signer ${quote(signerName ?? '')} ${parts.join(' and ')}`);
}
