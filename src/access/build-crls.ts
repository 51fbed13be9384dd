import { setImmediate as nextTurn } from 'node:timers/promises';
import { KeyUnavailableError } from '../signing/keys/ca-key.js';
import { SignerUnavailableError, StoreUnavailableError } from '../model/errors.js';
import { done, refused, type Outcome } from '../model/outcome.js';
import {
  displayDistinguishedName,
  encodePem,
  onlyElement,
  readDistinguishedName,
  sealCertificate,
  writeRevokedEntry,
  writeTbsCertificateList,
} from '@kubepass/x509';
import type { CertifiedIssuer, ClusterIssuers } from '../signing/cluster-issuers.js';
import { signVerified } from '../signing/sign-verified.js';
import { secondsAfter, type Context } from '../context/context.js';
import type { DenyList } from './deny-list.js';

/** A CRL (RFC 5280 section 5). */
export interface CertificateList {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly nextUpdate: Date;
  readonly number: bigint;
}

/** A list is valid for one day. A client that holds an old list stops trusting it after that day. */
const lifetimeSeconds = 86_400;
/** A list with less than this left is replaced when somebody asks for it again. */
const renewedSeconds = lifetimeSeconds / 2;
/** One turn of the event loop writes so many entries, which takes about two milliseconds. */
const entriesAtOnce = 250;

interface KeptList {
  /** The value of `DenyList.changesOf` when the build of the list began. */
  readonly changes: number;
  /** The issuers whose certificates it speaks of, by their fingerprints. */
  readonly of: string;
  /** Null where the key does not sign a list of this length. */
  readonly list: CertificateList | null;
}

/** A CA as lists know it: one name and one key, however many issuers and certificates it has. */
interface ListSigner {
  readonly cluster: string;
  readonly issuer: CertifiedIssuer;
  /** Distinguishes it from the others of all clusters. */
  readonly id: string;
  /** The fingerprints of all certificates that it has and had. */
  readonly fingerprints: ReadonlySet<string>;
}

/**
 * Builds the certificate revocation lists (CRLs) of local CAs. A call gets the kept list while the cluster's entries
 * have not changed and half of the list's lifetime is left. Otherwise a new list is built, and calls that come during
 * the build share it. A build pauses between portions of entries, so that other work of the process goes on. While the
 * key cannot be used, a kept list goes on to its end, but only if it has every revocation.
 */
export class CertificateLists {
  readonly #kept = new Map<string, KeptList>();
  readonly #building = new Map<string, Promise<KeptList>>();
  #lastNumber = 0n;

  constructor(
    private readonly context: Pick<Context, 'clusters' | 'clock' | 'signatures' | 'keyMeasures' | 'log'>,
    private readonly denyList: Pick<DenyList, 'isLoaded' | 'changesOf' | 'ofCluster'>,
  ) {}

  /**
   * The list of an issuer that is active or retiring; without a name, of the active one. Throws `StoreUnavailableError`
   * until the revocations are loaded: a list without some of them would be a lie. Throws `SignerUnavailableError` where
   * the key cannot be used.
   */
  async of(cluster: string, name?: string): Promise<Outcome<CertificateList>> {
    const issuers = this.#issuersOf(cluster);
    if (!issuers.ok) return issuers;
    const found = name === undefined ? done(issuers.value.active()) : listingIssuer(issuers.value, name);
    return found.ok ? this.#ofIssuer(cluster, issuers.value, found.value) : found;
  }

  /**
   * The lists of all issuers that are active or retiring, the active one's first; of those that share a key and a name,
   * one. A CA that cannot have a list any more, or never could, is left out beside others. Throws as `of` does.
   */
  async all(cluster: string): Promise<Outcome<readonly CertificateList[]>> {
    const issuers = this.#issuersOf(cluster);
    if (!issuers.ok) return issuers;
    const active = issuers.value.active();
    const wanted = [active, ...issuers.value.inStates('retiring')];
    const able = wanted.filter((issuer) => whyNoList(issuer, this.context.clock()) === null);
    const lists = new Set<CertificateList>();
    for (const issuer of able.length === 0 ? [active] : able) {
      const outcome = await this.#ofIssuer(cluster, issuers.value, issuer);
      if (!outcome.ok) return outcome;
      lists.add(outcome.value);
    }
    return done([...lists]);
  }

