import { BoundedMap } from '../../model/bounded-map.js';
import type { LoginAttempt, LoginBegun, LoginFinished, LoginUnavailable } from '../../model/session.js';
import type { Sessions } from './browser-sessions.js';

/** Signs people in at one identity provider. */
export interface LoginProvider {
  /** The name of the issuer in the configuration. */
  readonly name: string;
  begin(returnTo: string): Promise<LoginBegun>;
  /** Finishes the attempt that was begun here. `query` is that of the address to which the provider sent the browser. */
  finish(attempt: LoginAttempt, query: string): Promise<VouchedPerson>;
}

export type VouchedPerson =
  | { readonly outcome: 'vouched'; readonly name: string; readonly groups: readonly string[] }
  | { readonly outcome: 'refused'; readonly reason: string; readonly message: string }
  | LoginUnavailable;

/** How many attempts are remembered as finished. An attempt whose provider has seen its code twice fails there. */
const mostFinished = 10_000;

/** Signs people in with their browsers, and begins their sessions. */
export class Logins {
  /** The names of the issuers by which people sign in. */
  readonly issuers: readonly string[];
  readonly #providers: ReadonlyMap<string, LoginProvider>;
  readonly #finished = new BoundedMap<string, true>(mostFinished);

  constructor(
    providers: readonly LoginProvider[],
    private readonly sessions: Pick<Sessions, 'begin'>,
    /** Told why somebody was not let in. */
    private readonly countRefusal: (reason: string) => void,
  ) {
    this.#providers = new Map(providers.map((provider) => [provider.name, provider]));
    this.issuers = providers.map(({ name }) => name);
  }

  /** Throws where nobody signs in by this issuer. */
  begin(issuer: string, returnTo: string): Promise<LoginBegun> {
    return this.#provider(issuer).begin(returnTo);
  }

  /** An attempt can be finished once, whatever its end. */
  async finish(attempt: LoginAttempt, query: string): Promise<LoginFinished> {
    const finished = await this.#finish(attempt, query);
    if (finished.outcome === 'refused') this.countRefusal(finished.reason);
    return finished;
  }

  async #finish(attempt: LoginAttempt, query: string): Promise<LoginFinished> {
    if (this.#finished.has(attempt.state)) return refused('AttemptUsed', 'this sign-in was finished before');
    this.#finished.set(attempt.state, true);

    const person = await this.#provider(attempt.issuer).finish(attempt, query);
    if (person.outcome !== 'vouched') return person;
    const { name, groups } = person;
    const begun = await this.sessions.begin({ name, groups, issuer: attempt.issuer });
    return begun === null
      ? refused('IdentityBlocked', `${JSON.stringify(name)} is blocked on every cluster`)
      : { outcome: 'signed-in', ...begun };
  }

  #provider(name: string): LoginProvider {
    const provider = this.#providers.get(name);
    if (provider === undefined) throw new Error(`nobody signs in by an issuer ${JSON.stringify(name)}`);
    return provider;
  }
}

const refused = (reason: string, message: string): LoginFinished => ({ outcome: 'refused', reason, message });
