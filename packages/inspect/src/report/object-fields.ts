import type {
  CertificateContent,
  CertificateListContent,
  CertificationRequestContent,
  ExtensionContent,
  InspectedObject,
  KubeconfigContent,
} from '../model/inspection.js';
import type { GeneralNameContent } from '../x509/describe-names.js';
import { commandText, keyText, minuteText, shownName, sourceText } from './object-words.js';

interface Field {
  readonly label: string;
  /** A field without values is not shown. */
  readonly values: readonly string[];
}

export interface FieldGroup {
  /** Null for the fields of the object itself. */
  readonly title: string | null;
  readonly fields: readonly Field[];
}

/**
 * Describes an object in lines of `key: value`, without empty fields. `printed`: the text of OpenSSL follows, which has
 * the fields of a certificate or request already.
 */
export function fieldGroups(object: InspectedObject, printed: boolean): FieldGroup[] {
  const groups = groupsOf(object, printed);
  return groups
    .map(({ title, fields }) => ({ title, fields: fields.filter(({ values }) => values.length > 0) }))
    .filter(({ fields }) => fields.length > 0);
}

function groupsOf(object: InspectedObject, printed: boolean): FieldGroup[] {
  switch (object.type) {
    case 'Certificate':
      return certificateGroups(object, printed);
    case 'CertificationRequest':
      return requestGroups(object, printed);
    case 'CertificateList':
      return listGroups(object);
    case 'PublicKey':
      return own(...keyFields(object.publicKey));
    case 'PrivateKey':
      return own(
        field('encoding', object.encoding),
        field('encrypted', yesNo(object.encrypted)),
        field('encryption', object.encryption),
        ...(object.publicKey === null ? [] : keyFields(object.publicKey)),
      );
    case 'PKCS7':
      return own(
        field('content type', object.contentType),
        field('certificates', object.certificates),
        field('certificate lists', object.certificateLists),
        field('signers', object.signers),
      );
    case 'PKCS12':
      return own(
        field('opened', yesNo(object.opened)),
        field('MAC', object.mac),
        field('MAC verified', yesNo(object.macVerified)),
        field('encryption', object.encryption),
        field('friendly names', object.friendlyNames),
      );
    case 'Kubeconfig':
      return kubeconfigGroups(object);
    case 'CertificateSigningRequest':
      return own(
        field('name', object.name),
        field('signer name', object.signerName),
        field('expiration seconds', object.expirationSeconds),
        field('usages', object.usages.join(', ') || null),
        field('requester', object.requester),
        field(
          'conditions',
          object.conditions.map(({ type, reason, message }) =>
            [type, reason === null ? '' : ` (${reason})`, message === null ? '' : `: ${message}`].join(''),
          ),
        ),
      );
    case 'Secret':
      return own(
        field('name', object.name),
        field('namespace', object.namespace),
        field('type', object.secretType),
        field('keys', object.keys),
      );
    case 'ConfigMap':
      return own(field('name', object.name), field('namespace', object.namespace), field('keys', object.keys));
    case 'Archive':
      return own(field('format', object.format), field('entries', object.entries));
    case 'Unknown':
      return own(field('bytes', object.bytes), field('resembles', object.resembles));
  }
}

function certificateGroups(certificate: CertificateContent, printed: boolean): FieldGroup[] {
  const { kubernetes, inventory } = certificate;
  const groups = own(
    field('role', certificate.role),
    field('username', kubernetes?.username),
    field('groups', kubernetes?.groups),
    field('uid', kubernetes?.uid),
    field('credential id', kubernetes?.credentialId),
    ...(printed ? [] : certificateFields(certificate)),
    field('SHA-256 fingerprint', certificate.fingerprintSha256),
    field('SHA-1 fingerprint', certificate.fingerprintSha1),
    field('SPKI SHA-256', certificate.publicKey.spkiSha256),
    field('self-signed', yesNo(certificate.selfSigned)),
  );
  if (inventory !== null)
    groups.push({
      title: 'in our inventory',
      fields: [
        field('request', `/v1/certificate-requests/${inventory.requestId}`),
        field('state', inventory.state),
        field('cluster', inventory.cluster),
        field('requester', inventory.requester),
        field('revoked', inventory.revocation && `${inventory.revocation.revokedAt} (${inventory.revocation.reason})`),
        field('handed out', inventory.orphan ? 'never: it was signed and not collected' : null),
      ],
    });
  if (!printed && certificate.extensions.length > 0) groups.push(extensionGroup(certificate.extensions));
  return groups;
}

const certificateFields = (certificate: CertificateContent): Field[] => [
  field('version', certificate.version),
  field('serial number', certificate.serialNumber),
  field('signature algorithm', certificate.signatureAlgorithm.name),
  field('issuer', shownName(certificate.issuer)),
  field('not before', certificate.notBefore),
  field('not after', certificate.notAfter),
  field('subject', shownName(certificate.subject)),
  field('names', alternativeNames(certificate.extensions)),
  field('key', keyText(certificate.publicKey)),
  field('issuer unique id', certificate.issuerUniqueId),
  field('subject unique id', certificate.subjectUniqueId),
];

