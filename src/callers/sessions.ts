import { type AuditEventDetails, type AuditEventDraft, auditEvent } from '../model/audit-event.js';
import { newId } from '../model/new-id.js';
import { type Outcome, type Page, type PageQuery, type Refused, done, refused } from '../model/outcome.js';
import {
  type Authentication,
  type Principal,
  type WayIn,
  authenticated,
  isMachine,
  isNameOf,
  refusedFor,
  type Role,
} from '../model/principal.js';
import {
  type LoginAttempt,
  type LoginBegun,
  type LoginFinished,
  type LoginUnavailable,
  type Session,
  isSessionLive,
  sessionLimits,
} from '../model/session.js';
import { SecretLookUp, type SecretReader, isSessionSecret, newSessionSecret, secretSha256 } from './secrets.js';
import { type RoleBinding, may, rolesBound } from './permissions.js';
import { BoundedMap } from '../model/bounded-map.js';
import { RecordedUses } from './recorded-uses.js';

/** How identity keeps sessions: each change in one commit with its audit event. */
export interface SessionWriter {
  /** False where the name is blocked on every cluster; nothing is written then. */
  begin(session: Session, secretSha256: string, event: AuditEventDraft): Promise<boolean>;
  /** False where it was ended already; nothing is written then. */
  end(id: string, at: Date, event: AuditEventDraft): Promise<boolean>;
}

interface SessionsContext {
  readonly reader: {
    find(id: string): Promise<Session | null>;
    /** The live sessions of this name, or (null) of everybody; newest first. */
    list(name: string | null, now: Date, page: PageQuery): Promise<Page<Session>>;
  };
  readonly writer: SessionWriter;
  readonly roles: readonly RoleBinding[];
  readonly clock: () => Date;
  readonly random: (octets: number) => Buffer;
}

/** Somebody for whom an identity provider has vouched at this instant. */
type VouchedFor = Pick<Session, 'name' | 'groups' | 'issuer'> & { readonly vouchedAt: Date };

/** A new session. The secret goes into the browser's cookie, and nowhere else. */
interface SessionBegun {
  readonly session: Session;
  readonly secret: string;
}

const notByToken = refused({
  kind: 'not-permitted',
  message:
    'a session begins here with an API token that is neither of a reviewer nor of a directory, and with nothing else',
});

/** The use cases on sessions: people see and end their own, admins everybody's. */
export class Sessions {
  constructor(private readonly context: SessionsContext) {}

  /**
   * Begins the session of somebody whom an identity provider has vouched for. Null where the name is blocked on every
   * cluster: whoever has left does not come in either.
   */
  begin({ vouchedAt, ...person }: VouchedFor): Promise<SessionBegun | null> {
    return this.#begin({ ...person, tokenId: null }, rolesBound(this.context.roles, person), null, vouchedAt);
  }

  /** Begins a session of the API token by which the caller came. It ends with the token. */
  async beginWithToken(principal: Principal): Promise<Outcome<SessionBegun>> {
    const whyNot = this.whyNotWithToken(principal);
    if (whyNot !== null) return whyNot;
    const { name, groups, roles, credentialId: tokenId, expiresAt } = principal;
    const begun = await this.#begin({ name, groups, issuer: null, tokenId }, roles, expiresAt);
    if (begun !== null) return done(begun);
    return refused({ kind: 'not-permitted', message: `${JSON.stringify(name)} is blocked on every cluster` });
  }

  /** Why this caller begins no session by the credential that came; null where it is an API token of a person. */
  whyNotWithToken(principal: Principal): Refused | null {
    return principal.method === 'api-token' && !isMachine(principal) ? null : notByToken;
  }

