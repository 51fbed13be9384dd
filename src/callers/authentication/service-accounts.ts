import { type Authentication, type WayIn, authenticated, refusedFor } from '../../model/principal.js';
import { quote } from '@kubepass/inspect/formats';
import type { TokenReview } from '../../model/cluster.js';
import { TooManyWaitingError, Turns, sha256 } from '@kubepass/x509';
import { BoundedMap } from '../../model/bounded-map.js';
import { whyNotPrincipalName } from '../../model/name-grammar.js';
import { type JsonWebToken, audiencesOf, memberOf, readJsonWebToken, told } from '../oidc/json-web-token.js';
import { type RoleBinding, rolesBound } from '../permissions.js';
import { Allowance } from '../allowance.js';

interface ServiceAccountOptions {
  /** Their audiences differ. */
  readonly clusters: readonly ReviewingCluster[];
  readonly roles: readonly RoleBinding[];
  readonly clock: () => Date;
}

type AcceptedReview = Extract<TokenReview, { readonly verdict: 'authenticated' }>;

/**
 * How long a cluster's yes is believed, from when it was asked. A token outlives its service account or its pod by ten
 * seconds at most; the cluster itself needs a moment of them to notice.
 */
const believedMilliseconds = 9_000;
/** How long a no is: a token that is not valid yet, or an account that is being made, soon gets in. */
const refusedMilliseconds = 2_000;
/** How many of each are remembered. */
const mostRemembered = 1_000;

interface Remembered {
  readonly authentication: Authentication;
  /** In milliseconds. */
  readonly from: number;
}

/**
 * Tokens of service accounts (KEP-1205). The cluster whose audience a token names is asked whose it is, and no other:
 * whoever sees a token could use it. The claims of the token itself only choose the cluster, and spare it questions.
 */
export class ServiceAccounts implements WayIn<string> {
  readonly #reviews: ReadonlyMap<string, ClusterReviews>;
  /** Also those that are believed no more: they are reviewed again before guesses. */
  readonly #accepted = new BoundedMap<string, Remembered>(mostRemembered);
  readonly #refused = new BoundedMap<string, Remembered>(mostRemembered);
  /** Look-ups under way, each shared by all who present the same token. */
  readonly #underWay = new Map<string, Promise<Authentication>>();

  constructor(private readonly options: ServiceAccountOptions) {
    const { clusters, clock } = options;
    this.#reviews = new Map(clusters.map((cluster) => [cluster.audience, new ClusterReviews(cluster, clock)]));
  }

  /** Whether a cluster makes tokens for this audience. */
  readonly knows = (audience: string): boolean => this.#reviews.has(audience);

  async authenticate(text: string): Promise<Authentication> {
    const hash = sha256(Buffer.from(text));
    const remembered = this.#recall(hash);
    if (remembered !== null) return remembered;
    const underWay = this.#underWay.get(hash);
    if (underWay !== undefined) return underWay;

    const token = readJsonWebToken(text);
    if ('outcome' in token) return token;
    const reviews = this.#clusterOf(token);
    if (!(reviews instanceof ClusterReviews)) return reviews;
    const expiresAt = expiryOf(token);
    if (expiresAt === null || expiresAt <= this.options.clock())
      return refusedFor('TokenExpired', 'the token of a service account has ended, or says nothing of its end');
    const subject = memberOf(token.claims, 'sub');
    if (typeof subject !== 'string' || namespaceIn(subject) === null)
      return refusedFor('NotServiceAccount', `sub ${told(subject)} is not the name of a service account`);

    const ask = this.#ask(hash, reviews, expiresAt, () => reviews.review(text, subject, this.#accepted.has(hash)));
    const asking = ask.finally(() => this.#underWay.delete(hash));
    this.#underWay.set(hash, asking);
    return asking;
  }

  async #ask(
    hash: string,
    { cluster }: ClusterReviews,
    expiresAt: Date,
    ask: () => Promise<TokenReview>,
  ): Promise<Authentication> {
    const askedAt = this.options.clock().getTime();
    const authentication = this.#authentication(await ask(), cluster, expiresAt);
    if (authentication.outcome === 'authenticated') this.#accepted.set(hash, { authentication, from: askedAt });
    else if (authentication.outcome === 'refused') {
      this.#accepted.delete(hash);
      this.#refused.set(hash, { authentication, from: this.options.clock().getTime() });
    }
    return authentication;
  }

