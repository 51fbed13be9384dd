import { quoteAll } from '@kubepass/inspect/formats';
import type { Context } from '../context/context.js';
import { may, whyNotPermitted } from '../callers/permissions.js';
import { done, type Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { offersTo } from '../policy/offers.js';
import { describePolicySet } from '../policy/parse-policy-set.js';
import { policyJsonSchema } from '../policy/policy-schema.js';
import type { PolicySet } from '../policy/policy-set.js';

/** The policies in force. Whoever may draft others reads what is unsafe about them. */
export function listPolicies({ policySet: current, settings }: Context, principal: Principal) {
  const policySet = current();
  const warnings = settings.tokensMayBeAdmin && may(principal, 'draft-policies') ? warningsOfApprovals(policySet) : [];
  return { digest: policySet.digest, items: describePolicySet(policySet), warnings };
}

/** An admin's token makes others, with any groups, so its holder alone may be all the people whom a policy needs. */
function warningsOfApprovals({ policies, guardrails }: PolicySet): readonly string[] {
  const names = [...policies, ...guardrails].flatMap(({ name, approval }) =>
    approval && 'stages' in approval && approval.stages.some(({ approvers }) => approvers?.groups) ? [name] : [],
  );
  return names.length === 0
    ? []
    : [
        `whoever holds an admin's API token can give every approval of ${quoteAll(names)} alone, with tokens that they ` +
          'make: callers.apiTokens.admins: false ends that',
      ];
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
