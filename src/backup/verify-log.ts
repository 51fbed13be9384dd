import { verifyChain } from '../audit/chain.js';
import { readCheckpoint, type SignedCheckpoint } from '../audit/checkpoint.js';
import { rootHash } from '../audit/merkle-tree.js';
import { readNote, readVerifierKey } from '../audit/signed-note.js';
import type { Store } from '../store/store.js';
import { TreeOfEvents } from '../evidence/tree-of-events.js';

/** Nobody waits beside a check, so it reads more at once than a service that verifies. */
const eventsAtOnce = 2_000;

/** An audit log, read from its beginning to its end. */
export type LogCheck =
  | { readonly ok: true; readonly events: number; readonly head: string; readonly lastEventAt: Date | null }
  /** `why` goes on after the name of the database. */
  | { readonly ok: false; readonly why: string };

/** Checks the chain of the audit log, and that its last checkpoint is signed by a key of the log and vouches for these events. */
export async function verifyLog({
  auditEvents,
  checkpoints,
}: Pick<Store, 'auditEvents' | 'checkpoints'>): Promise<LogCheck> {
  // Before the chain: a database that is in use may sign events behind those that are checked.
  const signed = await checkpoints.last();
  const chain = await verifyChain(auditEvents, eventsAtOnce);
  if (!chain.valid)
    return { ok: false, why: `has an audit log that was changed: it breaks at event ${String(chain.firstInvalidSeq)}` };
  const whyNot = await whyNotSigned({ auditEvents, checkpoints }, signed, chain.events);
  if (whyNot !== null) return { ok: false, why: whyNot };
  const [last] = chain.events === 0 ? [] : await auditEvents.chunk(chain.events - 1, 1);
  return { ok: true, events: chain.events, head: chain.head, lastEventAt: last?.at ?? null };
}

async function whyNotSigned(
  { auditEvents, checkpoints }: Pick<Store, 'auditEvents' | 'checkpoints'>,
  last: SignedCheckpoint | null,
  events: number,
): Promise<string | null> {
  if (last === null) return null;
  const keys = (await checkpoints.keys()).flatMap(({ verifierKey }) => readVerifierKey(verifierKey) ?? []);
  const reading = readNote(last.note, keys);
  const signed = reading.ok ? readCheckpoint(reading.note.text) : null;
  if (signed?.size !== last.size || !signed.root.equals(last.root))
    return 'has a last checkpoint that no key of the log has signed';
  if (signed.size > events) return `has ${events} events, and its last checkpoint vouches for ${signed.size}`;
  if (!(await rootOf({ auditEvents, checkpoints }, signed.size)).equals(signed.root))
    return `has other events than those ${signed.size} for which its last checkpoint vouches`;
  return null;
}

/** The hash of the Merkle tree of the first `size` events. No hash that is kept counts, unless archives have all its events. */
async function rootOf({ auditEvents, checkpoints }: Pick<Store, 'auditEvents' | 'checkpoints'>, size: number) {
  const writer = { commit: () => Promise.reject(new Error('a check writes nothing')) };
  const { seq: archived } = await auditEvents.start();
  const kept = {
    tile: (level: number, n: number) =>
      (n + 1) * 256 ** (level + 1) <= archived ? checkpoints.tile(level, n) : Promise.resolve(null),
    tileCount: () => Promise.resolve(0),
  };
  return rootHash(new TreeOfEvents({ auditEvents, checkpoints: kept, writer }), size);
}
