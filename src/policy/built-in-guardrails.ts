import { isPrivilegedGroup, isPrivilegedUsername, isSystemName, whyNotName } from '../model/name-grammar.js';
import { quote, quoteAll } from '../model/quote.js';
import { subjectBounds } from '../x509/strict/subject-identity.js';
import type { Asked } from './asked.js';
import { Findings, type Evaluation } from './evaluation.js';

/** A guardrail that no file lifts. Of a signer that holds the CA's key nothing else stops `system:masters`. */
export interface BuiltInGuardrail {
  /** Has a slash, which no name in a file has. */
  readonly name: string;
  /** What it looks at. */
  readonly check: (asked: Asked, findings: Findings) => void;
}

const maxGroups = subjectBounds.groups;

export const builtInGuardrails: readonly BuiltInGuardrail[] = [
  builtIn('system-names', (asked, findings) => {
    const whyNot: WhyNot = (name) => (isSystemName(name) ? 'is reserved: system:* belongs to Kubernetes' : null);
    checkUsername(asked, findings, 'not system:*', 'SystemName', whyNot);
    checkGroups(asked, findings, 'none of system:*', 'SystemGroup', whyNot);
  }),
  builtIn('privileged-names', (asked, findings) => {
    const { allowPrivilegedGroups, cluster } = asked.facts;
    // A cluster's configuration may allow a group: refusing one wrongly costs a line there, granting one wrongly a cluster.
    const whyNotGroup: WhyNot = (name) =>
      isPrivilegedGroup(name) && !allowPrivilegedGroups.includes(name)
        ? `is privileged, and the configuration of cluster "${cluster}" does not allow it`
        : null;
    const allowed = allowPrivilegedGroups.length === 0 ? '' : ` but ${quoteAll(allowPrivilegedGroups)}`;
    checkUsername(asked, findings, 'not privileged', 'PrivilegedUsername', (name) =>
      isPrivilegedUsername(name) ? 'is reserved for cluster components' : null,
    );
    checkGroups(asked, findings, `none privileged${allowed}`, 'PrivilegedGroup', whyNotGroup);
  }),
  builtIn('name-grammar', (asked, findings) => {
    const { nameAlphabet } = asked.facts;
    const whyNot: WhyNot = (name) => whyNotName(name, nameAlphabet);
    checkUsername(asked, findings, `a name in the ${nameAlphabet} alphabet`, 'NameNotAllowed', whyNot);
    checkGroups(asked, findings, `names in the ${nameAlphabet} alphabet`, 'NameNotAllowed', whyNot);
  }),
  builtIn('group-list', ({ request: { groups } }, findings) => {
    const count = `${groups.length}`;
    const tooMany = `${count} groups are asked for, at most ${maxGroups} are allowed`;
    if (groups.length <= maxGroups) findings.holds('groups.count', `at most ${maxGroups}`, count);
    else findings.fails('groups.count', `at most ${maxGroups}`, count, 'TooManyGroups', tooMany);
    const repeated = [...new Set(groups.filter((group, i) => groups.indexOf(group) !== i))];
    const messages = repeated.map((group) => `group ${quote(group)} is asked for more than once`);
    if (repeated.length === 0) findings.holds('groups.unique', 'each once', 'each once');
    else findings.fails('groups.unique', 'each once', `repeated: ${quoteAll(repeated)}`, 'DuplicateGroup', ...messages);
  }),
];

function builtIn(label: string, check: BuiltInGuardrail['check']): BuiltInGuardrail {
  return { name: `built-in/${label}`, check };
}

export function evaluateBuiltIn({ name, check }: BuiltInGuardrail, asked: Asked): Evaluation {
  const findings = new Findings('guardrail', name);
  check(asked, findings);
  return findings.judged();
}

/** Why it is not permitted, continuing a sentence that begins with the name; null where it is. */
type WhyNot = (name: string) => string | null;

function checkUsername(asked: Asked, findings: Findings, expected: string, reason: string, whyNot: WhyNot): void {
  const { request, found } = asked;
  const why = whyNot(request.username);
  if (why === null) findings.holds('username', expected, found.username);
  else findings.fails('username', expected, found.username, reason, `username ${found.username} ${why}`);
}

function checkGroups(asked: Asked, findings: Findings, expected: string, reason: string, whyNot: WhyNot): void {
  const { request, found } = asked;
  const messages = request.groups.flatMap((group) => {
    const why = whyNot(group);
    return why === null ? [] : [`group ${quote(group)} ${why}`];
  });
  if (messages.length === 0) findings.holds('groups', expected, found.groups);
  else findings.fails('groups', expected, found.groups, reason, ...messages);
}
