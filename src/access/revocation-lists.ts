import { setImmediate as nextTurn } from 'node:timers/promises';
import { StoreUnavailableError } from '../model/errors.js';
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
import type { CertifiedIssuer } from '../signing/cluster-issuers.js';
import { secondsAfter, type IssuanceContext } from '../context/context.js';
import type { DenyList } from './revocations.js';

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
  readonly list: CertificateList;
}

/**
 * Builds the certificate revocation lists (CRLs) of local CAs. A call gets the kept list while the cluster's entries
 * have not changed and half of the list's lifetime is left. Otherwise a new list is built, and calls that come during
 * the build share it. A build pauses between portions of entries, so that other work of the process goes on.
 */
export class CertificateLists {
  readonly #kept = new Map<string, KeptList>();
  readonly #building = new Map<string, Promise<KeptList>>();
  #lastNumber = 0n;

  constructor(
    private readonly context: Pick<IssuanceContext, 'clusters' | 'clock'>,
    private readonly denyList: Pick<DenyList, 'isLoaded' | 'changesOf' | 'ofCluster'>,
  ) {}

  /** Throws `StoreUnavailableError` until the revocations are loaded: a list without some of them would be a lie. */
  async of(cluster: string): Promise<Outcome<CertificateList>> {
    const found = this.context.clusters.get(cluster);
    if (found === undefined) return refused({ kind: 'not-found' });
    const { issuers } = found;
    if (issuers === null)
      return conflict(`the cluster signs by itself, and kubepass has no key of its CA to sign a certificate list with`);
    const issuer = issuers.active();
    const { authority } = issuer;
    if (!authority.signsCertificateLists)
      return conflict('the CA may not sign a certificate list: the key usage in its certificate lacks cRLSign');
    if (authority.notAfter <= this.context.clock()) return conflict('the CA certificate has expired');
    if (!this.denyList.isLoaded()) throw new StoreUnavailableError('the revocations are not loaded yet');
    for (;;) {
      const kept = this.#kept.get(cluster);
      if (kept && this.#isCurrent(cluster, kept)) return done(kept.list);
      const asked = this.denyList.changesOf(cluster);
      const built = await this.#shareBuild(cluster, issuer);
      // A build that began before this call may lack a revocation that this call must show; then the loop builds again.
      if (built.changes >= asked) return done(built.list);
    }
  }

  #isCurrent(cluster: string, { changes, list }: KeptList): boolean {
    // More than a whole lifetime is left only where the clock was set back.
    const left = list.nextUpdate.getTime() - this.context.clock().getTime();
    return (
      changes === this.denyList.changesOf(cluster) && left > renewedSeconds * 1000 && left <= lifetimeSeconds * 1000
    );
  }

  #shareBuild(cluster: string, certified: CertifiedIssuer): Promise<KeptList> {
    const underWay = this.#building.get(cluster);
    if (underWay) return underWay;
    const building = this.#buildAndSign(cluster, certified).finally(() => this.#building.delete(cluster));
    this.#building.set(cluster, building);
    return building;
  }

  async #buildAndSign(cluster: string, { authority, key }: CertifiedIssuer): Promise<KeptList> {
    const changes = this.denyList.changesOf(cluster);
    const now = this.context.clock();
    const { subjectRaw, signatureAlgorithm } = authority;
    const issuer = displayDistinguishedName(readDistinguishedName(onlyElement(subjectRaw, 'the subject of the CA')));
    // An earlier CA of this cluster may have issued some. A list names only certificates of the CA that signs it.
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
    const signature = await key.sign(tbs);
    // A signed CRL has the same outer structure as a certificate, so `sealCertificate` makes it too.
    const der = sealCertificate(tbs, signatureAlgorithm, signature);
    // OpenSSL reads a CRL under this label (RFC 7468 section 6).
    const kept = { changes, list: { der, pem: encodePem('X509 CRL', der), nextUpdate, number } };
    this.#kept.set(cluster, kept);
    return kept;
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

const conflict = (message: string) => refused({ kind: 'certificate-conflict', message, requestId: null });
