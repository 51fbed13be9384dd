import type { KubeconfigContent, PublicKeyDescription } from '../model/inspection.js';
import type { DecodedObject, KnownCluster } from '../model/decoded.js';
import type { Budget } from '../model/budget.js';
import {
  type Anchor,
  type CertificateIndex,
  type CertificateNode,
  grouped,
  indexOf,
  isSelfIssued,
  type KnownAuthorities,
  knownAuthorities,
  octetsKey,
  once,
  onceFor,
  serverAddress,
} from './certificate-node.js';
import { chainsOf, fewTries, findIssuers, type Issuance, issuersIn } from './find-issuers.js';
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
  readonly #byKey = once(() => grouped(this.objects, (object) => publicKeyOf(object)?.spkiSha256 ?? null));
  /** Files before embedded objects. */
  readonly #byIdentity = once(() =>
    grouped(
      bySorts(this.objects, (object) => this.isFile(object)),
      identityOf,
    ),
  );
  readonly #byPath = once(() => new Map(this.objects.map((object) => [object.path, object])));
  readonly #byParent = once(() => grouped(this.objects, ({ parent }) => parent ?? ''));
  readonly #bySerialNumber = once(() => grouped(this.certificates, (node) => this.#issuerAndSerialNumber(node)));
  readonly #bundles = once(() => grouped(this.certificates, ({ object }) => object && bundleKey(object)));
  readonly #byAddress = once(() => grouped(this.clusters, ({ server }) => serverAddress(server)));
  readonly #kubeconfigs = once(() => this.objects.filter(isKubeconfig));
  /** By fingerprint, the certificates whose CAs are all here and sign each other, so that none of them is a root. */
  readonly #withoutRoot = once(() => {
    const left = new Map(this.certificates.map((node) => [node.fingerprintSha256, node]));
    const isLeft = ({ object, fingerprintSha256 }: CertificateNode) => object !== null && left.has(fingerprintSha256);
    for (let before = Infinity; left.size < before;) {
      before = left.size;
      for (const [fingerprint, node] of left) {
        const issuers = issuersIn(this.issuanceOf(node));
        const isRoot = issuers.some(({ fingerprintSha256 }) => fingerprintSha256 === fingerprint);
        if (isRoot || node.anchors.length > 0 || issuers.length === 0 || !issuers.every(isLeft))
          left.delete(fingerprint);
      }
    }
    return left;
  });
  readonly #signers = once(
    () =>
      new Set(
        this.certificates.flatMap((certificate) =>
          issuersIn(this.issuanceOf(certificate))
            .map(({ fingerprintSha256 }) => fingerprintSha256)
            .filter((fingerprint) => fingerprint !== certificate.fingerprintSha256),
        ),
      ),
  );

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
    const byFingerprint = new Map<string, CertificateNode>();
    for (const node of bySorts(this.certificates, ({ object }) => object !== null && this.isFile(object)))
      if (!byFingerprint.has(node.fingerprintSha256)) byFingerprint.set(node.fingerprintSha256, node);
    this.#findIssuers([indexOf([...byFingerprint.values()]), authorities.index], budget);
  }

  certificateOf(object: DecodedObject): CertificateNode | undefined {
    return this.#nodes.get(object);
  }

  issuanceOf(node: CertificateNode): Issuance {
    return this.#issuances.get(node.fingerprintSha256) ?? { outcome: 'missing', other: null };
  }

  issuanceOfList(object: DecodedObject): Issuance | undefined {
    return this.#listIssuances.get(object);
  }

  /** At least one chain. */
  readonly chainsOf = onceFor((node: CertificateNode) => chainsOf(node, (other) => this.issuanceOf(other)));

  /** Keys, certificates and requests with that public key. */
  objectsOfKey(spkiSha256: string): readonly DecodedObject[] {
    return this.#byKey().get(spkiSha256) ?? [];
  }

  /** The first object that is equal to it, files before embedded objects; undefined where it is the first itself. */
  firstSame(object: DecodedObject): DecodedObject | undefined {
    const identity = identityOf(object);
    const [first] = (identity === null ? undefined : this.#byIdentity().get(identity)) ?? [];
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
    const [issuer] = issuersIn(this.issuanceOf(node));
    if (signer.outcome === 'signed') return signer.issuers[0]?.spkiSha256 === issuer?.spkiSha256;
    return signer.outcome === 'unchecked' || (signer.outcome === 'missing' && issuer === undefined);
  }

  /** An earlier certificate of the same CA with the same serial number. */
  sameSerialNumber(node: CertificateNode): CertificateNode | undefined {
    if (this.certificates.length < 2) return undefined;
    const [first] = this.#bySerialNumber().get(this.#issuerAndSerialNumber(node)) ?? [];
    return first?.fingerprintSha256 === node.fingerprintSha256 ? undefined : first;
  }

  /** Whether it signed another certificate of the upload. */
  hasSigned(node: CertificateNode): boolean {
    return this.#signers().has(node.fingerprintSha256);
  }

  /** Whether its CAs are all here and sign each other, so that none of them is a root. */
  isWithoutRoot(node: CertificateNode): boolean {
    return this.#withoutRoot().has(node.fingerprintSha256);
  }

  /** Our clusters at the address of a kubeconfig's server. */
  clustersAt(server: string): readonly KnownCluster[] {
    const address = serverAddress(server);
    return address === null ? [] : (this.#byAddress().get(address) ?? []);
  }

  /** Whether it is a file or part of the upload, and not a field of another object. */
  isFile({ parent }: DecodedObject): boolean {
    return parent === null || this.objectAt(parent)?.content.type === 'Archive';
  }

  get kubeconfigs(): readonly KubeconfigObject[] {
    return this.#kubeconfigs();
  }

  objectAt(path: string): DecodedObject | undefined {
    return this.#byPath().get(path);
  }

  kubeconfigAt(path: string): KubeconfigObject | undefined {
    const object = this.objectAt(path);
    return object && isKubeconfig(object) ? object : undefined;
  }

  /** The objects inside an object, in order. */
  childrenOf(path: string): readonly DecodedObject[] {
    return this.#byParent().get(path) ?? [];
  }

  /** The certificates of the same file or field, in order. */
  bundleOf(object: DecodedObject): readonly CertificateNode[] {
    return this.#bundles().get(bundleKey(object)) ?? [];
  }

  /** The CAs of a cluster of ours. */
  authoritiesOf(cluster: string, role: Anchor['role']): readonly CertificateNode[] {
    return [...this.#authorities.byFingerprint.values()].filter(({ anchors }) =>
      anchors.some((anchor) => anchor.cluster === cluster && anchor.role === role),
    );
  }

  /** The key tells CAs of one name apart, where it is known. */
  #issuerAndSerialNumber(node: CertificateNode): string {
    const { issuer, serialNumber, authorityKeyIdentifier } = node.material;
    const [signer] = issuersIn(this.issuanceOf(node));
    const key = signer?.spkiSha256 ?? authorityKeyIdentifier?.keyIdentifier?.toString('hex');
    return [octetsKey(issuer), serialNumber.toString('hex'), key].join('\n');
  }

  /**
   * In the order of the upload, so that the same upload spends its budget on the same signatures. What takes many
   * signatures comes after all others.
   */
  #findIssuers(indexes: readonly CertificateIndex[], budget: Budget): void {
    for (const tries of [fewTries, Infinity])
      for (const object of this.objects) {
        const { content, material, path } = object;
        const node = this.#nodes.get(object);
        if (node && content.type === 'Certificate') {
          const { fingerprintSha256, spkiSha256 } = node;
          if (this.#issuances.has(fingerprintSha256)) continue;
          const own = { path, spkiSha256, selfSigned: isSelfIssued(node.material) ? content.selfSigned : null };
          const found = findIssuers(node.material, indexes, budget, own, tries);
          if (found !== null) this.#issuances.set(fingerprintSha256, found);
        } else if (material?.kind === 'list' && !this.#listIssuances.has(object)) {
          const found = findIssuers(material, indexes, budget, { path, spkiSha256: null, selfSigned: null }, tries);
          if (found !== null) this.#listIssuances.set(object, found);
        }
      }
  }
}

const bundleKey = ({ parent, path }: DecodedObject): string => `${parent ?? ''}\n${pathStem(path)}`;

/** Equal for equal objects; null where equality is not known. */
function identityOf({ content }: DecodedObject): string | null {
  if ('fingerprintSha256' in content) return content.fingerprintSha256;
  return 'publicKey' in content ? content.publicKey && `${content.type} ${content.publicKey.spkiSha256}` : null;
}

const publicKeyOf = ({ content }: DecodedObject): PublicKeyDescription | null =>
  'publicKey' in content ? content.publicKey : null;

/** Items of the first sort, then the others, each in their order. */
function bySorts<T>(items: readonly T[], isOfFirstSort: (item: T) => boolean): readonly T[] {
  return items.length < 2 ? items : [...items.filter(isOfFirstSort), ...items.filter((item) => !isOfFirstSort(item))];
}
