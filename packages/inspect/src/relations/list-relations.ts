import type { KubeconfigContent, Relation, RelationType } from '../model/inspection.js';
import type { DecodedObject } from '../model/decoded.js';
import type { CertificateNode } from './certificate-node.js';
import { issuersIn } from './find-issuers.js';
import type { Relations } from './relations.js';

/** More relations of one type help nobody. */
const maxOfOneType = 16;

/** The relations for the answer, in the order of the objects. */
export function listRelations(relations: Relations): readonly Relation[] {
  return relations.objects.flatMap((object) => {
    const found: Relation[] = [];
    const from = object.path;
    const add = (type: RelationType, targets: Iterable<string>): void => {
      let count = 0;
      for (const to of new Set(targets)) if (to !== from && ++count <= maxOfOneType) found.push({ type, from, to });
    };
    const same = relations.firstSame(object);
    if (same !== undefined) add('SameAs', [same.path]);
    const node = relations.certificateOf(object);
    if (node !== undefined) addOfCertificate(node, relations, add);
    switch (object.content.type) {
      case 'PublicKey':
      case 'PrivateKey':
        add('IsKeyOf', keyHolders(object, object.content.publicKey?.spkiSha256, relations));
        break;
      case 'CertificationRequest':
        if (object.content.signatureValid === true)
          add('SignedBy', certificatesOfKey(object.content.publicKey.spkiSha256, relations));
        break;
      case 'CertificateList':
        add('SignedBy', paths(issuersIn(relations.issuanceOfList(object))));
        break;
      case 'Kubeconfig':
        add('PointsAt', clustersOf(object.content, relations));
        break;
      default:
    }
    return found;
  });
}

const clustersOf = ({ clusters }: KubeconfigContent, relations: Relations): Iterable<string> =>
  clusters.flatMap(({ server }) =>
    server === null ? [] : relations.clustersAt(server).map(({ name }) => `/v1/clusters/${name}`),
  );

type Add = (type: RelationType, targets: Iterable<string>) => void;

function addOfCertificate(node: CertificateNode, relations: Relations, add: Add): void {
  const issuers = issuersIn(relations.issuanceOf(node));
  if (issuers.length > 0) {
    add('SignedBy', paths(issuers.filter(({ fingerprintSha256 }) => fingerprintSha256 !== node.fingerprintSha256)));
    add('ChainsTo', anchorsOf(node, relations));
    add('ChainStopsAt', endsOf(node, relations));
  } else if (node.anchors.length > 0)
    add(
      'ChainsTo',
      node.anchors.map(({ cluster }) => `/v1/clusters/${cluster}`),
    );
  const { content } = node.object ?? {};
  if (content?.type === 'Certificate' && content.inventory !== null)
    add('IssuedFor', [`/v1/certificate-requests/${content.inventory.requestId}`]);
  const list = relations.revokedBy(node);
  if (list !== undefined) add('RevokedBy', [list.path]);
}

/** The roots of its chains, and the clusters whose CAs are in the chains. */
function anchorsOf(node: CertificateNode, relations: Relations): Iterable<string> {
  const found = new Set<string>();
  for (const { nodes, complete } of relations.chainsOf(node)) {
    const root = nodes.at(-1);
    if (complete && nodes.length > 1 && root?.object) found.add(root.object.path);
    for (const { anchors } of nodes) for (const { cluster } of anchors) found.add(`/v1/clusters/${cluster}`);
  }
  return found;
}

/** The last certificates of its chains where all of them end before a root. */
function endsOf(node: CertificateNode, relations: Relations): Iterable<string> {
  const chains = relations.chainsOf(node);
  return chains.some(({ complete }) => complete) ? [] : paths(chains.flatMap(({ nodes }) => nodes.slice(-1)));
}

/** Certificates and requests with the key; for a private key, its public key too. */
function keyHolders(key: DecodedObject, spkiSha256: string | undefined, relations: Relations): Iterable<string> {
  if (spkiSha256 === undefined) return [];
  return relations
    .objectsOfKey(spkiSha256)
    .filter(
      ({ content }) =>
        content.type === 'Certificate' ||
        content.type === 'CertificationRequest' ||
        (content.type === 'PublicKey' && key.content.type === 'PrivateKey'),
    )
    .map(({ path }) => path);
}

const certificatesOfKey = (spkiSha256: string, relations: Relations): Iterable<string> =>
  relations
    .objectsOfKey(spkiSha256)
    .filter(({ content }) => content.type === 'Certificate')
    .map(({ path }) => path);

const paths = (nodes: readonly CertificateNode[]): Iterable<string> =>
  nodes.flatMap(({ object }) => (object === null ? [] : [object.path]));
