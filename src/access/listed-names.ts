import { setTimeout as sleep } from 'node:timers/promises';
import { foldedName } from '@kubepass/inspect/formats';
import type { IdentityBlocks } from '../context/standing.js';
import type { Log } from '../context/context.js';
import type { Certificate } from '../model/certificate.js';
import type { DenyListPort, JudgedCertificate, ListedName, ListedNamesPort } from '../model/enforcement.js';
import { blocks, type IdentityBlock } from '../model/identity.js';
import type { Store } from '../store/store.js';

const followMilliseconds = 500;
/** How often names are read anew: other replicas have issued certificates, and blocks were lifted. */
const readMilliseconds = 60_000;
const namesAtOnce = 250;
/** More live certificates of one name fit neither a file nor a ConfigMap. */
const liveAtMost = 20_000;

/** Looks into the database are this far apart, whoever asks, and each is for so many names, and certificates of each. */
const lookMilliseconds = 100;
const namesLookedAt = 20;
const ofOneNameAtOnce = 10;
/** So many of a name wait for a look: whoever sends endless encodings keeps nobody else waiting. */
const waitingOfOneName = 50;
/** An API server waits for 3 s. */
const patienceMilliseconds = 2_000;

type Live = Pick<Certificate, 'cluster' | 'username' | 'fingerprintSha256' | 'notAfter'>;

interface ListedNamesOptions {
  readonly store: Pick<Store, 'identities' | 'certificates' | 'identityBlocks'>;
  readonly denyList: DenyListPort;
  readonly identityBlocks: Pick<IdentityBlocks, 'isSuspectName' | 'suspects' | 'blockOf'>;
  readonly clock: () => Date;
  readonly log: Log;
}

/** A look into the database for everybody who waits for one. */
interface Look {
  /** By folded name. */
  readonly fingerprints: Map<string, Set<string>>;
  readonly found: Promise<Found | null>;
}

interface Found {
  readonly certificates: ReadonlyMap<string, Certificate>;
  /** By folded name. */
  readonly blocks: ReadonlyMap<string, IdentityBlock | null>;
}

/**
 * The names of which a cluster lets live certificates pass and nothing else: those with a certificate that is revoked
 * and has not ended, and those that are blocked, in every spelling. Their live certificates are in memory. An
 * encoding that is not among them is looked up, because another replica may have issued it since.
 */
export class ListedNames implements ListedNamesPort {
  /** By folded name and fingerprint. They were live when they were read. */
  readonly #live = new Map<string, Map<string, Live>>();
  readonly #blocks = new Map<string, IdentityBlock>();
  /** How many revoked certificates a name had when its certificates were read. */
  readonly #readWith = new Map<string, number>();
  #changes = 0;
  #allReadAt = -Infinity;
  #reading: Promise<unknown> = Promise.resolve();
  #next: Look | null = null;
  #looking: Promise<unknown> = Promise.resolve();
  readonly #waiting = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: ListedNamesOptions) {}

  /** Begins to read the certificates of names soon after these are listed. */
  start(): void {
    this.#timer = setInterval(() => void this.follow(), followMilliseconds).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading;
  }

