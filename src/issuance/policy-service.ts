import { done } from '../model/outcome.js';
import { decide } from '../policy/decide.js';
import { policyJsonSchema } from '../policy/json-schema.js';
import { describePolicySet } from '../policy/parse-policy-set.js';
import type { PolicyService } from '../services.js';
import type { IssuanceContext } from './context.js';
import { violationDetails } from './events.js';
import { gatherFacts } from './gather-facts.js';
import { resolveAsk } from './resolve-ask.js';

/** The policies in force, and what they would say. */
export function policyService(context: IssuanceContext): PolicyService {
  return {
    list() {
      const policySet = context.policySet();
      return { digest: policySet.digest, items: describePolicySet(policySet) };
    },

    schema: () => policyJsonSchema,

    async evaluate(principal, ask) {
      const resolved = await resolveAsk(context, ask, principal.name);
      if (!resolved.ok) return resolved;
      const { issuing, username, groups, keyAlgorithm, expirationSeconds } = resolved.value;
      const now = context.clock();
      const policySet = context.policySet();
      // A request that is not made has no id, and nothing to be left out of a count.
      const subject = { id: '', cluster: issuing.cluster.name, username, groups, requester: principal };
      const facts = await gatherFacts(context, subject, policySet, now);
      const decision = decide(resolved.value, principal, facts, policySet, now);
      await context.store.writer.commit({
        operations: [],
        events: [
          {
            type: 'PolicyEvaluated',
            at: now,
            principal: principal.name,
            cluster: issuing.cluster.name,
            requestId: null,
            fingerprintSha256: null,
            details: {
              username,
              groups,
              keyAlgorithm,
              expirationSeconds,
              outcome: decision.outcome,
              policy: decision.policy,
              violations: violationDetails(decision.violations),
              policySetDigest: policySet.digest,
            },
          },
        ],
      });
      return done(decision);
    },
  };
}
