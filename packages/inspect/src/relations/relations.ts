import type { KubeconfigContent, PublicKeyDescription } from '../model/inspection.js';
import type { Budget, DecodedObject, KnownCluster } from '../model/decoded.js';
import {
  type Anchor,
  CertificateIndex,
  type CertificateNode,
  isSelfIssued,
  type KnownAuthorities,
  knownAuthorities,
  octetsKey,
  serverAddress,
} from './certificate-node.js';
import { type Chain, chainsOf, findIssuers, type Issuance } from './find-issuers.js';
import { pathStem } from '../reading/paths.js';

export type KubeconfigObject = DecodedObject & { readonly content: KubeconfigContent };

const isKubeconfig = (object: DecodedObject): object is KubeconfigObject => object.content.type === 'Kubeconfig';

/**
 * The relations of the objects of an upload to each other and to our clusters. Signatures are verified only where names
 * or key identifiers match, and only as far as the budget goes.
 */
export class Relations {
  /** The certificates of the upload, in its order. */
  readonly certificates: readonly CertificateNode[];
  readonly #authorities: KnownAuthorities;
  readonly #nodes = new Map<DecodedObject, CertificateNode>();
  readonly #issuances = new Map<string, Issuance>();
  readonly #listIssuances = new Map<DecodedObject, Issuance>();
  readonly #chains = new Map<string, readonly Chain[]>();
  readonly #firstOfSame = new Map<string, DecodedObject>();
  #byKey: ReadonlyMap<string, readonly DecodedObject[]> | undefined;
  #byPath: ReadonlyMap<string, DecodedObject> | undefined;
  #bySerialNumber: ReadonlyMap<string, readonly CertificateNode[]> | undefined;
  #signers: ReadonlySet<string> | undefined;
  #kubeconfigs: readonly KubeconfigObject[] | undefined;
  #bundles: ReadonlyMap<string, readonly CertificateNode[]> | undefined;
  #byParent: ReadonlyMap<string, readonly DecodedObject[]> | undefined;
  #byAddress: ReadonlyMap<string, readonly KnownCluster[]> | undefined;

  constructor(
    readonly objects: readonly DecodedObject[],
    private readonly clusters: readonly KnownCluster[],
    budget: Budget,
  ) {
    const authorities = (this.#authorities = knownAuthorities(clusters));
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
    // If two certificates are equal, the one in its own file is named.
    const filesFirst = bySorts(this.certificates, ({ object }) => object !== null && this.isFile(object));
    const indexes = [new CertificateIndex(filesFirst), authorities.index];
    this.#index();
    this.#findIssuers(indexes, budget);
  }

  certificateOf(object: DecodedObject): CertificateNode | undefined {
    return this.#nodes.get(object);
  }

  issuanceOf(node: CertificateNode): Issuance {
    return this.#issuances.get(node.fingerprintSha256) ?? { outcome: 'missing', namesake: null };
  }

  issuanceOfList(object: DecodedObject): Issuance | undefined {
    return this.#listIssuances.get(object);
  }

  /** At least one chain. */
  chainsOf(node: CertificateNode): readonly Chain[] {
    let chains = this.#chains.get(node.fingerprintSha256);
    if (chains === undefined) {
      chains = chainsOf(node, (other) => this.issuanceOf(other));
      this.#chains.set(node.fingerprintSha256, chains);
    }
    return chains;
  }

  /** Keys, certificates and requests with that public key. */
  objectsOfKey(spkiSha256: string): readonly DecodedObject[] {
    this.#byKey ??= grouped(this.objects, (object) => publicKeyOf(object)?.spkiSha256 ?? null);
    return this.#byKey.get(spkiSha256) ?? [];
  }

  /** The first object that is equal to it, files before embedded objects; undefined where it is the first itself. */
  firstSame(object: DecodedObject): DecodedObject | undefined {
    const identity = identityOf(object);
    const first = identity === null ? undefined : this.#firstOfSame.get(identity);
    return first === object ? undefined : first;
  }

  /** The list in the upload that revokes the certificate. */
  revokedBy(node: CertificateNode): DecodedObject | undefined {
    const { issuer, serialNumber } = node.material;
    for (const [list, signer] of this.#listIssuances) {
      const { material } = list;
      if (material?.kind !== 'list' || !material.issuer.equals(issuer)) continue;
      if (material.revokedSerialNumbers.has(serialNumber.toString('hex')) && this.#isOfItsIssuer(signer, node))
        return list;
    }
    return undefined;
  }

  /** Whether the CA of a certificate signed a list. A list whose signature cannot be checked is believed. */
  #isOfItsIssuer(signer: Issuance, node: CertificateNode): boolean {
    const issuance = this.issuanceOf(node);
    switch (signer.outcome) {
      case 'signed':
        return issuance.outcome === 'signed' && signer.issuers[0]?.spkiSha256 === issuance.issuers[0]?.spkiSha256;
      case 'missing':
        return issuance.outcome !== 'signed';
      case 'forged':
        return false;
      case 'unchecked':
        return true;
    }
  }

  /** An earlier certificate of the same CA with the same serial number. */
  sameSerialNumber(node: CertificateNode): CertificateNode | undefined {
    if (this.certificates.length < 2) return undefined;
    this.#bySerialNumber ??= grouped(this.certificates, (each) => this.#issuerAndSerialNumber(each));
    const [first] = this.#bySerialNumber.get(this.#issuerAndSerialNumber(node)) ?? [];
    return first?.fingerprintSha256 === node.fingerprintSha256 ? undefined : first;
  }

  /** Whether it signed another certificate of the upload. */
  hasSigned(node: CertificateNode): boolean {
    this.#signers ??= new Set(
      this.certificates.flatMap((certificate) => {
        const issuance = this.issuanceOf(certificate);
        const issuers = issuance.outcome === 'signed' ? issuance.issuers : [];
        return issuers
          .map(({ fingerprintSha256 }) => fingerprintSha256)
          .filter((fingerprint) => fingerprint !== certificate.fingerprintSha256);
      }),
    );
    return this.#signers.has(node.fingerprintSha256);
  }

