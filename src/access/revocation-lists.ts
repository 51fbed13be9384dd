import { setImmediate as nextTurn } from 'node:timers/promises';
import { StoreUnavailableError } from '../model/errors.js';
import { done, refused, type Outcome } from '../model/outcome.js';
import {
  displayDistinguishedName,
  encodePem,
  onlyElement,
  readDistinguishedName,
  sealCertificate,
  type SigningAuthority,
  writeRevokedEntry,
  writeTbsCertificateList,
} from '@kubepass/x509';
import { secondsAfter, type IssuanceContext } from '../context/context.js';
import type { DenyList } from './revocations.js';

/** A CRL (RFC 5280 section 5). */
export interface CertificateList {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly nextUpdate: Date;
  readonly number: bigint;
}

/** A day. A list that nobody fetches again is not believed for longer. */
const lifetimeSeconds = 86_400;
/** With less than this left, the next caller gets another list. */
const renewedSeconds = lifetimeSeconds / 2;
/** Entries that are written before others get their turn: they take about two milliseconds. */
const entriesAtOnce = 250;

interface KeptList {
  readonly changes: number;
  readonly list: CertificateList;
}

/**
 * The certificate revocation lists (CRLs) of local CAs. A list is built when it is asked for and something has changed
 * since the last one, in portions between which other work goes on, and once for all who ask meanwhile.
 */
export class CertificateLists {
  readonly #kept = new Map<string, KeptList>();
  readonly #building = new Map<string, Promise<KeptList>>();
  #lastNumber = 0n;

  constructor(
    private readonly context: Pick<IssuanceContext, 'clusters' | 'clock' | 'signatures'>,
    private readonly denyList: Pick<DenyList, 'isLoaded' | 'changesOf' | 'ofCluster'>,
  ) {}

  /** Throws `StoreUnavailableError` until the revocations are loaded: a list without some of them would be a lie. */
  async of(cluster: string): Promise<Outcome<CertificateList>> {
    const found = this.context.clusters.get(cluster);
    if (found === undefined) return refused({ kind: 'not-found' });
    const { authority } = found;
    if (authority === undefined)
      return conflict(`the cluster signs by itself, and kubepass has no key of its CA to sign a certificate list with`);
    if (!authority.signsCertificateLists)
      return conflict('the CA may not sign a certificate list: the key usage in its certificate lacks cRLSign');
    if (authority.notAfter <= this.context.clock()) return conflict('the CA certificate has expired');
    if (!this.denyList.isLoaded()) throw new StoreUnavailableError('the revocations are not loaded yet');
    for (;;) {
      const kept = this.#kept.get(cluster);
      if (kept && this.#isCurrent(cluster, kept)) return done(kept.list);
      const asked = this.denyList.changesOf(cluster);
      const built = await this.#build(cluster, authority);
      // It has all that was revoked before the call.
      if (built.changes >= asked) return done(built.list);
    }
  }

  #isCurrent(cluster: string, { changes, list }: KeptList): boolean {
    const left = list.nextUpdate.getTime() - this.context.clock().getTime();
    return (
      changes === this.denyList.changesOf(cluster) && left > renewedSeconds * 1000 && left <= lifetimeSeconds * 1000
    );
  }

  #build(cluster: string, authority: SigningAuthority): Promise<KeptList> {
    const underWay = this.#building.get(cluster);
    if (underWay) return underWay;
    const building = this.#sign(cluster, authority).finally(() => this.#building.delete(cluster));
    this.#building.set(cluster, building);
    return building;
  }

  async #sign(cluster: string, authority: SigningAuthority): Promise<KeptList> {
    const changes = this.denyList.changesOf(cluster);
    const now = this.context.clock();
    const { subjectRaw, signatureAlgorithm } = authority;
    const issuer = displayDistinguishedName(readDistinguishedName(onlyElement(subjectRaw, 'the subject of the CA')));
    // The cluster may have had another signer before.
    const revoked = [...this.denyList.ofCluster(cluster)].filter((one) => one.issuer === issuer);
    const entries: Buffer[] = [];
    for (const one of revoked) {
      if (entries.length % entriesAtOnce === entriesAtOnce - 1) await nextTurn();
      entries.push(writeRevokedEntry(one));
    }
    const nextUpdate = secondsAfter(now, lifetimeSeconds);
    const number = this.#nextNumber(now);
    const tbs = writeTbsCertificateList({
      signatureAlgorithm,
      issuer: subjectRaw,
      thisUpdate: now,
      nextUpdate,
      entries,
      authorityKeyIdentifier: authority.subjectKeyIdentifier,
      number,
    });
    const signature = await this.context.signatures.sign(signatureAlgorithm, tbs, authority.privateKey);
    const der = sealCertificate(tbs, signatureAlgorithm, signature);
    // RFC 7468 section 6: the label that OpenSSL reads.
    const kept = { changes, list: { der, pem: encodePem('X509 CRL', der), nextUpdate, number } };
    this.#kept.set(cluster, kept);
    return kept;
  }

  /**
   * Numbers grow, also from one process to the next (RFC 5280 5.2.3): each is the instant in milliseconds, or one more.
   */
  #nextNumber(now: Date): bigint {
    const instant = BigInt(now.getTime());
    this.#lastNumber = instant > this.#lastNumber ? instant : this.#lastNumber + 1n;
    return this.#lastNumber;
  }
}

const conflict = (message: string) => refused({ kind: 'certificate-conflict', message, requestId: null });
