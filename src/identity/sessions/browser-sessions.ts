import { auditEvent, type AuditEventDetails, type AuditEventDraft } from '../../model/audit-event.js';
import { newId } from '../../model/new-id.js';
import { done, refused, type Outcome, type Page, type PageQuery } from '../../model/outcome.js';
import type { Principal } from '../../model/principal.js';
import { isSessionLive, sessionLimits, type Session } from '../../model/session.js';
import { secretSha256, newSessionSecret } from '../secrets.js';
import { may } from '../permissions.js';
import { rolesBound, type RoleBinding } from '../role-bindings.js';

/** How identity keeps sessions: each change in one commit with its audit event. */
export interface SessionWriter {
  /** False where the name is blocked on every cluster; nothing is written then. */
  begin(session: Session, secretSha256: string, event: AuditEventDraft): Promise<boolean>;
  /** False where it was ended already; nothing is written then. */
  end(id: string, at: Date, event: AuditEventDraft): Promise<boolean>;
}

export interface SessionsContext {
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

/** A person whom an identity provider has vouched for. */
export interface SignedInPerson {
  readonly name: string;
  readonly groups: readonly string[];
  /** The name of the issuer in the configuration. */
  readonly issuer: string;
}

/** A new session. Only the SHA-256 of its secret is kept. */
export interface NewSession {
  readonly session: Session;
  readonly secret: string;
}

/** The use cases on sessions: people see and end their own, admins everybody's. */
export class Sessions {
  constructor(private readonly context: SessionsContext) {}

  /** Null where the name is blocked on every cluster: whoever has left does not come in either. */
  async begin({ name, groups, issuer }: SignedInPerson): Promise<NewSession | null> {
    const { clock, random, roles, writer } = this.context;
    const now = clock();
    const secret = newSessionSecret(random);
    const session: Session = {
      id: newId(now, random),
      name,
      groups,
      issuer,
      createdAt: now,
      usedAt: now,
      endedAt: null,
      expiresAt: new Date(now.getTime() + sessionLimits.longestSeconds * 1000),
    };
    const event = auditEvent('SignedIn', now, name, {
      sessionId: session.id,
      issuer,
      roles: rolesBound(roles, session),
      expiresAt: session.expiresAt.toISOString(),
    });
    return (await writer.begin(session, secretSha256(secret), event)) ? { session, secret } : null;
  }

  /** Live sessions, newest first. */
  list(principal: Principal, page: PageQuery): Promise<Page<Session>> {
    const { reader, clock } = this.context;
    return reader.list(may(principal, 'manage-sessions') ? null : principal.name, clock(), page);
  }

  /**
   * `current`: the session by which the caller came. Acts at once in this process; ending twice is the same as once.
   */
  async end(principal: Principal, id: string): Promise<Outcome<Session>> {
    const { reader, writer, clock } = this.context;
    const current = principal.method === 'session' ? principal.credentialId : null;
    const found =
      id === 'current' && current === null ? null : await reader.find(id === 'current' ? (current ?? '') : id);
    const isOwn = found?.name === principal.name;
    if (found === null || !(isOwn || may(principal, 'manage-sessions'))) return refused({ kind: 'not-found' });
    const now = clock();
    if (isSessionLive(found, now)) {
      const reason = isOwn ? 'SignedOut' : 'EndedByAnother';
      await writer.end(found.id, now, sessionEnded(found, now, principal.name, reason));
    }
    return done(found);
  }
}

/** The event that a session was ended by `actor`; null: by the service itself. */
export function sessionEnded(
  { id, name, issuer }: Session,
  at: Date,
  actor: string | null,
  reason: AuditEventDetails['SignedOut']['reason'],
): AuditEventDraft {
  return auditEvent('SignedOut', at, actor, { sessionId: id, issuer, name, reason });
}
