import { whyNotName } from '../model/name-grammar.js';
import { isPrivilegedGroup, isPrivilegedUsername, isSystemName } from '../model/privileged-names.js';
import { quote, quoteAll } from '../model/quote.js';
import type { Asked } from './asked.js';
import { finding, judged, type Evaluation, type Finding } from './evaluation.js';

/** A guardrail that no file lifts. Of a signer that holds the CA's key nothing else stops `system:masters`. */
export interface BuiltInGuardrail {
  /** Has a slash, which no name in a file has. */
  readonly name: string;
  evaluate(asked: Asked): Evaluation;
}

const maxGroups = 32;

export const builtInGuardrails: readonly BuiltInGuardrail[] = [
  {
    name: 'built-in/system-names',
    evaluate(asked) {
      return report(this.name, [
        usernameCheck(asked, 'not system:*', 'SystemName', (name) =>
          isSystemName(name) ? 'is reserved: system:* belongs to Kubernetes' : null,
        ),
        groupsCheck(asked, 'none of system:*', 'SystemGroup', (name) =>
          isSystemName(name) ? 'is reserved: system:* belongs to Kubernetes' : null,
        ),
      ]);
    },
  },
  {
    name: 'built-in/privileged-names',
    evaluate(asked) {
      const { facts } = asked;
      const whyNotUsername = (name: string) =>
        isPrivilegedUsername(name) ? 'is reserved for cluster components' : null;
      // A cluster's configuration may allow a group: refusing one wrongly costs a line there, granting one wrongly a cluster.
      const whyNotGroup = (name: string) =>
        isPrivilegedGroup(name) && !facts.allowPrivilegedGroups.includes(name)
          ? `is privileged, and the configuration of cluster "${facts.cluster}" does not allow it`
          : null;
      const allowed = facts.allowPrivilegedGroups.length === 0 ? '' : ` but ${quoteAll(facts.allowPrivilegedGroups)}`;
      return report(this.name, [
        usernameCheck(asked, 'not privileged', 'PrivilegedUsername', whyNotUsername),
        groupsCheck(asked, `none privileged${allowed}`, 'PrivilegedGroup', whyNotGroup),
      ]);
    },
  },
  {
    name: 'built-in/name-grammar',
    evaluate(asked) {
      const { nameAlphabet } = asked.facts;
      const whyNot = (name: string) => whyNotName(name, nameAlphabet);
      return report(this.name, [
        usernameCheck(asked, `a name in the ${nameAlphabet} alphabet`, 'NameNotAllowed', whyNot),
        groupsCheck(asked, `names in the ${nameAlphabet} alphabet`, 'NameNotAllowed', whyNot),
      ]);
    },
  },
  {
    name: 'built-in/group-list',
    evaluate({ request: { groups } }) {
      const repeated = [...new Set(groups.filter((group, i) => groups.indexOf(group) !== i))];
      const tooMany =
        groups.length > maxGroups ? [`${groups.length} groups are asked for, at most ${maxGroups} are allowed`] : [];
      return report(this.name, [
        finding('groups.count', `at most ${maxGroups}`, `${groups.length}`, 'TooManyGroups', tooMany),
        finding(
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

function report(name: string, findings: readonly Finding[]): Evaluation {
  return judged({ kind: 'guardrail', name }, [], findings);
}

type WhyNot = (name: string) => string | null;

function usernameCheck({ request, found }: Asked, expected: string, reason: string, whyNot: WhyNot): Finding {
  const why = whyNot(request.username);
  const messages = why === null ? [] : [`username ${found.username} ${why}`];
  return finding('username', expected, found.username, reason, messages);
}

function groupsCheck({ request, found }: Asked, expected: string, reason: string, whyNot: WhyNot): Finding {
  const messages = request.groups.flatMap((group) => {
    const why = whyNot(group);
    return why === null ? [] : [`group ${quote(group)} ${why}`];
  });
  return finding('groups', expected, found.groups, reason, messages);
}
