import { setTimeout as sleep } from 'node:timers/promises';
import { foldedName } from '@kubepass/inspect/formats';
import type { Certificate } from '../model/certificate.js';
import type { DenyListPort, ListedName } from '../model/revocation-enforcement.js';
import { blocks, type IdentityBlock } from '../model/identity.js';
import type { Store } from '../store/store.js';
import { inRounds, type Rounds } from './in-rounds.js';
import type { IdentityBlocks } from './standing.js';

const followMilliseconds = 500;
/** How often all names are read anew, because other replicas issue certificates and lift blocks. */
const readMilliseconds = 60_000;
const namesAtOnce = 250;
const certificatesAtMost = 100_000;
/**
 * A name is read anew after this pause at the earliest. The pause grows with the time of a reading, so readings of a
 * name take at most a tenth of the time. On a slow database they take more, because the pause has a limit: an API
 * server waits for 3 s.
 */
const pauseMilliseconds = 100;
const longestPauseMilliseconds = 1_000;

type Live = Pick<Certificate, 'cluster' | 'username' | 'fingerprintSha256' | 'notAfter'>;

/** A name as it was read. */
interface ReadName {
  /** By fingerprint: the certificates that were live, on all clusters and in every spelling of the name. */
  readonly live: Map<string, Live>;
  readonly block: IdentityBlock | null;
  /** The number that `IdentityBlocks.suspects` had for the name when the reading began. */
  readonly asOf: number;
}

interface ListedNamesOptions {
  readonly store: Pick<Store, 'identities' | 'identityBlocks'>;
  readonly denyList: DenyListPort;
  readonly identityBlocks: Pick<IdentityBlocks, 'isSuspectName' | 'suspects'>;
  readonly clock: () => Date;
  readonly log: { error(fields: object, message: string): void };
}

/**
 * The listed names: only live certificates of a listed name pass on a cluster. A name is listed, in every spelling, if
 * it has a revoked certificate that has not ended, or if it is blocked. Nobody can list the revoked certificates
 * themselves, because an API server accepts each certificate in endless encodings, and each encoding has another
 * credential id.
 *
 * The live certificates are in memory. If a certificate of a listed name is not among them, the name is read anew,
 * because another replica may have issued the certificate.
 */
export class ListedNames {
  readonly #names = new Map<string, ReadName>();
  /** Readings that have not begun. Calls that come meanwhile share them. */
  readonly #next = new Map<string, Promise<void>>();
  /** Resolve when the name may be read again. */
  readonly #rests = new Map<string, Promise<void>>();
  readonly #writes = new Map<string, () => Promise<unknown>>();
  #changes = 0;
  #allReadAt = -Infinity;
  #rounds: Rounds | null = null;

  constructor(private readonly options: ListedNamesOptions) {}

  /** Begins to read names soon after they are listed. */
  start(): void {
    this.#rounds = inRounds(() => this.follow(), followMilliseconds);
  }

  async stop(): Promise<void> {
    await this.#rounds?.stop();
  }

