import { auditEvent, type AuditEventDraft } from '../model/audit-event.js';
import type { ApiToken } from '../model/principal.js';

interface BreakGlassContext {
  /** Resolves once the event is committed. */
  readonly record: (event: AuditEventDraft) => Promise<void>;
  readonly log: { warn(fields: object, message: string): void };
  readonly clock: () => Date;
  /** The least time between two events about one token. */
  readonly intervalMilliseconds: number;
}

interface Uses {
  readonly token: ApiToken;
  /** The event of the first use. No request goes on before it is committed. */
  readonly first: Promise<void>;
  /** Uses that no event tells of yet. */
  untold: number;
  timer: NodeJS.Timeout | null;
}

/**
 * Tells of the uses of break-glass tokens, in the audit log and as warnings: of the first use in this process before
 * the request goes on, and then once in an interval, with the number of uses.
 */
export class BreakGlassUses {
  /** By the id of the token. */
  readonly #uses = new Map<string, Uses>();
  #isClosed = false;

  constructor(private readonly context: BreakGlassContext) {}

  /** Resolves when the request may go on. Throws where the use cannot be recorded: the token lets nobody in then. */
  async use(token: ApiToken): Promise<void> {
    const known = this.#uses.get(token.id);
    if (known !== undefined) {
      known.untold += 1;
      return known.first;
    }
    const uses: Uses = { token, first: this.#tell(token, 1), untold: 0, timer: null };
    this.#uses.set(token.id, uses);
    try {
      await uses.first;
    } catch (error) {
      this.#uses.delete(token.id);
      throw error;
    }
    this.#tellLater(uses);
  }

  /** Tells of the uses that no event tells of yet. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#uses.values()];
    for (const { timer } of all) if (timer !== null) clearTimeout(timer);
    await Promise.all(all.map((uses) => this.#tellRest(uses)));
  }

  #tellLater(uses: Uses): void {
    if (this.#isClosed) return;
    uses.timer = setTimeout(() => {
      void this.#tellRest(uses);
    }, this.context.intervalMilliseconds).unref();
  }

  /** Never throws: what cannot be recorded now is told together with what follows. */
  async #tellRest(uses: Uses): Promise<void> {
    const { token, untold } = uses;
    if (untold === 0) {
      this.#uses.delete(token.id);
      return;
    }
    uses.untold = 0;
    try {
      await this.#tell(token, untold);
    } catch (error) {
      uses.untold += untold;
      this.context.log.warn({ tokenId: token.id, err: error }, 'uses of a break-glass token could not be recorded');
    }
    this.#tellLater(uses);
  }

  async #tell({ id, name }: ApiToken, uses: number): Promise<void> {
    const { record, log, clock } = this.context;
    log.warn({ tokenId: id, principal: name, uses }, 'a break-glass token is used');
    await record(auditEvent('BreakGlassTokenUsed', clock(), name, { tokenId: id, uses }));
  }
}

/** The command that makes such a token warns those who see its output; the log of the service has a warning too. */
export function warnOfBreakGlass(live: readonly ApiToken[], log: BreakGlassContext['log']): void {
  for (const { id, name, expiresAt } of live)
    log.warn({ tokenId: id, principal: name, expiresAt }, 'a break-glass token is valid');
}