  #authentication(review: TokenReview, cluster: ReviewingCluster, expiresAt: Date): Authentication {
    switch (review.verdict) {
      case 'refused':
        return refusedFor('TokenRefused', `cluster "${cluster.name}": ${review.message}`);
      case 'unavailable':
        return {
          outcome: 'unavailable',
          message: `cluster "${cluster.name}" cannot review the token: ${review.message}`,
          retryAfterSeconds: review.retryAfterSeconds ?? 1,
        };
      case 'authenticated':
        return this.#principalOf(review, cluster, expiresAt);
    }
  }

  #principalOf(
    review: AcceptedReview,
    { name: cluster, usernamePrefix }: ReviewingCluster,
    expiresAt: Date,
  ): Authentication {
    const namespace = namespaceIn(review.username);
    // A cluster vouches for its own accounts. It could name anybody: an authenticator of its own, or somebody who broke
    // in.
    if (namespace === null)
      return refusedFor(
        'NotServiceAccount',
        `cluster "${cluster}" says that it is a token of ${quote(review.username)}`,
      );
    const name = `${usernamePrefix}${review.username}`;
    const whyNot = whyNotPrincipalName(name);
    if (whyNot !== null) return refusedFor('NameNotPermitted', `name ${quote(name)} ${whyNot}`);
    const id = tokenIdOf(review);
    if (id === null) return refusedFor('TokenRefused', `cluster "${cluster}" does not say which token it is`);
    // The groups that Kubernetes gives to service accounts. Others are for the cluster, and could be ours.
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
      .filter((group) => review.groups.includes(group))
      .map((group) => `${usernamePrefix}${group}`)
      .filter((group) => whyNotPrincipalName(group) === null);
    return authenticated({
      name,
      groups,
      roles: rolesBound(this.options.roles, { name, groups }),
      method: 'service-account',
      createdBy: [],
      cluster: null,
      credentialId: `service-account:${cluster}:${id}`,
      expiresAt,
    });
  }

  /** The one cluster that the token is for, or why there is none. */
  #clusterOf(token: JsonWebToken): ClusterReviews | Authentication {
    const audiences = new Set(audiencesOf(token) ?? []);
    const [reviews, ...more] = [...audiences].flatMap((audience) => this.#reviews.get(audience) ?? []);
    if (reviews === undefined)
      return refusedFor('AudienceUnknown', 'no audience of the token is among callers.serviceAccounts');
    // Each of the clusters could use it as if it were for the other.
    return more.length === 0
      ? reviews
      : refusedFor('AudienceAmbiguous', 'the token has the audiences of several clusters in callers.serviceAccounts');
  }

  #recall(hash: string): Authentication | null {
    const now = this.options.clock();
    const accepted = fresh(this.#accepted.get(hash), now, believedMilliseconds);
    if (accepted !== null && isStillValid(accepted, now)) return accepted;
    return fresh(this.#refused.get(hash), now, refusedMilliseconds);
  }
}

const isStillValid = (authentication: Authentication, now: Date): boolean =>
  authentication.outcome === 'authenticated' && (authentication.principal.expiresAt ?? now) > now;

function fresh(found: Remembered | undefined, now: Date, milliseconds: number): Authentication | null {
  if (found === undefined) return null;
  const age = now.getTime() - found.from;
  // A clock that was set back makes the age negative, and the entry worthless.
  return age >= 0 && age < milliseconds ? found.authentication : null;
}

/** RFC 7519 section 4.1.4; null where it is none. */
function expiryOf({ claims }: JsonWebToken): Date | null {
  const seconds = memberOf(claims, 'exp');
  if (typeof seconds !== 'number') return null;
  const expiresAt = new Date(Math.floor(seconds) * 1000);
  return Number.isNaN(expiresAt.getTime()) ? null : expiresAt;
}

/** Names of namespaces are DNS labels, those of service accounts DNS subdomains (RFC 1123). */
const username =
  /^system:serviceaccount:([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?):[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** The namespace in the name of a service account; null for any other name. */
const namespaceIn = (name: string): string | null => username.exec(name)?.[1] ?? null;

/** The id of the token where the cluster tells it, else that of the account. */
function tokenIdOf({ credentialId, uid }: AcceptedReview): string | null {
  const id = credentialId?.replace(/^JTI=/, '') ?? uid;
  return /^[A-Za-z0-9-]{1,64}$/.test(id) ? id : null;
}

/** A cluster that reviews the tokens of its service accounts. */
interface ReviewingCluster {
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
 * The reviews of one cluster: few at a time, and no review for a while after the cluster could not be asked.
 *
 * Everybody can make up a token, and only the cluster can tell. So a token is charged to the account that it names:
 * whoever makes up tokens spends what there is for those accounts. Where it is spent, nobody knows whether a token is
 * good, and it is not refused.
 */
class ClusterReviews {
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