  #issuersOf(cluster: string): Outcome<ClusterIssuers> {
    const found = this.context.clusters.get(cluster);
    if (found === undefined) return refused({ kind: 'not-found' });
    return found.issuers === null
      ? conflict(`the cluster signs by itself, and kubepass has no key of its CA to sign a certificate list with`)
      : done(found.issuers);
  }

  async #ofIssuer(
    cluster: string,
    issuers: ClusterIssuers,
    issuer: CertifiedIssuer,
  ): Promise<Outcome<CertificateList>> {
    const whyNot = whyNoList(issuer, this.context.clock());
    if (whyNot !== null) return conflict(whyNot);
    if (!this.denyList.isLoaded()) throw new StoreUnavailableError('the revocations are not loaded yet');
    const signer = listSigner(cluster, issuers, issuer);
    for (;;) {
      const kept = this.#upToDate(signer);
      if (kept && this.#isEnough(kept, issuer)) return answerOf(signer, kept);
      const asked = this.denyList.changesOf(cluster);
      const built = await this.#shareBuild(signer).catch((error: unknown) => {
        if (!(error instanceof SignerUnavailableError)) throw error;
        const last = this.#upToDate(signer);
        if (last?.list && this.#secondsLeft(last.list) > 0) return last;
        throw error;
      });
      // A build that began before this call may lack a revocation that this call must show; then the loop builds again.
      if (built.changes >= asked) return answerOf(signer, built);
    }
  }

  /** The kept list, if it speaks of the same certificates and lacks no revocation. */
  #upToDate({ id, cluster, fingerprints }: ListSigner): KeptList | null {
    const kept = this.#kept.get(id);
    const isSame = kept?.changes === this.denyList.changesOf(cluster) && kept.of === textOf(fingerprints);
    return isSame ? kept : null;
  }

  /** Whether a kept list needs no successor now. Nobody waits for a key that is known to be away. */
  #isEnough({ list }: KeptList, { key }: CertifiedIssuer): boolean {
    if (list === null) return true;
    const left = this.#secondsLeft(list);
    return left > renewedSeconds || (left > 0 && !key.availability().available);
  }

  /** Zero also where more than a whole lifetime is left, because the clock was set back. */
  #secondsLeft({ nextUpdate }: CertificateList): number {
    const left = (nextUpdate.getTime() - this.context.clock().getTime()) / 1000;
    return left <= lifetimeSeconds ? left : 0;
  }

  #shareBuild(signer: ListSigner): Promise<KeptList> {
    const underWay = this.#building.get(signer.id);
    if (underWay) return underWay;
    const building = this.#buildAndSign(signer).finally(() => this.#building.delete(signer.id));
    this.#building.set(signer.id, building);
    return building;
  }

  async #buildAndSign(signer: ListSigner): Promise<KeptList> {
    const { cluster, issuer, id, fingerprints } = signer;
    const { authority, key, name } = issuer;
    const changes = this.denyList.changesOf(cluster);
    const now = this.context.clock();
    const entries = await this.#entriesOf(signer);
    const nextUpdate = secondsAfter(now, lifetimeSeconds);
    const number = this.#nextNumber(now);
    const { signatureAlgorithm, publicKey } = authority;
    const tbs = writeTbsCertificateList({
      signatureAlgorithm,
      issuer: authority.subjectRaw,
      thisUpdate: now,
      nextUpdate,
      entries,
      authorityKeyIdentifier: authority.subjectKeyIdentifier,
      number,
    });
    let list: CertificateList | null = null;
    try {
      const signature = await signVerified({ cluster, issuer: name, key, publicKey }, tbs, this.context);
      // A signed CRL has the same outer structure as a certificate, so `sealCertificate` makes it too.
      const der = sealCertificate(tbs, signatureAlgorithm, signature);
      // OpenSSL reads a CRL under this label (RFC 7468 section 6).
      list = { der, pem: encodePem('X509 CRL', der), nextUpdate, number };
    } catch (error) {
      // Kept as well, so that nobody's calls make a long list again and again for nothing.
      if (!(error instanceof KeyUnavailableError) || error.failure !== 'overlong') throw error;
    }
    const kept = { changes, of: textOf(fingerprints), list };
    this.#kept.set(id, kept);
    return kept;
  }

  /** A list names only certificates of the CA that signs it. Where that is not on record, its name says it. */
  async #entriesOf({ cluster, issuer, fingerprints }: ListSigner): Promise<readonly Buffer[]> {
    const subject = onlyElement(issuer.authority.subjectRaw, 'the subject of the CA');
    const name = displayDistinguishedName(readDistinguishedName(subject));
    const revoked = [...this.denyList.ofCluster(cluster)].filter((one) =>
      one.issuerFingerprintSha256 === null ? one.issuer === name : fingerprints.has(one.issuerFingerprintSha256),
    );
    const entries: Buffer[] = [];
    for (const one of revoked) {
      if (entries.length % entriesAtOnce === entriesAtOnce - 1) await nextTurn();
      entries.push(writeRevokedEntry(one));
    }
    return entries;
  }

  /**
   * The CRL number grows (RFC 5280 5.2.3). It is the time in milliseconds, or the last number plus one where the time
   * has not advanced. So it also grows from one process to the next, unless the clock was set back.
   */
  #nextNumber(now: Date): bigint {
    const instant = BigInt(now.getTime());
    this.#lastNumber = instant > this.#lastNumber ? instant : this.#lastNumber + 1n;
    return this.#lastNumber;
  }
}