  /** Only the SHA-256 of the secret is kept. */
  async #begin(
    person: Pick<Session, 'name' | 'groups' | 'issuer' | 'tokenId'>,
    roles: readonly Role[],
    until: Date | null,
    vouchedAt: Date | null = null,
  ): Promise<SessionBegun | null> {
    const { clock, random, writer } = this.context;
    const now = clock();
    const secret = newSessionSecret(random);
    // If the name was given to somebody else after the provider vouched, the session belongs to the predecessor.
    const createdAt = vouchedAt !== null && vouchedAt < now ? vouchedAt : now;
    const longest = createdAt.getTime() + sessionLimits.longestSeconds * 1000;
    const session: Session = {
      ...person,
      id: newId(now, random),
      createdAt,
      usedAt: now,
      endedAt: null,
      expiresAt: new Date(Math.min(longest, until?.getTime() ?? Infinity)),
    };
    const event = auditEvent('SignedIn', now, person.name, {
      sessionId: session.id,
      issuer: person.issuer,
      tokenId: person.tokenId,
      roles,
      expiresAt: session.expiresAt.toISOString(),
    });
    return (await writer.begin(session, secretSha256(secret), event)) ? { session, secret } : null;
  }

  /** Live sessions, newest first. */
  async list(principal: Principal, page: PageQuery): Promise<Page<Session>> {
    const { reader, clock } = this.context;
    if (may(principal, 'manage-sessions')) return reader.list(null, clock(), page);
    const { items, nextCursor } = await reader.list(principal.name, clock(), page);
    return { items: items.filter((session) => isOwn(principal, session)), nextCursor };
  }

  /**
   * `current`: the session by which the caller came. Acts at once in this process; ending twice is the same as once.
   */
  async end(principal: Principal, id: string): Promise<Outcome<Session>> {
    const { reader, writer, clock } = this.context;
    const current = principal.method === 'session' ? principal.credentialId : null;
    const found =
      id === 'current' && current === null ? null : await reader.find(id === 'current' ? (current ?? '') : id);
    const isTheirs = found !== null && isOwn(principal, found);
    if (found === null || !(isTheirs || may(principal, 'manage-sessions'))) return refused({ kind: 'not-found' });
    const now = clock();
    if (isSessionLive(found, now)) {
      const reason = isTheirs ? 'SignedOut' : 'EndedByAnother';
      await writer.end(found.id, now, sessionEnded(found, now, principal.name, reason));
    }
    return done(found);
  }
}

const isOwn = (principal: Principal, { name, createdAt }: Session): boolean => isNameOf(principal, name, createdAt);

/** The event that a session was ended by `actor`; null: by the service itself. */
export function sessionEnded(
  { id, name, issuer, tokenId }: Session,
  at: Date,
  actor: string | null,
  reason: AuditEventDetails['SignedOut']['reason'],
): AuditEventDraft {
  return auditEvent('SignedOut', at, actor, { sessionId: id, issuer, tokenId, name, reason });
}

/** A use that follows so soon after the last one is not recorded. */
const touchMilliseconds = 60_000;

interface SessionAuthenticatorOptions {
  readonly reader: SecretReader<Session>;
  /** Records a use. Nobody waits for it. */
  readonly touch: (id: string, at: Date) => Promise<unknown>;
  readonly roles: readonly RoleBinding[];
  /** The names of the issuers by which people sign in now. */
  readonly issuers: readonly string[];
  /** Finds the principals behind API tokens, and takes note of their uses. */
  readonly apiTokens: { authenticateById(tokenId: string): Promise<Principal | null> };
  readonly clock: () => Date;
}

/**
 * Finds the principal behind the cookie of a browser. A session that was found is believed for at most 5 seconds,
 * unless this process ends it: `forget` acts at once. Its roles are those that the configuration gives to its name and
 * groups now. A session that began with an API token is the principal of that token as it is now.
 */
export class SessionAuthenticator implements WayIn<string> {
  readonly #sessions: SecretLookUp<Session>;
  readonly #uses: RecordedUses;

  constructor(private readonly options: SessionAuthenticatorOptions) {
    this.#sessions = new SecretLookUp((hashes) => options.reader.findBySecretSha256s(hashes), options.clock);
    this.#uses = new RecordedUses(options.touch, touchMilliseconds);
  }

