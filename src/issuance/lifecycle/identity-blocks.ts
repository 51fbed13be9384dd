import type { BlockedParty } from '../../model/decision.js';
import { foldedName } from '../../model/folded-name.js';
import { blocks } from '../../model/identity-block.js';
import type { RequireUnblocked } from '../../store/step.js';
import type { IdentityBlockReader } from '../../store/store.js';

/** The names of a request that may be blocked. */
export interface PartiesOfRequest {
  readonly cluster: string;
  readonly username: string;
  readonly requester: { readonly name: string };
  readonly collector: string;
}

/** The operation that lets a step be committed only while none of its parties is blocked. */
export const requireUnblocked = (request: PartiesOfRequest, now: Date): RequireUnblocked => ({
  op: 'requireUnblocked',
  cluster: request.cluster,
  folded: foldedParties(request),
  now,
});

const foldedParties = ({ username, requester, collector }: PartiesOfRequest) =>
  [foldedName(username), foldedName(requester.name), foldedName(collector)] as const;

/** How many names are remembered. Forgetting one costs a round of deciding. */
const mostSuspects = 10_000;

/**
 * Finds out who is blocked. A commit that begins something requires that nobody is, so a decision need not look it up
 * beforehand: it does so for names that were found blocked before, whose programs may ask again and again.
 */
export class IdentityBlocks {
  /** Folded names. */
  readonly #suspects = new Set<string>();

  constructor(private readonly reader: Pick<IdentityBlockReader, 'find'>) {}

  isSuspect(request: PartiesOfRequest): boolean {
    return this.#suspects.size > 0 && foldedParties(request).some((folded) => this.#suspects.has(folded));
  }

  /** The parties that are blocked on the request's cluster. */
  async of(request: PartiesOfRequest, now: Date): Promise<readonly BlockedParty[]> {
    const [username, requester, collector] = foldedParties(request);
    const names = [...new Set([username, requester, collector])];
    const found = (await this.reader.find(names)).filter((block) => blocks(block, request.cluster, now));
    const blocked = new Set(found.map((block) => foldedName(block.username)));
    for (const folded of names)
      if (blocked.has(folded)) this.#suspect(folded);
      else this.#suspects.delete(folded);
    const parties: readonly (BlockedParty & { readonly folded: string })[] = [
      { party: 'username', name: request.username, folded: username },
      { party: 'requester', name: request.requester.name, folded: requester },
      { party: 'collector', name: request.collector, folded: collector },
    ];
    return parties.flatMap(({ folded, ...party }) => (blocked.has(folded) ? [party] : []));
  }

  #suspect(folded: string): void {
    if (this.#suspects.size >= mostSuspects) this.#suspects.clear();
    this.#suspects.add(folded);
  }
}
