import type { SignedCheckpoint } from '../audit/checkpoint.js';
import { consistencyProof, inclusionProof } from '../audit/merkle-tree.js';
import type { Context } from '../context/context.js';
import { whyNotPermitted } from '../callers/permissions.js';
import { done, refused, type Outcome, type Refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { Checkpoints } from './sign-checkpoints.js';

/** The context of proofs about the audit log. */
export interface ProvingContext extends Context {
  readonly checkpoints: Pick<Checkpoints, 'sign' | 'tree'>;
}

export type LastCheckpoint = SignedCheckpoint;

/** Hashes of 32 octets in the order of RFC 9162, for the log of `size` events. */
export interface LogProof {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

/** The last checkpoint; `not-found` for a log without events. */
export async function readCheckpoint(context: ProvingContext, principal: Principal): Promise<Outcome<LastCheckpoint>> {
  const refusal = whyNotPermitted(principal, 'read-audit-events');
  if (refusal !== null) return refusal;
  const last = await lastCheckpoint(context);
  return last === null ? refused({ kind: 'not-found' }) : done(last);
}

/** The keys that sign checkpoints, or did, in the form of C2SP signed-note; `validUntil` null while it signs. */
export async function listCheckpointKeys({ store }: Context, principal: Principal) {
  const refusal = whyNotPermitted(principal, 'read-audit-events');
  if (refusal !== null) return refusal;
  return done(
    (await store.checkpoints.keys()).map(({ verifierKey, addedAt, retiredAt }) => ({
      key: verifierKey,
      validFrom: addedAt,
      validUntil: retiredAt,
    })),
  );
}

/** Proves that an event is in the log of this size; default: the size of the last checkpoint. */
export async function proveInclusion(
  context: ProvingContext,
  principal: Principal,
  seq: number,
  asked?: number,
): Promise<Outcome<LogProof & { readonly index: number }>> {
  const refusal = whyNotPermitted(principal, 'read-audit-events');
  if (refusal !== null) return refusal;
  const size = asked ?? (await lastCheckpoint(context))?.size ?? 0;
  const whyNot =
    seq > size
      ? invalid('/query/size', `event ${seq} is not among the first ${size}`)
      : await whyNotSize(context, '/query/size', size);
  return (
    whyNot ?? done({ size, index: seq - 1, hashes: await inclusionProof(context.checkpoints.tree, seq - 1, size) })
  );
}

/** Proves that the log of the one size is the beginning of the log of the other. */
export async function proveConsistency(
  context: ProvingContext,
  principal: Principal,
  from: number,
  to: number,
): Promise<Outcome<LogProof>> {
  const refusal = whyNotPermitted(principal, 'read-audit-events');
  if (refusal !== null) return refusal;
  const whyNot =
    from > to ? invalid('/query/from', 'must not be larger than "to"') : await whyNotSize(context, '/query/to', to);
  return whyNot ?? done({ size: to, hashes: await consistencyProof(context.checkpoints.tree, from, to) });
}

const lastCheckpoint = async ({ store, checkpoints }: ProvingContext): Promise<LastCheckpoint | null> =>
  (await store.checkpoints.last()) ?? (await checkpoints.sign());

async function whyNotSize({ store }: Context, pointer: string, size: number): Promise<Refused | null> {
  const { seq } = await store.auditEvents.head();
  return size <= seq ? null : invalid(pointer, `the log has ${seq} events`);
}

const invalid = (pointer: string, message: string): Refused =>
  refused({ kind: 'invalid-request', errors: [{ pointer, message }] });
