import {
  instanceLabel,
  kubeApiserverClient,
  requestIdLabel,
  type CsrObject,
  type NewCsrObject,
} from '../kubernetes/csr-object.js';
import type { ApprovedRequest } from '../model/approved-request.js';
import { decodePemBundle, encodePem } from '@kubepass/x509';
import { SigningRefusedError, type NeededAccess } from './signer.js';

/** The name of an attempt's object, by which it is found again after a crash. */
export const objectNameOf = ({ requestId, attempt }: Pick<ApprovedRequest, 'requestId' | 'attempt'>): string =>
  `kubepass-${requestId}-${attempt}`;

/** Signed, failed or denied: nothing more happens to it. An Approved object may still go on to any of them. */
export function isEnd({ certificate, conditions }: CsrObject): boolean {
  return certificate !== null || conditions.some(({ type }) => type === 'Failed' || type === 'Denied');
}

/** `instance`: the id of the log in which the request is recorded. */
export async function newCsrObject(request: ApprovedRequest, name: string, instance: string): Promise<NewCsrObject> {
  if (request.certificationRequest === null) throw new TypeError('a cluster signs a PKCS#10 and there is none');
  return {
    name,
    labels: {
      'app.kubernetes.io/managed-by': 'kubepass',
      [requestIdLabel]: request.requestId,
      [instanceLabel]: instance,
    },
    annotations: { 'kubepass/attempt': String(request.attempt) },
    request: encodePem('CERTIFICATE REQUEST', await request.certificationRequest),
    signerName: kubeApiserverClient,
    usages: request.keyAlgorithm.startsWith('RSA-')
      ? ['client auth', 'digital signature', 'key encipherment']
      : ['client auth', 'digital signature'],
    expirationSeconds: request.expirationSeconds,
  };
}

/** How an object of our name differs from what we sent. Names are predictable, so anybody may have made the object. */
export function differencesFrom(sent: NewCsrObject, found: CsrObject, ownUsername: string): readonly string[] {
  const sameUsages =
    found.usages.length === sent.usages.length && found.usages.every((usage) => sent.usages.includes(usage));
  return [
    ...(found.request === sent.request ? [] : ['spec.request']),
    ...(found.signerName === sent.signerName ? [] : ['spec.signerName']),
    ...(sameUsages ? [] : ['spec.usages']),
    ...(found.expirationSeconds === sent.expirationSeconds ? [] : ['spec.expirationSeconds']),
    ...(found.username === ownUsername ? [] : ['spec.username']),
  ];
}

/** The leaf of `status.certificate`. It comes first, as in RFC 8446 4.4.2. */
export function certificateIn(pem: string): Uint8Array {
  const bundle = decodePemBundle(pem, 'CERTIFICATE');
  const leaf = bundle.ok ? bundle.ders[0] : undefined;
  if (leaf === undefined)
    throw new SigningRefusedError('IssuedCertificateMismatch', 'what the cluster answered as certificate is not one');
  return leaf;
}

const csrs = { group: 'certificates.k8s.io', resource: 'certificatesigningrequests' };

/** The access rights that signing takes in a cluster: `deploy/kubernetes` grants these and no more. */
export const signingAccess: readonly NeededAccess[] = [
  needed({ ...csrs, verb: 'create' }, 'asking the cluster to sign'),
  needed({ ...csrs, verb: 'get' }, 'holding an object against what was sent before approving it'),
  needed({ ...csrs, verb: 'list' }, 'finding out what there is before watching it'),
  needed({ ...csrs, verb: 'watch' }, 'learning of certificates as they are signed'),
  needed({ ...csrs, verb: 'update', subresource: 'approval' }, 'approving what policy has approved'),
  needed(
    { group: 'certificates.k8s.io', resource: 'signers', verb: 'approve', name: kubeApiserverClient },
    'approving for the signer of user certificates, and for no other',
  ),
  needed({ ...csrs, verb: 'delete' }, 'making sure that nothing is signed once it was given up'),
  {
    access: {
      group: '',
      resource: 'configmaps',
      verb: 'get',
      name: 'extension-apiserver-authentication',
      namespace: 'kube-system',
    },
    purpose: 'reading what user certificates chain to, where clientCertificateAuthority is not configured',
    required: false,
  },
];

function needed(access: NeededAccess['access'], purpose: string): NeededAccess {
  return { access, purpose, required: true };
}