  /** `isIdle`: it is no use of the session. */
  async authenticate(secret: string, isIdle = false): Promise<Authentication> {
    if (!isSessionSecret(secret)) return refusedFor('SessionUnknown', 'the cookie is not one that kubepass has set');
    const session = await this.#sessions.find(secretSha256(secret));
    const now = this.options.clock();
    if (session === null) return refusedFor('SessionUnknown', 'there is no such session, or it was forgotten');
    if (session.endedAt !== null) return refusedFor('SessionEnded', `session ${session.id} was ended`);
    if (!isSessionLive(session, now))
      return refusedFor('SessionExpired', `session ${session.id} was not used for too long, or has reached its end`);
    const { id, name, groups, issuer, tokenId, createdAt: vouchedAt, expiresAt } = session;
    const ofSession = { method: 'session', credentialId: id, expiresAt } as const;
    if (tokenId !== null) {
      const principal = await this.options.apiTokens.authenticateById(tokenId);
      if (principal === null)
        return refusedFor('SessionOfNoToken', `API token ${tokenId} of session ${id} has expired or was revoked`);
      if (!isIdle) this.#uses.note(id, session.usedAt, now);
      return authenticated({ ...principal, ...ofSession, tokenId });
    }
    if (issuer === null || !this.options.issuers.includes(issuer))
      return refusedFor('SessionOfNoIssuer', `nobody signs in by ${JSON.stringify(issuer)} any more`);
    if (!isIdle) this.#uses.note(id, session.usedAt, now);
    const roles = rolesBound(this.options.roles, session);
    return authenticated({ name, groups, roles, createdBy: [], cluster: null, vouchedAt, ...ofSession });
  }

  /** Called when a session has been ended, before that is answered. */
  forget(id: string): void {
    this.#sessions.forget(id);
    this.#uses.forget(id);
  }
}

/** Signs people in at one identity provider. */
export interface LoginProvider {
  /** The name of the issuer in the configuration. */
  readonly name: string;
  begin(returnTo: string): Promise<LoginBegun>;
  /**
   * Finishes the attempt that was begun here. `query` is that of the address to which the provider sent the browser.
   */
  finish(attempt: LoginAttempt, query: string): Promise<VouchedPerson>;
}

export type VouchedPerson =
  | {
      readonly outcome: 'vouched';
      readonly name: string;
      readonly groups: readonly string[];
      /** When the provider issued the id token. */
      readonly vouchedAt: Date;
    }
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

  /** An attempt can be finished once, whatever its end. No session begins once the browser does not wait any more. */
  async finish(attempt: LoginAttempt, query: string, over?: AbortSignal): Promise<LoginFinished> {
    const finished = await this.#finish(attempt, query, over);
    if (finished.outcome === 'refused') this.countRefusal(finished.reason);
    return finished;
  }

  async #finish(attempt: LoginAttempt, query: string, over?: AbortSignal): Promise<LoginFinished> {
    if (this.#finished.has(attempt.state)) return loginRefused('AttemptUsed', 'this sign-in was finished before');
    this.#finished.set(attempt.state, true);

    const person = await this.#provider(attempt.issuer).finish(attempt, query);
    if (person.outcome !== 'vouched') return person;
    if (over?.aborted) return { outcome: 'unavailable', message: 'the browser waits no more', retryAfterSeconds: 1 };
    const { name, groups, vouchedAt } = person;
    const begun = await this.sessions.begin({ name, groups, vouchedAt, issuer: attempt.issuer });
    return begun === null
      ? loginRefused('IdentityBlocked', `${JSON.stringify(name)} is blocked on every cluster`)
      : { outcome: 'signed-in', ...begun };
  }

  #provider(name: string): LoginProvider {
    const provider = this.#providers.get(name);
    if (provider === undefined) throw new Error(`nobody signs in by an issuer ${JSON.stringify(name)}`);
    return provider;
  }
}

const loginRefused = (reason: string, message: string): LoginFinished => ({ outcome: 'refused', reason, message });
