import type { Context } from '../context/context.js';
import { done, refused, type Outcome, type Refusal } from '../model/outcome.js';
import type { ConfiguredCluster } from '../policy/policy-set.js';
import { DraftRefusedError, draftPath, type Draft } from '../policy/workers/draft.js';
import type { DraftPool } from '../policy/workers/draft-pool.js';

/** The context of decisions under drafts of policies. */
export interface DraftingContext extends Context {
  /** Reads drafts and decides under them, beside the event loop. */
  readonly drafts: Pick<DraftPool, 'evaluate' | 'replay'>;
}

/**
 * A draft as the caller sent it. A replay names no clusters: recorded requests are replayed whatever clusters there
 * are now.
 */
export function draftOf(policies: readonly string[], clusters: readonly ConfiguredCluster[]): Draft {
  return { texts: policies.map((text, i) => ({ path: draftPath(i), text })), clusters };
}

export async function drafted<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return done(await work());
  } catch (error) {
    if (error instanceof DraftRefusedError) return refused(draftRefusal(error));
    throw error;
  }
}

/** The answer to the caller of a draft that is refused. */
export const draftRefusal = ({ reason, message, errors }: DraftRefusedError): Refusal => ({
  kind: 'unacceptable-policies',
  reason,
  message,
  errors,
});