  /** Our clusters at the address of a kubeconfig's server. */
  clustersAt(server: string): readonly KnownCluster[] {
    const address = serverAddress(server);
    if (address === null) return [];
    this.#byAddress ??= grouped(this.clusters, (cluster) => serverAddress(cluster.server));
    return this.#byAddress.get(address) ?? [];
  }

  /** Whether it is a file or part of the upload, and not a field of another object. */
  isFile({ parent }: DecodedObject): boolean {
    return parent === null || this.objectAt(parent)?.content.type === 'Archive';
  }

  get kubeconfigs(): readonly KubeconfigObject[] {
    return (this.#kubeconfigs ??= this.objects.filter(isKubeconfig));
  }

  objectAt(path: string): DecodedObject | undefined {
    this.#byPath ??= new Map(this.objects.map((object) => [object.path, object]));
    return this.#byPath.get(path);
  }

  /** The objects inside an object, in order. */
  childrenOf(path: string): readonly DecodedObject[] {
    return this.#taken().get(path) ?? [];
  }

  /** The objects with the same parent, including itself, in order. */
  siblingsOf({ parent }: DecodedObject): readonly DecodedObject[] {
    return this.#taken().get(parent ?? '') ?? [];
  }

  /** The certificates of the same file or field, in order. */
  bundleOf(object: DecodedObject): readonly CertificateNode[] {
    this.#bundles ??= grouped(this.certificates, ({ object: member }) => member && bundleKey(member));
    return this.#bundles.get(bundleKey(object)) ?? [];
  }

  /** The CAs of a cluster of ours. */
  authoritiesOf(cluster: string, role: Anchor['role']): readonly CertificateNode[] {
    return [...this.#authorities.byFingerprint.values()].filter(({ anchors }) =>
      anchors.some((anchor) => anchor.cluster === cluster && anchor.role === role),
    );
  }

  #taken(): ReadonlyMap<string, readonly DecodedObject[]> {
    return (this.#byParent ??= grouped(this.objects, ({ parent }) => parent ?? ''));
  }

  #index(): void {
    for (const object of bySorts(this.objects, (each) => this.isFile(each))) {
      const identity = identityOf(object);
      if (identity !== null && !this.#firstOfSame.has(identity)) this.#firstOfSame.set(identity, object);
    }
  }

  /** The key tells CAs of one name apart, where it is known. */
  #issuerAndSerialNumber(node: CertificateNode): string {
    const { issuer, serialNumber, authorityKeyIdentifier } = node.material;
    const issuance = this.issuanceOf(node);
    const key =
      issuance.outcome === 'signed'
        ? issuance.issuers[0]?.spkiSha256
        : authorityKeyIdentifier?.keyIdentifier?.toString('hex');
    return [octetsKey(issuer), serialNumber.toString('hex'), key].join('\n');
  }

  /** In the order of the upload, so that the same upload spends its budget on the same signatures. */
  #findIssuers(indexes: readonly CertificateIndex[], budget: Budget): void {
    for (const object of this.objects) {
      const { material } = object;
      const node = this.#nodes.get(object);
      if (node?.object?.content.type === 'Certificate') {
        if (this.#issuances.has(node.fingerprintSha256)) continue;
        const { selfSigned } = node.object.content;
        const own = { spkiSha256: node.spkiSha256, selfSigned: isSelfIssued(node.material) ? selfSigned : null };
        this.#issuances.set(node.fingerprintSha256, findIssuers(node.material, indexes, budget, own));
      } else if (material?.kind === 'list')
        this.#listIssuances.set(object, findIssuers(material, indexes, budget, null));
    }
  }
}

const bundleKey = ({ parent, path }: DecodedObject): string => `${parent ?? ''}\n${pathStem(path)}`;

/** Equal for equal objects; null where equality is not known. */
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

/** Items of the first sort, then the others, each in their order. */
function bySorts<T>(items: readonly T[], isOfFirstSort: (item: T) => boolean): readonly T[] {
  return items.length < 2 ? items : [...items.filter(isOfFirstSort), ...items.filter((item) => !isOfFirstSort(item))];
}

/** Groups items by key, and leaves out items without one. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string | null): ReadonlyMap<string, readonly T[]> {
  // `Map.groupBy` is not in Node 20, on which the kubectl plugin inspects too.
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
