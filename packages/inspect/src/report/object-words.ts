import { counted } from '../formats/text/duration-in-words.js';
import type {
  CertificateRole,
  CredentialSource,
  InspectedObject,
  NameContent,
  PublicKeyDescription,
} from '../model/inspection.js';

const roles: Readonly<Record<CertificateRole, string>> = {
  ClusterCA: 'cluster CA',
  EtcdCA: 'etcd CA',
  FrontProxyCA: 'front-proxy CA',
  CA: 'CA certificate',
  ApiServerServing: 'API server',
  ApiServerKubeletClient: 'API server to kubelet',
  ApiServerEtcdClient: 'API server to etcd',
  FrontProxyClient: 'front-proxy client',
  EtcdServer: 'etcd server',
  EtcdPeer: 'etcd peer',
  EtcdServerAndPeer: 'etcd server and peer',
  EtcdHealthcheckClient: 'etcd health check',
  EtcdClient: 'etcd client',
  KubeletClient: 'kubelet client',
  KubeletServing: 'kubelet server',
  ControllerManager: 'controller manager',
  Scheduler: 'scheduler',
  KubeProxy: 'kube-proxy',
  ServiceAccountSigner: 'service account signer',
  Serving: 'server certificate',
  User: 'user certificate',
};

/** Names an object in a few words. */
export function whatItIs(object: InspectedObject): string {
  switch (object.type) {
    case 'Certificate':
      return object.role === null ? 'certificate' : roles[object.role];
    case 'CertificationRequest':
      return 'certification request';
    case 'CertificateList':
      return `certificate list, ${object.revokedCount} revoked`;
    case 'PublicKey':
      return `${object.publicKey.algorithm} public key`;
    case 'PrivateKey':
      if (object.publicKey === null) return object.encrypted ? 'encrypted private key' : 'private key';
      return `${object.publicKey.algorithm} private key`;
    case 'PKCS7':
      return `PKCS#7, ${counted(object.certificates, 'certificate')}`;
    case 'PKCS12':
      return object.opened ? 'PKCS#12' : 'PKCS#12, not opened';
    case 'Kubeconfig':
      return `kubeconfig, ${counted(object.contexts.length, 'context')}`;
    case 'CertificateSigningRequest':
    case 'ConfigMap':
      return object.type;
    case 'Secret':
      return object.secretType === null ? 'Secret' : `Secret, ${object.secretType}`;
    case 'Archive':
      return `${object.format} archive, ${counted(object.entries, 'entry', 'entries')}`;
    case 'Unknown':
      return 'not recognised';
  }
}

/** Whom an object is about: a user as an API server reads it, a subject or a name; null where there is nobody. */
export function whoItIs(object: InspectedObject): string | null {
  switch (object.type) {
    case 'Certificate':
    case 'CertificationRequest':
      return object.kubernetes === null ? shownName(object.subject) : userText(object.kubernetes);
    case 'CertificateList':
      return shownName(object.issuer);
    case 'Kubeconfig':
      return object.contexts.find(({ name }) => name === object.currentContext)?.user ?? null;
    case 'CertificateSigningRequest':
      return object.requester ?? object.name;
    case 'Secret':
    case 'ConfigMap':
      return object.namespace === null ? object.name : `${object.namespace}/${object.name ?? ''}`;
    default:
      return null;
  }
}

const userText = ({ username, groups }: { readonly username: string; readonly groups: readonly string[] }): string =>
  groups.length === 0 ? username : `${username} (${groups.join(', ')})`;

/** The issuer of a certificate, in short; null for anything else. */
export function issuerOf(object: InspectedObject): string | null {
  if (object.type !== 'Certificate') return null;
  const [common, ...more] = object.issuer.rdns.flat().filter(({ type }) => type === 'CN');
  return object.selfSigned ? 'itself' : ((more.length === 0 ? common?.value : null) ?? shownName(object.issuer));
}

export const shownName = (name: NameContent): string => (name.text === '' ? '(empty)' : name.text);

/** `ECDSA-P256`, `RSA-2048, exponent 3`. */
export function keyText({ algorithm, exponent }: PublicKeyDescription): string {
  return exponent === null || exponent === '65537' ? algorithm : `${algorithm}, exponent ${exponent}`;
}

export function sourceText(source: CredentialSource): string {
  switch (source.from) {
    case 'data':
      return source.object === null ? 'embedded, not readable' : `embedded: ${source.object}`;
    case 'file':
      return `file ${source.file}`;
    case 'nothing':
      return 'none';
  }
}

/** `2036-11-22 00:23 UTC`. Other texts than RFC 3339 in UTC stay as they are. */
export function minuteText(instant: string): string {
  const matched = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?Z$/.exec(instant);
  return matched === null ? instant : `${matched[1] ?? ''} ${matched[2] ?? ''} UTC`;
}

/** A command line for display, not for a shell. It shows where each argument ends. */
export function commandText(command: string, args: readonly string[]): string {
  return [command, ...args].map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}
