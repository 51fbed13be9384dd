import { BoundedMap } from '../../model/bounded-map.js';
import { authenticated, refusedFor, type Authentication, type WayIn } from '../../model/principal.js';
import { isSessionLive, type Session } from '../../model/session.js';
import { secretSha256, SecretLookUp, type SecretReader, isSessionSecret } from '../secrets.js';
import { rolesBound, type RoleBinding } from '../role-bindings.js';

/** A use that follows so soon after the last one is not recorded. */
const touchMilliseconds = 60_000;
/** How many sessions are remembered as used of late. Forgetting one costs a write. */
const mostTouched = 10_000;

export interface SessionAuthenticatorOptions {
  readonly reader: SecretReader<Session>;
  /** Records a use. Nobody waits for it. */
  readonly touch: (id: string, at: Date) => Promise<unknown>;
  readonly roles: readonly RoleBinding[];
  /** The names of the issuers by which people sign in now. */
  readonly issuers: readonly string[];
  readonly clock: () => Date;
}

/**
 * Finds the principal behind the cookie of a browser. A session that was found is believed for at most 5 seconds, unless this
 * process ends it: `forget` acts at once. Its roles are those that the configuration gives to its name and groups now.
 */
export class SessionAuthenticator implements WayIn<string> {
  readonly #sessions: SecretLookUp<Session>;
  /** When a session was last recorded as used, in milliseconds. */
  readonly #touched = new BoundedMap<string, number>(mostTouched);

  constructor(private readonly options: SessionAuthenticatorOptions) {
    this.#sessions = new SecretLookUp(options.reader, options.clock);
  }

  async authenticate(secret: string): Promise<Authentication> {
    if (!isSessionSecret(secret)) return refusedFor('SessionUnknown', 'the cookie is not one that kubepass has set');
    const session = await this.#sessions.find(secretSha256(secret));
    const now = this.options.clock();
    if (session === null) return refusedFor('SessionUnknown', 'there is no such session, or it was forgotten');
    if (session.endedAt !== null) return refusedFor('SessionEnded', `session ${session.id} was ended`);
    if (!isSessionLive(session, now))
      return refusedFor('SessionExpired', `session ${session.id} was not used for too long, or has reached its end`);
    if (!this.options.issuers.includes(session.issuer))
      return refusedFor('SessionOfNoIssuer', `nobody signs in by ${JSON.stringify(session.issuer)} any more`);
    this.#touch(session, now);
    const { id, name, groups, expiresAt } = session;
    return authenticated({
      name,
      groups,
      roles: rolesBound(this.options.roles, session),
      method: 'session',
      createdBy: [],
      credentialId: id,
      expiresAt,
      cluster: null,
    });
  }

  /** Called when a session has been ended, before that is answered. */
  forget(id: string): void {
    this.#sessions.forget(id);
    this.#touched.delete(id);
  }

  /** Never delays the call, and never fails it: the next use after a minute is recorded. */
  #touch({ id, usedAt }: Session, now: Date): void {
    const last = Math.max(usedAt.getTime(), this.#touched.get(id) ?? 0);
    if (now.getTime() - last < touchMilliseconds) return;
    this.#touched.set(id, now.getTime());
    void this.options.touch(id, now).catch(() => undefined);
  }
}