const nameWords: Readonly<Record<string, string>> = { dNSName: 'DNS', iPAddress: 'IP', rfc822Name: 'email' };

/** `DNS:kubernetes.default`, `IP:10.96.0.1`: RFC 5280 4.2.1.6. */
export function alternativeNames(extensions: readonly ExtensionContent[]): readonly string[] {
  const { value } = extensions.find(({ name }) => name === 'subjectAltName') ?? {};
  const names = Array.isArray(value) ? (value as readonly Partial<GeneralNameContent>[]) : [];
  return names.flatMap(({ type = '', value: text }) =>
    typeof text === 'string' ? [`${nameWords[type] ?? type}:${text}`] : [],
  );
}

function requestGroups(request: CertificationRequestContent, printed: boolean): FieldGroup[] {
  const { kubernetes } = request;
  const groups = own(
    field('username', kubernetes?.username),
    field('groups', kubernetes?.groups),
    field('uid', kubernetes?.uid),
    ...(printed
      ? []
      : [
          field('version', request.version),
          field('subject', shownName(request.subject)),
          field('key', keyText(request.publicKey)),
          field('signature algorithm', request.signatureAlgorithm.name),
          field('other attributes', request.attributes),
        ]),
    field('signature valid', yesNo(request.signatureValid)),
    field('SHA-256 fingerprint', request.fingerprintSha256),
    field('SPKI SHA-256', request.publicKey.spkiSha256),
  );
  if (!printed && request.extensions.length > 0) groups.push(extensionGroup(request.extensions));
  return groups;
}

function listGroups(list: CertificateListContent): FieldGroup[] {
  const revoked = list.revoked.map(({ serialNumber, revocationDate, reason }) =>
    [serialNumber, minuteText(revocationDate), ...(reason === null ? [] : [reason])].join(', '),
  );
  const left = list.revokedCount - list.revoked.length;
  return [
    ...own(
      field('version', list.version),
      field('issuer', shownName(list.issuer)),
      field('this update', list.thisUpdate),
      field('next update', list.nextUpdate),
      field('signature algorithm', list.signatureAlgorithm.name),
      field('SHA-256 fingerprint', list.fingerprintSha256),
      field('revoked', list.revokedCount),
      field('serial numbers', left > 0 ? [...revoked, `and ${left} more`] : revoked),
    ),
    ...(list.extensions.length === 0 ? [] : [extensionGroup(list.extensions)]),
  ];
}

/** The table of `kubectl config get-contexts`. */
export const contextHeads = ['Current', 'Name', 'Cluster', 'Authinfo', 'Namespace'];

export const contextRows = ({ contexts, currentContext }: KubeconfigContent): readonly (readonly string[])[] =>
  contexts.map(({ name, cluster, user, namespace }) => [
    name === currentContext ? '*' : '',
    ...[name, cluster, user, namespace].map((cell) => cell ?? ''),
  ]);

function kubeconfigGroups({ currentContext, clusters, users }: KubeconfigContent): FieldGroup[] {
  return [
    ...own(field('current context', currentContext)),
    ...clusters.map((cluster) => ({
      title: `cluster ${cluster.name}`,
      fields: [
        field('server', cluster.server),
        field('certificate authority', sourceText(cluster.certificateAuthority)),
        field('TLS server name', cluster.tlsServerName),
        field('verifies the server', cluster.insecureSkipTlsVerify ? 'no: insecure-skip-tls-verify' : null),
        field('proxy', cluster.proxyUrl),
      ],
    })),
    ...users.map((user) => ({
      title: `user ${user.name}`,
      fields: [
        field('authenticates by', user.authentication.join(', ') || 'nothing'),
        field('client certificate', sourceUnlessNothing(user.clientCertificate)),
        field('client key', sourceUnlessNothing(user.clientKey)),
        field('token file', user.tokenFile),
        field('command (not run)', user.exec && commandText(user.exec.command, user.exec.args)),
        field('sets variables', user.exec?.env.join(', ') ?? null),
        field('auth provider', user.authProvider),
        field('acts as', user.impersonates),
      ],
    })),
  ];
}

const sourceUnlessNothing = (source: Parameters<typeof sourceText>[0]): string | null =>
  source.from === 'nothing' ? null : sourceText(source);

const keyFields = (key: Parameters<typeof keyText>[0]): Field[] => [
  field('algorithm', keyText(key)),
  field('bits', key.bits),
  field('SPKI SHA-256', key.spkiSha256),
];

const extensionGroup = (extensions: readonly ExtensionContent[]): FieldGroup => ({
  title: 'extensions',
  fields: extensions.map(({ name, critical, value, hex }) =>
    field(critical ? `${name} (critical)` : name, value === null ? hex || '(empty)' : JSON.stringify(value)),
  ),
});

const own = (...fields: readonly Field[]): FieldGroup[] => [{ title: null, fields }];

/** Null, undefined and the empty text are no values. */
function field(label: string, value: string | number | readonly string[] | null | undefined): Field {
  if (value === null || value === undefined || value === '') return { label, values: [] };
  return { label, values: typeof value === 'object' ? value : [String(value)] };
}

function yesNo(value: boolean | null): string {
  if (value === null) return 'not known';
  return value ? 'yes' : 'no';
}
