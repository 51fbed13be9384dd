import { foldedName } from '@kubepass/inspect/formats';
import type { Log } from '../context/context.js';
import type { RevokedCertificate } from '../model/certificate.js';
import type { DenyListPort } from '../model/revocation-enforcement.js';
import type { Store } from '../store/store.js';

const followMilliseconds = 500;
/** How often entries of expired certificates are taken out. */
const pruneMilliseconds = 60_000;
const readAtOnce = 1_000;

interface DenyListOptions {
  readonly reader: Pick<Store['revocations'], 'chunk' | 'lastN' | 'unexpired'>;
  readonly clock: () => Date;
  readonly log: Log;
  /** The clusters whose revocations count on a cluster. The cluster itself is among them; by default it is alone. */
  readonly sharing?: (cluster: string) => readonly string[];
}

/**
 * The revocations of all certificates that have not expired, in memory, by cluster and fingerprint. The list learns of
 * a revocation of this process when it is committed, and of other processes' revocations by reading the database twice
 * a second. While the database is out of reach the list answers from memory.
 */
export class DenyList implements DenyListPort {
  readonly #clusters = new Map<string, Map<string, RevokedCertificate>>();
  /** By folded name. */
  readonly #names = new Map<string, RevokedCertificate[]>();
  readonly #changes = new Map<string, number>();
  #last = 0n;
  #loaded = false;
  #prunedAt = 0;
  #reading: Promise<void> | null = null;
  #fails = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: DenyListOptions) {}

  /** Reads the list. The list is complete when this resolves, with the revocations that were committed meanwhile. */
  async load(): Promise<void> {
    const { reader, clock } = this.options;
    const last = await reader.lastN();
    const now = clock();
    for (let after = 0n; ;) {
      const found = await reader.unexpired(now, after, readAtOnce);
      for (const revoked of found) this.add(revoked);
      after = found.at(-1)?.n ?? after;
      if (found.length < readAtOnce) break;
    }
    this.#last = last;
    this.#loaded = true;
  }

  /** Begins to follow the database. */
  start(): void {
    this.#timer = setInterval(() => void this.follow(), followMilliseconds);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading;
  }

  /** Reads what other processes have revoked since the last reading. One reading runs at a time. Never rejects. */
  follow(): Promise<void> {
    return (this.#reading ??= this.#readOn().finally(() => {
      this.#reading = null;
    }));
  }

  /** Whether the database could not be read when it was tried last. */
  get isBehind(): boolean {
    return this.#fails;
  }

  isLoaded(): boolean {
    return this.#loaded;
  }

  find(cluster: string, fingerprintSha256: string): RevokedCertificate | null {
    for (const one of this.sharing(cluster)) {
      const found = this.#clusters.get(one)?.get(fingerprintSha256);
      if (found !== undefined) return found;
    }
    return null;
  }

  *ofCluster(cluster: string): Generator<RevokedCertificate> {
    for (const one of this.sharing(cluster)) yield* this.#own(one);
  }

  /** The revoked certificates of all clusters that have not expired. */
  *all(): Generator<RevokedCertificate> {
    for (const cluster of this.#clusters.keys()) yield* this.#own(cluster);
  }

  sharing(cluster: string): readonly string[] {
    return this.options.sharing?.(cluster) ?? [cluster];
  }

  *#own(cluster: string): Generator<RevokedCertificate> {
    const now = this.options.clock();
    for (const revoked of this.#clusters.get(cluster)?.values() ?? []) if (revoked.notAfter > now) yield revoked;
  }

  ofName(folded: string): readonly RevokedCertificate[] {
    return this.#names.get(folded) ?? [];
  }

  names(): Iterable<string> {
    return this.#names.keys();
  }

  /** How many entries there are, of all clusters. */
  size(): number {
    let size = 0;
    for (const { size: ofCluster } of this.#clusters.values()) size += ofCluster;
    return size;
  }

  changesOf(cluster: string): number {
    return this.sharing(cluster).reduce((changes, one) => changes + (this.#changes.get(one) ?? 0), 0);
  }

  /** Takes in a revocation that is committed. */
  add(revoked: RevokedCertificate): void {
    const { cluster, fingerprintSha256 } = revoked;
    const ofCluster = this.#clusters.get(cluster) ?? new Map<string, RevokedCertificate>();
    this.#clusters.set(cluster, ofCluster);
    if (ofCluster.has(fingerprintSha256)) return;
    ofCluster.set(fingerprintSha256, revoked);
    const name = foldedName(revoked.username);
    const ofName = this.#names.get(name);
    if (ofName === undefined) this.#names.set(name, [revoked]);
    else ofName.push(revoked);
    this.#changed(cluster);
  }

  async #readOn(): Promise<void> {
    const { reader, log } = this.options;
    try {
      // The database was put back under this process, so revocations to come have lower numbers.
      if ((await reader.lastN()) < this.#last) await this.load();
      for (let found; (found = await reader.chunk(this.#last, readAtOnce)).length > 0;) {
        for (const revoked of found) this.add(revoked);
        this.#last = found.at(-1)?.n ?? this.#last;
      }
      this.#fails = false;
    } catch (error) {
      if (!this.#fails) log.error({ err: error }, 'the revocations of other processes cannot be read now');
      this.#fails = true;
    }
    this.#prune();
  }

  #prune(): void {
    const now = this.options.clock();
    if (Math.abs(now.getTime() - this.#prunedAt) < pruneMilliseconds) return;
    this.#prunedAt = now.getTime();
    for (const [cluster, ofCluster] of this.#clusters) {
      const before = ofCluster.size;
      for (const [fingerprint, { notAfter }] of ofCluster) if (notAfter <= now) ofCluster.delete(fingerprint);
      if (ofCluster.size < before) this.#changed(cluster);
    }
    for (const [name, revoked] of this.#names) {
      const left = revoked.filter(({ notAfter }) => notAfter > now);
      if (left.length === 0) this.#names.delete(name);
      else if (left.length < revoked.length) this.#names.set(name, left);
    }
  }

  #changed(cluster: string): void {
    this.#changes.set(cluster, (this.#changes.get(cluster) ?? 0) + 1);
  }
}
