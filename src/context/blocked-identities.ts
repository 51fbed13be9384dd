import type { CertificateRequest } from '../model/certificate-request.js';
import type { BlockedParty } from '../model/decision.js';
import { foldedName } from '@kubepass/inspect/formats';
import { blocks, type IdentityBlock, type StoredIdentityBlock } from '../model/identity.js';
import type { RequireUnblocked } from '../store/steps/step.js';
import type { Store } from '../store/store.js';

/** The names of a request that may be blocked. */
export interface PartiesOfRequest {
  readonly cluster: string;
  readonly username: string;
  readonly requester: { readonly name: string };
  readonly collector: string;
}

/** The operation that lets a step be committed only while none of its parties is blocked. */
export const unlessBlocked = (request: PartiesOfRequest, now: Date): RequireUnblocked => ({
  op: 'requireUnblocked',
  cluster: request.cluster,
  folded: foldedParties(request),
  now,
});

const foldedParties = ({ username, requester, collector }: PartiesOfRequest) =>
  [foldedName(username), foldedName(requester.name), foldedName(collector)] as const;

const followMilliseconds = 500;
const readAtOnce = 1_000;

export interface IdentityBlocksOptions {
  readonly reader: Pick<Store['identityBlocks'], 'find' | 'lastN' | 'namesBehind'>;
  /** The names of the configured clusters. */
  readonly clusters: readonly string[];
  readonly log: { error(fields: object, message: string): void };
}

/**
 * Finds out who is blocked. It remembers each name that is or was blocked, and looks up those alone, so that everybody else costs
 * nothing. It learns of blocks of this process as they are committed, and of others by reading the database twice a second.
 */
export class IdentityBlocks {
  /** Folded names. */
  readonly #suspects = new Set<string>();
  /** Counts the blocks that it learned of. */
  #added = 0;
  #last = 0n;
  #fails = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: IdentityBlocksOptions) {}

  /** Reads the names that were blocked since it was called last. */
  async load(): Promise<void> {
    const { reader } = this.options;
    // The database was put back under this process: what is blocked there from now on has lower numbers.
    if ((await reader.lastN()) < this.#last) this.#last = 0n;
    for (let found; (found = await reader.namesBehind(this.#last, readAtOnce)).length > 0;) {
      for (const { folded } of found) this.add(folded);
      this.#last = found.at(-1)?.n ?? this.#last;
    }
  }

  /** Begins to follow the database. */
  start(): void {
    const follow = async () => {
      const failed = await this.load().catch((error: unknown) => ({ error }));
      if (failed && !this.#fails) this.options.log.error({ err: failed.error }, 'blocks cannot be read now');
      this.#fails = failed !== undefined;
    };
    this.#timer = setInterval(() => void follow(), followMilliseconds).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Takes in a block that is committed. */
  add(folded: string): void {
    this.#added += 1;
    this.#suspects.add(folded);
  }

  isSuspect(request: PartiesOfRequest): boolean {
    return this.#suspects.size > 0 && foldedParties(request).some((folded) => this.#suspects.has(folded));
  }

  /** Whether the name is or was blocked. */
  isSuspectName(name: string): boolean {
    return this.#suspects.size > 0 && this.#suspects.has(foldedName(name));
  }

  /** The block of this name that holds on every cluster, or on each that is configured; null: it has none. */
  async everywhere(name: string, now: Date): Promise<StoredIdentityBlock | null> {
    if (!this.isSuspectName(name)) return null;
    const folded = foldedName(name);
    const added = this.#added;
    const [block] = await this.options.reader.find([folded]);
    // Unless it may have been blocked since it was looked up.
    if (block === undefined && added === this.#added) this.#suspects.delete(folded);
    return block && this.isEverywhere(block, now) ? block : null;
  }

  isEverywhere(block: IdentityBlock, now: Date): boolean {
    return this.options.clusters.every((cluster) => blocks(block, cluster, now));
  }

  /** The request, whose approvals do not count that somebody gave who is blocked on every cluster. */
  async counting(request: CertificateRequest, now: Date): Promise<CertificateRequest> {
    if (request.state !== 'pending' || this.#suspects.size === 0) return request;
    const approvals = request.approvals.map(async (approval) =>
      (await this.everywhere(approval.principal, now)) === null ? approval : { ...approval, counts: false },
    );
    return { ...request, approvals: await Promise.all(approvals) };
  }

  /** The parties that are blocked on the request's cluster. */
  async of(request: PartiesOfRequest, now: Date): Promise<readonly BlockedParty[]> {
    const [username, requester, collector] = foldedParties(request);
    const names = [...new Set([username, requester, collector])];
    const found = (await this.options.reader.find(names)).filter((block) => blocks(block, request.cluster, now));
    const blocked = new Set(found.map((block) => foldedName(block.username)));
    for (const folded of blocked) this.add(folded);
    const parties: readonly (BlockedParty & { readonly folded: string })[] = [
      { party: 'username', name: request.username, folded: username },
      { party: 'requester', name: request.requester.name, folded: requester },
      { party: 'collector', name: request.collector, folded: collector },
    ];
    return parties.flatMap(({ folded, ...party }) => (blocked.has(folded) ? [party] : []));
  }
}
