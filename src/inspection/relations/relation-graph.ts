import type { PublicKeyDescription } from '../../model/inspection.js';
import type { Budget, DecodedObject, KnownCluster } from '../decoded.js';
import { CertificateIndex } from './certificate-index.js';
import type { CertificateNode } from './certificate-node.js';
import { type Chain, chainsOf } from './chains.js';
import { findIssuers, type Issuance } from './find-issuers.js';
import { knownAuthorities } from './known-authorities.js';
import { serverAddress } from './server-address.js';

/** What the objects of an upload have to do with each other and with our clusters. */
export class RelationGraph {
  /** The certificates of the upload, in its order. */
  readonly certificates: readonly CertificateNode[];
  readonly #nodes = new Map<DecodedObject, CertificateNode>();
  readonly #issuances = new Map<string, Issuance>();
  readonly #listIssuances = new Map<DecodedObject, Issuance>();
  readonly #chains = new Map<string, readonly Chain[]>();
  readonly #firstOfSame = new Map<string, DecodedObject>();
  #byKey: ReadonlyMap<string, readonly DecodedObject[]> | undefined;
  #byPath: ReadonlyMap<string, DecodedObject> | undefined;
  #children: ReadonlyMap<string, readonly DecodedObject[]> | undefined;
  #byAddress: ReadonlyMap<string, readonly KnownCluster[]> | undefined;

  constructor(
    readonly objects: readonly DecodedObject[],
    private readonly clusters: readonly KnownCluster[],
    budget: Budget,
  ) {
    const authorities = knownAuthorities(clusters);
    this.certificates = objects.flatMap((object) => {
      const { content, material } = object;
      if (content.type !== 'Certificate' || material?.kind !== 'certificate') return [];
      const { fingerprintSha256 } = content;
      const node: CertificateNode = {
        object,
        material,
        subject: content.subject.text,
        fingerprintSha256,
        spkiSha256: content.publicKey.spkiSha256,
        anchors: authorities.byFingerprint.get(fingerprintSha256)?.anchors ?? [],
      };
      this.#nodes.set(object, node);
      return [node];
    });
    const indexes = [new CertificateIndex(this.certificates), authorities.index];
    this.#index();
    this.#findIssuers(indexes, budget);
  }

  certificateOf(object: DecodedObject): CertificateNode | undefined {
    return this.#nodes.get(object);
  }

  issuanceOf(node: CertificateNode): Issuance {
    return this.#issuances.get(node.fingerprintSha256) ?? { outcome: 'missing', namesake: null };
  }

  /** Of a certificate list. */
  issuanceOfList(object: DecodedObject): Issuance | undefined {
    return this.#listIssuances.get(object);
  }

  /** At least one: the certificate alone. */
  chainsOf(node: CertificateNode): readonly Chain[] {
    let chains = this.#chains.get(node.fingerprintSha256);
    if (chains === undefined) {
      chains = chainsOf(node, (other) => this.issuanceOf(other));
      this.#chains.set(node.fingerprintSha256, chains);
    }
    return chains;
  }

  /** Keys, certificates and requests of that public key. */
  objectsOfKey(spkiSha256: string): readonly DecodedObject[] {
    this.#byKey ??= grouped(this.objects, (object) => publicKeyOf(object)?.spkiSha256 ?? null);
    return this.#byKey.get(spkiSha256) ?? [];
  }

  /** The first object that is equal to it; undefined where it is the first itself. */
  firstSame(object: DecodedObject): DecodedObject | undefined {
    const identity = identityOf(object);
    const first = identity === null ? undefined : this.#firstOfSame.get(identity);
    return first === object ? undefined : first;
  }

  /**
   * A list in the upload that revokes the certificate: one by its issuer. A list whose signature is not the issuer's
   * revokes nothing; one whose signature nobody can check is taken at its word.
   */
  revokedBy(node: CertificateNode): DecodedObject | undefined {
    const { issuer, serialNumber } = node.material;
    for (const [object, signer] of this.#listIssuances) {
      if (object.material?.kind !== 'list' || !object.material.issuer.equals(issuer)) continue;
      if (!object.material.revokedSerialNumbers.has(serialNumber.toString('hex'))) continue;
      if (signer.outcome === 'missing' || signer.outcome === 'unchecked') return object;
      const issuance = this.issuanceOf(node);
      if (signer.outcome !== 'signed' || issuance.outcome !== 'signed') continue;
      if (signer.issuers[0]?.spkiSha256 === issuance.issuers[0]?.spkiSha256) return object;
    }
    return undefined;
  }

  /** Those of our clusters that a kubeconfig's server is. */
  clustersAt(server: string): readonly KnownCluster[] {
    const address = serverAddress(server);
    if (address === null) return [];
    this.#byAddress ??= grouped(this.clusters, (cluster) => serverAddress(cluster.server));
    return this.#byAddress.get(address) ?? [];
  }

  objectAt(path: string): DecodedObject | undefined {
    this.#byPath ??= new Map(this.objects.map((object) => [object.path, object]));
    return this.#byPath.get(path);
  }

  /** What was taken out of an object, in its order. */
  childrenOf(path: string): readonly DecodedObject[] {
    this.#children ??= grouped(this.objects, ({ parent }) => parent);
    return this.#children.get(path) ?? [];
  }

  #index(): void {
    for (const object of this.objects) {
      const identity = identityOf(object);
      if (identity !== null && !this.#firstOfSame.has(identity)) this.#firstOfSame.set(identity, object);
    }
  }

  /** In the order of the upload, so that the same upload spends its budget on the same signatures. */
  #findIssuers(indexes: readonly CertificateIndex[], budget: Budget): void {
    for (const object of this.objects) {
      const { material } = object;
      const node = this.#nodes.get(object);
      if (node?.object?.content.type === 'Certificate') {
        if (this.#issuances.has(node.fingerprintSha256)) continue;
        const own = { spkiSha256: node.spkiSha256, selfSigned: node.object.content.selfSigned };
        this.#issuances.set(node.fingerprintSha256, findIssuers(node.material, indexes, budget, own));
      } else if (material?.kind === 'list')
        this.#listIssuances.set(object, findIssuers(material, indexes, budget, null));
    }
  }
}

/** What two objects that are the very same have in common; null where that cannot be told. */
function identityOf({ content }: DecodedObject): string | null {
  switch (content.type) {
    case 'Certificate':
    case 'CertificationRequest':
    case 'CertificateList':
      return content.fingerprintSha256;
    case 'PublicKey':
    case 'PrivateKey':
      return content.publicKey && `${content.type} ${content.publicKey.spkiSha256}`;
    default:
      return null;
  }
}

/** Of what has one that something else may have as well. */
function publicKeyOf({ content }: DecodedObject): PublicKeyDescription | null {
  switch (content.type) {
    case 'Certificate':
    case 'CertificationRequest':
    case 'PublicKey':
    case 'PrivateKey':
      return content.publicKey;
    default:
      return null;
  }
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string | null): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
