import { kubeApiserverClient } from '../../../src/kubernetes/csr-object.js';
import type { Condition, StoredCsr } from './csr-storage.js';
import { readRequest } from './read-request.js';
import { badRequest, type FieldError, invalid, refusedByAdmission } from './status.js';

/** certificates.k8s.io/v1 KeyUsage. */
const knownUsages = [
  'signing',
  'digital signature',
  'content commitment',
  'key encipherment',
  'key agreement',
  'data encipherment',
  'cert sign',
  'crl sign',
  'encipher only',
  'decipher only',
  'any',
  'server auth',
  'client auth',
  'code signing',
  'email protection',
  's/mime',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'timestamping',
  'ocsp signing',
  'microsoft sgc',
  'netscape sgc',
];

export interface NewSpec {
  readonly request?: string;
  readonly signerName?: string;
  readonly usages?: readonly string[];
  readonly expirationSeconds?: number;
}

/** Refuses the objects at create that the API server and its admission plugins refuse. */
export async function validateNewCsr(name: string, spec: NewSpec): Promise<void> {
  if (!/^[A-Za-z0-9+/]*=*$/.test(spec.request ?? ''))
    throw badRequest(
      'CertificateSigningRequest in version "v1" cannot be handled as a CertificateSigningRequest: illegal base64 data at input byte 0',
    );
  const errors: FieldError[] = [];
  const wrong = (field: string, message: string) => errors.push({ field, message });
  if (name === '') wrong('metadata.name', 'Required value: name or generateName is required');
  if (name === '.' || name === '..')
    wrong('metadata.name', `Invalid value: ${JSON.stringify(name)}: may not be '${name}'`);
  for (const character of ['/', '%'])
    if (name.includes(character))
      wrong('metadata.name', `Invalid value: ${JSON.stringify(name)}: may not contain '${character}'`);

  const request = await readRequest(Buffer.from(spec.request ?? '', 'base64').toString('utf8'));
  if ('problem' in request)
    wrong('spec.request', `Invalid value: ${JSON.stringify(spec.request ?? null)}: ${request.problem}`);

  const usages = spec.usages ?? [];
  if (usages.length === 0) wrong('spec.usages', 'Required value');
  usages.forEach((usage, i) => {
    if (!knownUsages.includes(usage)) {
      const supported = [...knownUsages].sort().map((known) => JSON.stringify(known));
      wrong(
        `spec.usages[${i}]`,
        `Unsupported value: ${JSON.stringify(usage)}: supported values: ${supported.join(', ')}`,
      );
    } else if (usages.indexOf(usage) < i) wrong(`spec.usages[${i}]`, `Duplicate value: ${JSON.stringify(usage)}`);
  });

  const signerName = spec.signerName ?? '';
  if (signerName === 'kubernetes.io/legacy-unknown')
    wrong(
      'spec.signerName',
      `Invalid value: ${JSON.stringify(signerName)}: the legacy signerName is not allowed via this API version`,
    );
  if (!/^[^/]+\/.+$/.test(signerName))
    wrong(
      'spec.signerName',
      signerName === ''
        ? 'Required value'
        : `Invalid value: ${JSON.stringify(signerName)}: must be a fully qualified domain and path of the form 'example.com/signer-name'`,
    );

  const { expirationSeconds } = spec;
  if (expirationSeconds !== undefined && expirationSeconds < 600)
    wrong(
      'spec.expirationSeconds',
      `Invalid value: ${expirationSeconds}: may not specify a duration less than 600 seconds (10 minutes)`,
    );

  if (errors.length > 0) throw invalid(name, errors);
  // The admission plugin CertificateSubjectRestriction.
  if (signerName === kubeApiserverClient && !('problem' in request) && request.organizations.includes('system:masters'))
    throw refusedByAdmission(name, `use of ${signerName} signer with system:masters group is not allowed`);
}

/** Refuses an update of the approval as the API server does. */
export function validateApproval(old: StoredCsr, conditions: readonly Condition[]): void {
  const errors: FieldError[] = [];
  const at = (i: number) => `status.conditions[${i}]`;
  const oldConditions = old.status.conditions ?? [];
  conditions.forEach(({ type, status }, i) => {
    const first = conditions.findIndex((condition) => condition.type === type);
    if (!type) errors.push({ field: `${at(i)}.type`, message: 'Required value' });
    else if (first < i) errors.push({ field: `${at(i)}.type`, message: `Duplicate value: ${JSON.stringify(type)}` });
    const supported = ['Approved', 'Denied', 'Failed'].includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (type && !supported.includes(status))
      errors.push({
        field: `${at(i)}.status`,
        message: `Unsupported value: ${JSON.stringify(status)}: supported values: ${supported.map((value) => JSON.stringify(value)).join(', ')}`,
      });
  });
  const types = conditions.map(({ type }) => type).filter((type) => type === 'Approved' || type === 'Denied');
  if (new Set(types).size > 1)
    errors.push({
      field: 'status.conditions',
      message: `Invalid value: ${JSON.stringify(types.at(-1))}: Approved and Denied conditions are mutually exclusive`,
    });
  for (const type of ['Approved', 'Denied', 'Failed']) {
    const had = oldConditions.some((condition) => condition.type === type);
    if (had && !conditions.some((condition) => condition.type === type))
      errors.push({
        field: 'status.conditions',
        message: `Forbidden: updates may not remove a condition of type "${type}"`,
      });
  }
  if (errors.length > 0) throw invalid(old.metadata.name, errors);
}
