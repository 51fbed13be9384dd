import type { DenyListPort } from '../model/enforcement.js';
import type { RevokedCertificate } from '../model/certificate.js';
import type { Store } from '../store/store.js';
import type { Log } from '../context/context.js';

const followMilliseconds = 500;
/** How often entries of expired certificates are taken out. */
const pruneMilliseconds = 60_000;
const readAtOnce = 1_000;

export interface DenyListOptions {
  readonly reader: Pick<Store['revocations'], 'chunk' | 'lastN' | 'unexpired'>;
  readonly clock: () => Date;
  readonly log: Log;
}

/**
 * The revocations of all certificates that have not expired, in memory, by cluster and fingerprint. It learns of those
 * of this process as they are committed, and of others by reading the database twice a second. While the database is
 * out of reach it answers from what it knows.
 */
export class DenyList implements DenyListPort {
  readonly #clusters = new Map<string, Map<string, RevokedCertificate>>();
  readonly #changes = new Map<string, number>();
  readonly #listeners = new Set<(revoked: RevokedCertificate) => void>();
  #last = 0n;
  #loaded = false;
  #prunedAt = 0;
  #reading: Promise<void> | null = null;
  #fails = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: DenyListOptions) {}

  /** Reads the list. It is complete when this resolves: revocations that are committed meanwhile are in it too. */
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

  /** Reads what other processes revoked since; one reading at a time. Never rejects. */
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
    return this.#clusters.get(cluster)?.get(fingerprintSha256) ?? null;
  }

  *ofCluster(cluster: string): Generator<RevokedCertificate> {
    const now = this.options.clock();
    for (const revoked of this.#clusters.get(cluster)?.values() ?? []) if (revoked.notAfter > now) yield revoked;
  }

  /** The revoked certificates of all clusters that have not expired. */
  *all(): Generator<RevokedCertificate> {
    for (const cluster of this.#clusters.keys()) yield* this.ofCluster(cluster);
  }

  /** How many entries there are, of all clusters. */
  size(): number {
    let size = 0;
    for (const { size: ofCluster } of this.#clusters.values()) size += ofCluster;
    return size;
  }

  /** Another number after each change of a cluster's entries. */
  changesOf(cluster: string): number {
    return this.#changes.get(cluster) ?? 0;
  }

  /** Calls `listener` for each revocation that becomes known from now on. Returns how to end that. */
  onRevoked(listener: (revoked: RevokedCertificate) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes in a revocation that is committed. */
  add(revoked: RevokedCertificate): void {
    const { cluster, fingerprintSha256 } = revoked;
    const ofCluster = this.#clusters.get(cluster) ?? new Map<string, RevokedCertificate>();
    this.#clusters.set(cluster, ofCluster);
    if (ofCluster.has(fingerprintSha256)) return;
    ofCluster.set(fingerprintSha256, revoked);
    this.#changed(cluster);
    for (const listener of this.#listeners) listener(revoked);
  }

  async #readOn(): Promise<void> {
    const { reader, log } = this.options;
    try {
      // The database was put back under this process: what is revoked there from now on has lower numbers.
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
  }

  #changed(cluster: string): void {
    this.#changes.set(cluster, this.changesOf(cluster) + 1);
  }
}