/** The issuer of this name, if it signs lists. */
function listingIssuer(issuers: ClusterIssuers, name: string): Outcome<CertifiedIssuer> {
  const state = issuers.stateOf(name);
  if (state === null) return refused({ kind: 'not-found' });
  if (state !== 'active' && state !== 'retiring')
    return conflict(`issuer "${name}" is ${state}: those that are active or retiring sign certificate lists`);
  const certified = issuers.loaded(name)?.certified;
  if (certified) return done(certified);
  throw new SignerUnavailableError(`issuer "${name}" is ${state}, and this process has not loaded it`);
}

function whyNoList({ authority: { signsCertificateLists, notAfter } }: CertifiedIssuer, now: Date): string | null {
  if (!signsCertificateLists)
    return 'the CA may not sign a certificate list: the key usage in its certificate lacks cRLSign';
  return notAfter <= now ? 'the CA certificate has expired' : null;
}

/** The CA of an issuer, with the certificates of all issuers that have the same name and key in their certificates. */
function listSigner(cluster: string, issuers: ClusterIssuers, issuer: CertifiedIssuer): ListSigner {
  const { subjectRaw, spkiSha256 } = issuer.authority;
  const fingerprints = new Set<string>();
  for (const { name, spkiSha256: recordedKey, fingerprints: had } of issuers.recorded().values()) {
    const loaded = issuers.loaded(name)?.certified?.authority;
    const isOther = recordedKey !== spkiSha256 || (loaded && !loaded.subjectRaw.equals(subjectRaw));
    if (isOther) continue;
    for (const fingerprint of [...had, ...(loaded ? [loaded.fingerprintSha256] : [])]) fingerprints.add(fingerprint);
  }
  const id = `${cluster} ${spkiSha256} ${subjectRaw.toString('hex')}`;
  return { cluster, issuer, id, fingerprints };
}

const textOf = (fingerprints: ReadonlySet<string>): string => [...fingerprints].sort().join();

const answerOf = ({ issuer }: ListSigner, { list }: KeptList): Outcome<CertificateList> =>
  list === null
    ? conflict(
        `the certificate list of issuer "${issuer.name}" is longer than an agent signs, which is 256 KiB: ` +
          'shorter lifetimes make it shorter, and a key in a file signs one of any length',
      )
    : done(list);

const conflict = (message: string) => refused({ kind: 'certificate-conflict', message, requestId: null });
