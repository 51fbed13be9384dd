import type { DecodedObject } from '../../model/decoded.js';
import type { KubernetesReading } from '../../model/inspection.js';
import { pathStem } from '../../reading/paths.js';
import { type CertificateNode, grouped, isAuthority, onceFor, shortName } from '../../relations/certificate-node.js';
import type { Relations } from '../../relations/relations.js';
import type { CertificateCheck, ObjectCheck } from './check.js';

/** Whether a key belongs to the certificate beside it, or to anything here. */
export const checkKey: ObjectCheck = (object, { relations, report }) => {
  const { content } = object;
  if ((content.type !== 'PrivateKey' && content.type !== 'PublicKey') || content.publicKey === null) return;
  const { spkiSha256 } = content.publicKey;
  const own = relations.objectsOfKey(spkiSha256);
  if (content.type === 'PrivateKey') {
    const beside = certificatesBeside(object, relations);
    const [first] = beside;
    if (first && !beside.some((certificate) => own.includes(certificate))) {
      report('KeyMismatch', `it is not the key of ${first.path}`);
      return;
    }
  }
  // Service account tokens are signed with a pair of keys that has no certificate.
  const alone = own.every((other) => other.content.type === content.type);
  if (alone) report('KeyWithoutCertificate', 'no certificate or request here has this key');
};

/** The certificates that a private key is put together with: in one user, Secret or file, or in files of one name. */
function certificatesBeside(key: DecodedObject, relations: Relations): readonly DecodedObject[] {
  const { parent } = key;
  const container = parent === null ? undefined : relations.objectAt(parent)?.content.type;
  if (container === 'PKCS12' || container === 'PKCS7') return [];

  const inTheSameFile = relations.bundleOf(key);
  if (inTheSameFile.length > 0) {
    const leaves = inTheSameFile.filter(({ material }) => !isAuthority(material));
    return (leaves.length === 1 || inTheSameFile.length === 1) && keysByFile(relations).get(fileOf(key))?.length === 1
      ? objectsOf(inTheSameFile)
      : [];
  }
  const pair = pairOf(key);
  const ofPair = pair === null ? [] : objectsOf(certificatesByPair(relations).get(pair) ?? []);
  // A client takes the first for its own; the others are its chain.
  return clientField.test(pathStem(key.path)) ? ofPair.slice(0, 1) : ofPair;
}

const objectsOf = (nodes: readonly CertificateNode[]): readonly DecodedObject[] =>
  nodes.flatMap(({ object }) => object ?? []);

const fileOf = ({ parent, path }: DecodedObject): string => `${parent ?? ''}\n${pathStem(path)}`;

const keysByFile = onceFor(({ objects }: Relations) =>
  grouped(objects, (object) => (object.content.type === 'PrivateKey' ? fileOf(object) : null)),
);

const certificatesByPair = onceFor(({ certificates }: Relations) =>
  grouped(certificates, ({ object }) => object && pairOf(object)),
);

/** A field of a kubeconfig's user, or of the answer of an exec plugin. */
const clientField = /^(.*\.user\.client-|.*status\.client)(?:certificate-data|key-data|CertificateData|KeyData)$/;

/** The same for a key and its certificate beside each other; null for a path of neither. */
function pairOf({ parent, path }: DecodedObject): string | null {
  const stem = pathStem(path);
  const [, common = null] = clientField.exec(stem) ?? /^(.*?)(?:-key)?\.(?:crt|cer|pem|key)(?:"\])?$/.exec(stem) ?? [];
  return common === null ? null : `${parent ?? ''}\n${common}`;
}

/** One key for several identities: compared with the first certificate of the key. */
export const checkSharedKey: CertificateCheck = ({ object, content, node }, { relations, report }) => {
  if (relations.certificates.length < 2) return;
  const first = relations.objectsOfKey(node.spkiSha256).find((other) => other.content.type === 'Certificate');
  if (first?.content.type !== 'Certificate' || first === object || attributesOf(first) === attributesOf(object)) return;
  const [other, own] = [first.content.subject.text, content.subject.text].map(shortName);
  report('SharedKey', `${first.path} has the same key for ${other ?? ''}, and this is for ${own ?? ''}`);
};

/** A subject without its order and string types, which differ between issuers for the same identity. */
function attributesOf({ content }: DecodedObject): string {
  if (content.type !== 'Certificate') return '';
  return JSON.stringify(
    content.subject.rdns
      .flat()
      .map(({ oid, value, hex }) => `${oid}=${value ?? hex ?? ''}`)
      .sort(),
  );
}

/** Whether the certificate in a CertificateSigningRequest is for the request in it. */
export const checkCertificateSigningRequest: ObjectCheck = (object, { relations, report }) => {
  const children = relations.childrenOf(object.path);
  const request = children.find(({ content }) => content.type === 'CertificationRequest')?.content;
  const certificate = children.find(
    ({ path, content }) => content.type === 'Certificate' && pathStem(path).endsWith('status.certificate'),
  )?.content;
  if (request?.type !== 'CertificationRequest' || certificate?.type !== 'Certificate') return;
  if (request.publicKey.spkiSha256 !== certificate.publicKey.spkiSha256)
    report('CertificateNotForRequest', 'the certificate has another key than the request');
  // Signers may order a subject anew, so the identity that Kubernetes reads is compared.
  const asked = identity(request.kubernetes);
  const given = identity(certificate.kubernetes);
  if (asked !== null && given !== null && asked !== given)
    report('CertificateNotForRequest', 'the certificate is for another username or other groups than the request');
};

const identity = (reading: Pick<KubernetesReading, 'username' | 'groups'> | null): string | null =>
  reading && JSON.stringify([reading.username, [...reading.groups].sort()]);
