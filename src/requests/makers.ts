import type { CertificateRequest } from '../model/certificate-request.js';
import type { Principal } from '../model/principal.js';
import type { IssuanceContext } from '../context/context.js';

/**
 * The makers to record with a request on which a person decides: the principals behind the requester's credential, and
 * behind the credentials that could collect its key at that moment.
 */
export async function makersToRecord(
  { store }: IssuanceContext,
  { createdBy }: Principal,
  collector: string,
  now: Date,
): Promise<readonly string[]> {
  return distinct(createdBy, await store.apiTokens.makersOf(collector, now));
}

/**
 * The makers of a request now: those on record, and those of the tokens that its collector has now. Where none are on
 * record, because it is older than they are, those of all tokens that the requester ever had: rather one person too many.
 */
export async function makersNow(
  { store, clock }: IssuanceContext,
  { requester, collector, decision }: CertificateRequest,
): Promise<readonly string[]> {
  return distinct(
    decision.makers ?? (await store.apiTokens.makersOf(requester.name, null)),
    await store.apiTokens.makersOf(collector, clock()),
  );
}

const distinct = (...lists: readonly (readonly string[])[]): readonly string[] => [...new Set(lists.flat())];