  /** Reads the names that were listed since, and all of them once a minute. Never rejects. */
  async follow(): Promise<void> {
    const now = this.options.clock().getTime();
    const isOld = Math.abs(now - this.#allReadAt) >= readMilliseconds;
    if (isOld) this.#allReadAt = now;
    await this.#read(isOld ? [...this.#known(), ...this.#unread()] : this.#unread()).catch((error: unknown) => {
      this.options.log.error({ err: error }, 'the live certificates of listed names cannot be read now');
    });
  }

  /** Takes in a certificate that is committed. */
  add(certificate: Live): void {
    const name = foldedName(certificate.username);
    if (this.#readWith.has(name) || this.#mayBeListed(certificate.cluster, name)) this.#keep(name, certificate);
  }

  judge(cluster: string, username: string, fingerprintSha256: string): JudgedCertificate | Promise<JudgedCertificate> {
    const name = foldedName(username);
    if (!this.#mayBeListed(cluster, name)) return 'notListed';
    const found = this.#live.get(name)?.get(fingerprintSha256);
    if (found !== undefined && this.#isLiveOn(cluster, found)) return 'live';
    return this.#lookedUp(cluster, name, fingerprintSha256);
  }

  changesOf(cluster: string): string {
    return `${this.options.denyList.changesOf(cluster)} ${this.#changes}`;
  }

  async of(
    cluster: string,
    besides: ReadonlyMap<string, readonly string[]> = new Map(),
  ): Promise<ReadonlyMap<string, ListedName>> {
    const { denyList, clock } = this.options;
    const others = [...besides].map(([username, live]) => ({ name: foldedName(username), live }));
    // Another replica has issued a certificate since.
    const isNew = (name: string) => (fingerprint: string) =>
      this.#live.get(name)?.has(fingerprint) !== true && denyList.find(cluster, fingerprint) === null;
    const changed = others.filter(({ name, live }) => !this.#readWith.has(name) || live.some(isNew(name)));
    await this.#read([...new Set([...changed.map(({ name }) => name), ...this.#unread()])]);
    const now = clock();
    const found = new Map<string, { until: Date; readonly live: string[] }>();
    const nameOf = (username: string, end: Date) => {
      const listed = found.get(username) ?? { until: end, live: [] };
      if (end > listed.until) listed.until = end;
      found.set(username, listed);
      return listed;
    };
    const blocked = [...this.#blocks].flatMap(([name, block]) => (blocks(block, cluster, now) ? [name] : []));
    const names = new Set([...others.map(({ name }) => name), ...blocked]);
    for (const { username, notAfter } of denyList.ofCluster(cluster)) {
      nameOf(username, notAfter);
      names.add(foldedName(username));
    }
    for (const name of names)
      for (const one of this.#live.get(name)?.values() ?? [])
        if (this.#isLiveOn(cluster, one)) nameOf(one.username, one.notAfter).live.push(one.fingerprintSha256);
    return found;
  }

  async #lookedUp(cluster: string, name: string, fingerprintSha256: string): Promise<JudgedCertificate> {
    const found = await this.#look(name, fingerprintSha256);
    if (found === null) return 'notKnown';
    const block = found.blocks.get(name) ?? null;
    const isBlocked = block !== null && blocks(block, cluster, this.options.clock());
    if (!isBlocked && !this.#isRevoked(name, cluster)) return 'notListed';
    const certificate = found.certificates.get(fingerprintSha256);
    if (certificate === undefined) return 'neverIssued';
    const { revocation, orphan, username } = certificate;
    const isLive = revocation === null && !orphan && foldedName(username) === name;
    if (!isLive || !this.#isLiveOn(cluster, certificate)) return 'notLive';
    this.#keep(name, certificate);
    return 'live';
  }

  /** Null: it took too long, or the database cannot be read now. */
  async #look(name: string, fingerprintSha256: string): Promise<Found | null> {
    const waiting = this.#waiting.get(name) ?? 0;
    if (waiting >= waitingOfOneName) return null;
    this.#waiting.set(name, waiting + 1);
    const end = performance.now() + patienceMilliseconds;
    try {
      while (performance.now() < end) {
        const look = (this.#next ??= this.#newLook());
        const ofName = look.fingerprints.get(name) ?? new Set<string>();
        const isFull = ofName.size >= (look.fingerprints.size < namesLookedAt || ofName.size > 0 ? ofOneNameAtOnce : 0);
        if (!isFull) look.fingerprints.set(name, ofName.add(fingerprintSha256));
        const late = sleep(Math.max(0, end - performance.now()), null, { ref: false });
        const found = await Promise.race([look.found, late]);
        if (!isFull) return found;
      }
      return null;
    } finally {
      const others = (this.#waiting.get(name) ?? 1) - 1;
      if (others > 0) this.#waiting.set(name, others);
      else this.#waiting.delete(name);
    }
  }

  #newLook(): Look {
    const fingerprints = new Map<string, Set<string>>();
    const found = this.#looking.then(async () => {
      this.#next = null;
      const names = [...fingerprints.keys()];
      const all = [...fingerprints.values()].flatMap((ofName) => [...ofName]);
      const { store, identityBlocks } = this.options;
      const [certificates, stored] = await Promise.all([
        store.certificates.findByFingerprints(all),
        Promise.all(names.map(async (name) => [name, await identityBlocks.blockOf(name)] as const)),
      ]);
      return {
        certificates: new Map(certificates.map((one) => [one.fingerprintSha256, one])),
        blocks: new Map(stored),
      };
    });
    const answered = found.catch(() => null);
    this.#looking = answered.then(() => sleep(lookMilliseconds, undefined, { ref: false }));
    return { fingerprints, found: answered };
  }

  /** The names whose certificates are to be read again: nothing is issued to others because they are blocked. */
  #known(): readonly string[] {
    const now = this.options.clock();
    for (const [name, live] of this.#live) {
      for (const [fingerprint, { notAfter }] of live) if (notAfter <= now) live.delete(fingerprint);
      if (live.size === 0) this.#live.delete(name);
    }
    for (const name of this.#readWith.keys())
      if (!this.#isRevoked(name) && !this.options.identityBlocks.isSuspectName(name)) this.#forget(name);
    return [...this.#readWith.keys()].filter((name) => this.#live.has(name) || this.#isRevoked(name));
  }

  #forget(name: string): void {
    for (const known of [this.#live, this.#blocks, this.#readWith]) known.delete(name);
  }

  #unread(): readonly string[] {
    const { denyList, identityBlocks } = this.options;
    const isUnread = (name: string) => this.#readWith.get(name) !== denyList.ofName(name).length;
    return [...new Set([...denyList.names(), ...identityBlocks.suspects()])].filter(isUnread);
  }

  /** One reading after the other. */
  #read(names: readonly string[]): Promise<void> {
    const reading = this.#reading.then(async () => {
      for (let begin = 0; begin < names.length; begin += namesAtOnce)
        await this.#readSome(names.slice(begin, begin + namesAtOnce));
    });
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  async #readSome(names: readonly string[]): Promise<void> {
    const { store, denyList, clock } = this.options;
    const counts = names.map((name) => [name, denyList.ofName(name).length] as const);
    const [spellings, stored] = await Promise.all([
      store.identities.spellings(names),
      store.identityBlocks.find(names),
    ]);
    const unexpired = await store.identities.unexpiredOf([...names, ...spellings], clock(), liveAtMost);
    for (const one of [...unexpired.values()].flat())
      if (!one.isRevoked && !one.isOrphan) this.#keep(foldedName(one.username), one);
    const found = new Map(stored.map((block) => [foldedName(block.username), block]));
    for (const [name, count] of counts) {
      const block = found.get(name);
      if (block === undefined) this.#blocks.delete(name);
      else this.#blocks.set(name, block);
      this.#readWith.set(name, count);
    }
    this.#changes += 1;
  }

  #mayBeListed(cluster: string, name: string): boolean {
    return this.#isRevoked(name, cluster) || this.options.identityBlocks.isSuspectName(name);
  }

  /** Whether a certificate of the name that has not ended is revoked, there or anywhere. */
  #isRevoked(name: string, cluster?: string): boolean {
    const { denyList, clock } = this.options;
    const now = clock();
    return denyList.ofName(name).some((one) => one.cluster === (cluster ?? one.cluster) && one.notAfter > now);
  }

  #isLiveOn(cluster: string, one: Live): boolean {
    const { denyList, clock } = this.options;
    return one.cluster === cluster && one.notAfter > clock() && denyList.find(cluster, one.fingerprintSha256) === null;
  }

  #keep(name: string, { cluster, username, fingerprintSha256, notAfter }: Live): void {
    const own = this.#live.get(name) ?? new Map<string, Live>();
    if (own.has(fingerprintSha256)) return;
    this.#live.set(name, own.set(fingerprintSha256, { cluster, username, fingerprintSha256, notAfter }));
    this.#changes += 1;
  }
}
