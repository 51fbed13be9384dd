import type { DecisionFacts, TraceCheck, Violation } from '../model/decision.js';
import { whyNotName } from '../model/name-grammar.js';
import { isPrivilegedGroup, isPrivilegedUsername, isSystemName } from '../model/privileged-names.js';
import { quote, quoteAll } from '../model/quote.js';
import { judged, type Evaluation } from './evaluation.js';
import type { RequestToDecide } from './policy-set.js';

/** A guardrail that no file lifts. Of a signer that holds the CA's key nothing else stops `system:masters`. */
export interface BuiltInGuardrail {
  /** Has a slash, which no name in a file has. */
  readonly name: string;
  evaluate(request: RequestToDecide, facts: DecisionFacts): Evaluation;
}

const maxGroups = 32;

export const builtInGuardrails: readonly BuiltInGuardrail[] = [
  {
    name: 'built-in/system-names',
    evaluate(request) {
      return report(this.name, [
        usernameCheck(request, 'not system:*', 'SystemName', (name) =>
          isSystemName(name) ? 'is reserved: system:* belongs to Kubernetes' : null,
        ),
        groupsCheck(request, 'none of system:*', 'SystemGroup', (name) =>
          isSystemName(name) ? 'is reserved: system:* belongs to Kubernetes' : null,
        ),
      ]);
    },
  },
  {
    name: 'built-in/privileged-names',
    evaluate(request, facts) {
      const whyNotUsername = (name: string) =>
        isPrivilegedUsername(name) ? 'is reserved for cluster components' : null;
      // A cluster's configuration may allow a group: refusing one wrongly costs a line there, granting one wrongly a cluster.
      const whyNotGroup = (name: string) =>
        isPrivilegedGroup(name) && !facts.allowPrivilegedGroups.includes(name)
          ? `is privileged, and the configuration of cluster "${facts.cluster}" does not allow it`
          : null;
      const allowed = facts.allowPrivilegedGroups.length === 0 ? '' : ` but ${quoteAll(facts.allowPrivilegedGroups)}`;
      return report(this.name, [
        usernameCheck(request, 'not privileged', 'PrivilegedUsername', whyNotUsername),
        groupsCheck(request, `none privileged${allowed}`, 'PrivilegedGroup', whyNotGroup),
      ]);
    },
  },
  {
    name: 'built-in/name-grammar',
    evaluate(request, { nameAlphabet }) {
      const whyNot = (name: string) => whyNotName(name, nameAlphabet);
      return report(this.name, [
        usernameCheck(request, `a name in the ${nameAlphabet} alphabet`, 'NameNotAllowed', whyNot),
        groupsCheck(request, `names in the ${nameAlphabet} alphabet`, 'NameNotAllowed', whyNot),
      ]);
    },
  },
  {
    name: 'built-in/group-list',
    evaluate({ groups }) {
      const repeated = [...new Set(groups.filter((group, i) => groups.indexOf(group) !== i))];
      const tooMany =
        groups.length > maxGroups ? [`${groups.length} groups are asked for, at most ${maxGroups} are allowed`] : [];
      return report(this.name, [
        check('groups.count', `at most ${maxGroups}`, `${groups.length}`, 'TooManyGroups', tooMany),
        check(
          'groups.unique',
          'each once',
          repeated.length === 0 ? 'each once' : `repeated: ${quoteAll(repeated)}`,
          'DuplicateGroup',
          repeated.map((group) => `group ${quote(group)} is asked for more than once`),
        ),
      ]);
    },
  },
];

interface Finding {
  readonly trace: TraceCheck;
  readonly objections: readonly Omit<Violation, 'source'>[];
}

function report(name: string, findings: readonly Finding[]): Evaluation {
  return judged(
    { kind: 'guardrail', name },
    findings.map(({ trace }) => trace),
    findings.flatMap(({ objections }) => objections),
  );
}

function check(name: string, expected: string, found: string, reason: string, messages: readonly string[]): Finding {
  return {
    trace: { check: name, passed: messages.length === 0, expected, found },
    objections: messages.map((message) => ({ reason, message })),
  };
}

type WhyNot = (name: string) => string | null;

function usernameCheck({ username }: RequestToDecide, expected: string, reason: string, whyNot: WhyNot): Finding {
  const why = whyNot(username);
  const messages = why === null ? [] : [`username ${quote(username)} ${why}`];
  return check('username', expected, quote(username), reason, messages);
}

function groupsCheck({ groups }: RequestToDecide, expected: string, reason: string, whyNot: WhyNot): Finding {
  const messages = groups.flatMap((group) => {
    const why = whyNot(group);
    return why === null ? [] : [`group ${quote(group)} ${why}`];
  });
  return check('groups', expected, quoteAll(groups), reason, messages);
}
