import type { TokenReview } from '../model/token-review.js';

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

/** More reviews at the same time than these would delay the cluster's own work. */
const mostAtOnce = 50;
/** How long a cluster that failed is left alone, where it does not say so itself. */
const pauseMilliseconds = { usual: 1_000, forbidden: 5_000, longest: 60_000 } as const;

/** The reviews of one cluster: few at a time, and none for a while after it could not be asked. */
export class ClusterReviews {
  #atOnce = 0;
  #pause: { readonly until: number; readonly from: number; readonly review: Unavailable } | null = null;

  constructor(
    readonly cluster: ReviewingCluster,
    private readonly clock: () => Date,
  ) {}

  async review(token: string): Promise<TokenReview> {
    const paused = this.#paused();
    if (paused !== null) return paused;
    if (this.#atOnce >= mostAtOnce) return tooMany;
    this.#atOnce += 1;
    try {
      const review = await this.cluster.review(token);
      this.#pause = review.verdict === 'unavailable' ? this.#pauseFor(review) : null;
      return this.#paused() ?? review;
    } finally {
      this.#atOnce -= 1;
    }
  }

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

const tooMany: Unavailable = {
  verdict: 'unavailable',
  message: 'too many of its tokens are being reviewed',
  ...{ retryAfterSeconds: 1, missing: null },
};
