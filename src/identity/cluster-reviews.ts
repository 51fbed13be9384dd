import { BoundedMap } from '../model/bounded-map.js';
import type { TokenReview } from '../model/cluster.js';
import { TooManyWaitingError, Turns } from '@kubepass/x509';
import { Allowance } from './allowance.js';

/** A cluster that reviews the tokens of its service accounts. */
export interface ReviewingCluster {
  /** In the configuration. */
  readonly name: string;
  /** Its tokens for kubepass have it, and those of no other cluster. */
  readonly audience: string;
  /** Put before each name and group. */
  readonly usernamePrefix: string;
  /** Throws nothing for what the cluster answers. */
  review(token: string): Promise<TokenReview>;
  /** Is told that kubepass lacks this access right there; `why` is the cluster's answer. */
  forbidden(missing: string, why: string): void;
}

/**
 * More reviews at the same time than these would delay the cluster's own work. Tokens that were accepted before have a
 * reserve.
 */
const turns = {
  ofOthers: { atTheSameTime: 40, waiting: 1_000 },
  ofKnownTokens: { atTheSameTime: 10, waiting: 1_000 },
} as const;
/**
 * The reviews of tokens that were not accepted before: those that name one account, and those that name any new one.
 */
const allowances = {
  ofAccount: { most: 120, millisecondsForOne: 500 },
  ofNewAccounts: { most: 600, millisecondsForOne: 100 },
} as const;
/** How many accounts of each kind are remembered: those that were used last. */
const mostAccounts = 1_000;
/** How long a cluster that failed is left alone, where it does not say so itself. */
const pauseMilliseconds = { usual: 1_000, forbidden: 5_000, longest: 60_000 } as const;

/**
 * The reviews of one cluster: few at a time, and none for a while after it could not be asked.
 *
 * Everybody can make up a token, and only the cluster can tell. So a token is charged to the account that it names:
 * whoever makes up tokens spends what there is for those accounts. Where it is spent, nobody knows whether a token is
 * good, and it is not refused.
 */
export class ClusterReviews {
  readonly #ofOthers = new Turns(turns.ofOthers);
  readonly #ofKnownTokens = new Turns(turns.ofKnownTokens);
  readonly #ofNewAccounts: Allowance;
  /** By the account that tokens name. An account of which a token was accepted takes nothing of `#ofNewAccounts`. */
  readonly #known = new BoundedMap<string, Allowance>(mostAccounts);
  readonly #new = new BoundedMap<string, Allowance>(mostAccounts);
  #pause: { readonly until: number; readonly from: number; readonly review: Unavailable } | null = null;

  constructor(
    readonly cluster: ReviewingCluster,
    private readonly clock: () => Date,
  ) {
    this.#ofNewAccounts = this.#allowance(allowances.ofNewAccounts);
  }

  /** `account`: the one that the token names. `isKnown`: this very token was accepted before. */
  async review(token: string, account: string, isKnown: boolean): Promise<TokenReview> {
    const why = this.#paused() ?? (isKnown ? null : this.#whySpent(account));
    if (why !== null) return why;
    try {
      const review = await (isKnown ? this.#ofKnownTokens : this.#ofOthers).take(() => this.#review(token), account);
      if (review.verdict === 'authenticated') this.#remember(account);
      return review;
    } catch (error) {
      if (error instanceof TooManyWaitingError) return tooMany(1);
      throw error;
    }
  }

  async #review(token: string): Promise<TokenReview> {
    const paused = this.#paused();
    if (paused !== null) return paused;
    const review = await this.cluster.review(token);
    this.#pause = review.verdict === 'unavailable' ? this.#pauseFor(review) : null;
    return this.#paused() ?? review;
  }

  /** Charges the account. */
  #whySpent(account: string): Unavailable | null {
    const known = this.#known.get(account);
    const own = known ?? this.#new.get(account) ?? this.#allowance(allowances.ofAccount);
    if (known === undefined) this.#new.set(account, own);
    const spent = [own, ...(known === undefined ? [this.#ofNewAccounts] : [])].find((one) => !one.take());
    return spent === undefined ? null : tooMany(Math.max(1, Math.ceil(spent.wait / 1000)));
  }

  #remember(account: string): void {
    const own = this.#known.get(account) ?? this.#new.get(account) ?? this.#allowance(allowances.ofAccount);
    this.#new.delete(account);
    this.#known.set(account, own);
  }

  readonly #allowance = (rules: (typeof allowances)[keyof typeof allowances]): Allowance =>
    new Allowance(rules, () => this.clock().getTime());

  /** The answer while the cluster is left alone; null where it may be asked. */
  #paused(): Unavailable | null {
    const now = this.clock().getTime();
    // A clock that was set back ends a pause.
    if (this.#pause === null || now < this.#pause.from || now >= this.#pause.until) return null;
    return { ...this.#pause.review, retryAfterSeconds: Math.ceil((this.#pause.until - now) / 1000) };
  }

  #pauseFor(review: Unavailable) {
    const from = this.clock().getTime();
    const { usual, forbidden, longest } = pauseMilliseconds;
    // Reviews that were under way together tell of it once.
    const isNews = this.#pause === null || this.#pause.review.missing !== review.missing || from >= this.#pause.until;
    if (review.missing !== null && isNews) this.cluster.forbidden(review.missing, review.message);
    const asked = review.retryAfterSeconds === null ? null : review.retryAfterSeconds * 1000;
    const milliseconds = asked ?? (review.missing === null ? usual : forbidden);
    return { from, until: from + Math.min(Math.max(milliseconds, usual), longest), review };
  }
}

type Unavailable = Extract<TokenReview, { readonly verdict: 'unavailable' }>;

const tooMany = (retryAfterSeconds: number): Unavailable => ({
  verdict: 'unavailable',
  retryAfterSeconds,
  missing: null,
  message: 'too many tokens that may be made up are to be reviewed',
});