  /** Reads the names that were listed since the last call, and all names once a minute. Never rejects. */
  async follow(): Promise<void> {
    const { denyList, identityBlocks, clock, log } = this.options;
    const now = clock().getTime();
    const isDue = Math.abs(now - this.#allReadAt) >= readMilliseconds;
    for (const name of isDue ? this.#names.keys() : [])
      if (denyList.ofName(name).length === 0 && !identityBlocks.isSuspectName(name)) this.#names.delete(name);
    // A name that is listed only because it is blocked, and has no live certificate, gets no new one.
    const changing = [...this.#names].filter(([name, { live }]) => live.size > 0 || denyList.ofName(name).length > 0);
    try {
      await this.#read([...(isDue ? changing.map(([name]) => name) : []), ...this.#unread()]);
      if (isDue) this.#allReadAt = now;
    } catch (error) {
      log.error({ err: error }, 'the live certificates of listed names cannot be read now');
    }
  }

  /**
   * The cluster has the list itself. `write` gives it all that is known, and resolves when that is done or takes too
   * long.
   */
  keptBy(cluster: string, write: () => Promise<unknown>): void {
    this.#writes.set(cluster, write);
  }

  /** Takes in a certificate that is committed. Resolves when its cluster lets it pass. */
  async add({ cluster, username, fingerprintSha256, notAfter }: Live): Promise<void> {
    const name = foldedName(username);
    const known = this.#names.get(name);
    if (known !== undefined) {
      known.live.set(fingerprintSha256, { cluster, username, fingerprintSha256, notAfter });
      this.#changes += 1;
    }
    if (!this.#isListed(cluster, name)) return;
    // A reading under way may have begun before the commit.
    if (known === undefined) await this.#readAnew(name).catch(() => undefined);
    await this.#writes.get(cluster)?.();
  }

  /** Whether a cluster may let a certificate with this username pass. It is also false if the name cannot be read. */
  async passes(cluster: string, username: string, fingerprintSha256: string): Promise<boolean> {
    const name = foldedName(username);
    const isLive = () => {
      const found = this.#names.get(name)?.live.get(fingerprintSha256);
      return found !== undefined && this.#isLiveOn(cluster, found);
    };
    if (!this.#isRevoked(cluster, name) && !this.options.identityBlocks.isSuspectName(name)) return true;
    if (isLive()) return true;
    const isRead = await this.#readAnew(name).then(
      () => true,
      () => false,
    );
    return isRead && (isLive() || !this.#isListed(cluster, name));
  }

  /** Another text after each change. */
  changesOf(cluster: string): string {
    return `${this.options.denyList.changesOf(cluster)} ${this.#changes}`;
  }

  /**
   * The listed names of a cluster by username, if they have a certificate that has not ended. `besides`: usernames that
   * are listed for another reason, each with fingerprints that were live.
   */
  async of(
    cluster: string,
    besides: ReadonlyMap<string, readonly string[]> = new Map(),
  ): Promise<ReadonlyMap<string, ListedName>> {
    const { denyList } = this.options;
    const changed = [...besides].flatMap(([username, live]) => {
      const name = foldedName(username);
      const known = this.#names.get(name)?.live;
      // A fingerprint that is not known is of a certificate that another replica has issued.
      return live.every((one) => known?.has(one) || denyList.find(cluster, one) !== null) && known ? [] : [name];
    });
    await this.#read([...changed, ...this.#unread()]);
    const found = new Map<string, { until: Date; readonly live: string[] }>();
    const nameOf = ({ username, notAfter }: Pick<Live, 'username' | 'notAfter'>) => {
      const listed = found.get(username) ?? { until: notAfter, live: [] };
      if (notAfter > listed.until) listed.until = notAfter;
      found.set(username, listed);
      return listed;
    };
    for (const revoked of denyList.ofCluster(cluster)) nameOf(revoked);
    const names = new Set([...besides.keys()].map(foldedName));
    for (const [name, { live }] of this.#names)
      if (names.has(name) || this.#isListed(cluster, name))
        for (const one of live.values()) if (this.#isLiveOn(cluster, one)) nameOf(one).live.push(one.fingerprintSha256);
    return found;
  }

  #isListed(cluster: string, name: string): boolean {
    const block = this.#names.get(name)?.block ?? null;
    return this.#isRevoked(cluster, name) || (block !== null && blocks(block, cluster, this.options.clock()));
  }

  #isRevoked(cluster: string, name: string): boolean {
    const { denyList, clock } = this.options;
    const [now, sharing] = [clock(), denyList.sharing(cluster)];
    return denyList.ofName(name).some((one) => sharing.includes(one.cluster) && one.notAfter > now);
  }

  #isLiveOn(cluster: string, one: Live): boolean {
    const { denyList, clock } = this.options;
    const worksThere = denyList.sharing(cluster).includes(one.cluster) && one.notAfter > clock();
    return worksThere && denyList.find(cluster, one.fingerprintSha256) === null;
  }

  #unread(): readonly string[] {
    const suspects = this.options.identityBlocks.suspects();
    const listed = new Set([...this.options.denyList.names(), ...suspects.keys()]);
    return [...listed].filter((name) => (this.#names.get(name)?.asOf ?? -1) < (suspects.get(name) ?? 0));
  }

  /** Resolves with the end of a reading that begins after this call, as soon as the name may be read again. */
  #readAnew(name: string): Promise<void> {
    const known = this.#next.get(name);
    if (known !== undefined) return known;
    const reading = (this.#rests.get(name) ?? Promise.resolve()).then(async () => {
      this.#next.delete(name);
      const began = performance.now();
      const rest = (): Promise<void> => {
        const milliseconds = Math.max(pauseMilliseconds, 9 * (performance.now() - began));
        return sleep(Math.min(milliseconds, longestPauseMilliseconds), undefined, { ref: false });
      };
      const read = this.#read([name]);
      const rested = read.then(rest, rest).then(() => {
        if (this.#rests.get(name) === rested && !this.#next.has(name)) this.#rests.delete(name);
      });
      this.#rests.set(name, rested);
      await read;
    });
    this.#next.set(name, reading);
    return reading;
  }

  async #read(names: readonly string[]): Promise<void> {
    const { store, identityBlocks, clock } = this.options;
    for (let begin = 0; begin < names.length; begin += namesAtOnce) {
      const some = names.slice(begin, begin + namesAtOnce);
      const suspects = new Map(some.map((name) => [name, identityBlocks.suspects().get(name) ?? 0]));
      const [spellings, stored] = await Promise.all([
        store.identities.spellings(some),
        store.identityBlocks.find(some),
      ]);
      const unexpired = await store.identities.unexpiredOf([...some, ...spellings], clock(), certificatesAtMost);
      const live = [...unexpired.values()].flat().filter(({ isRevoked, isOrphan }) => !isRevoked && !isOrphan);
      const liveOf = Map.groupBy(live, ({ username }) => foldedName(username));
      for (const name of some) {
        // A certificate that was committed during the reading stays.
        const before = [...(this.#names.get(name)?.live.values() ?? [])].filter(({ notAfter }) => notAfter > clock());
        const all = [...before, ...(liveOf.get(name) ?? [])].map((one) => [one.fingerprintSha256, one] as const);
        const block = stored.find(({ username }) => foldedName(username) === name) ?? null;
        this.#names.set(name, { live: new Map(all), block, asOf: suspects.get(name) ?? 0 });
      }
      this.#changes += 1;
    }
  }
}
