import { StoreUnavailableError } from '../model/errors.js';
import type { AuditEventReader, Store } from './store.js';

/** `Store.ping` for a writer that knows since when its commits fail. */
export function pingOf(
  writer: { readonly failingSince: Date | null },
  auditEvents: Pick<AuditEventReader, 'head'>,
): Store['ping'] {
  return async () => {
    const { failingSince } = writer;
    if (failingSince !== null)
      throw new StoreUnavailableError(`commits have failed since ${failingSince.toISOString()}`);
    await auditEvents.head();
  };
}
