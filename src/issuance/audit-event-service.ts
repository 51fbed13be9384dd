import { verifyChain } from '../audit/chain.js';
import { may } from '../identity/permissions.js';
import type { AuditEventFilter } from '../model/audit-event.js';
import { done, refused, type Refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { AuditEventService } from '../services.js';
import type { AuditEventReader } from '../store/store.js';
import type { IssuanceContext } from './context.js';

const exportChunk = 500;

/** The audit log, for those who may read it. */
export function auditEventService({ store: { auditEvents } }: IssuanceContext): AuditEventService {
  return {
    async list(principal, filter, page) {
      const refusal = whyNotRead(principal);
      return refusal ?? done(await auditEvents.list(filter, page));
    },
    export(principal, filter) {
      const refusal = whyNotRead(principal);
      return refusal ?? done(canonicalTexts(auditEvents, filter));
    },
    async verify(principal) {
      const refusal = whyNotRead(principal);
      return refusal ?? done(await verifyChain(auditEvents));
    },
  };
}

function whyNotRead(principal: Principal): Refused | null {
  if (may(principal, 'read-audit-events')) return null;
  return refused({ kind: 'not-permitted', message: 'reading the audit log takes the role auditor or admin' });
}

async function* canonicalTexts(reader: AuditEventReader, filter: AuditEventFilter): AsyncIterable<string> {
  let cursor: string | null = null;
  do {
    const page = await reader.list(filter, { limit: exportChunk, cursor });
    for (const event of page.items) yield event.canonical;
    cursor = page.nextCursor;
  } while (cursor !== null);
}
