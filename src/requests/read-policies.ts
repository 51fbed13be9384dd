import type { Context } from '../context/context.js';
import { whyNotPermitted } from '../callers/permissions.js';
import { done, type Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { offersTo } from '../policy/offers.js';
import { describePolicySet } from '../policy/parse-policy-set.js';
import { policyJsonSchema } from '../policy/policy-schema.js';
import type { PolicySet } from '../policy/policy-set.js';

/** The policies in force. */
export function listPolicies(context: Context, _principal: Principal) {
  const policySet = context.policySet();
  return { digest: policySet.digest, items: describePolicySet(policySet) };
}

/**
 * Says what the principal may ask for under the policies in force. The offers are no promise: `evaluatePolicies` knows
 * the rest.
 */
export const listOffers = (context: Context, principal: Principal) =>
  offersTo(context.policySet(), [...context.clusters.keys()], principal, context.clock());

/** The files of the policies in force. */
export const readPolicyTexts = (context: Context, principal: Principal): Outcome<Pick<PolicySet, 'digest' | 'texts'>> =>
  whyNotPermitted(principal, 'draft-policies') ?? done(context.policySet());

/** The JSON Schema of a document of a policy file. */
export const readPolicySchema = () => policyJsonSchema;
