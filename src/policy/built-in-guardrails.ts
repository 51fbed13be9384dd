import { whyNotName, quoteName } from '../model/name-grammar.js';
import { isPrivilegedName, isSystemName, quote, quoteAll } from '@kubepass/inspect/formats';
import { subjectBounds } from '@kubepass/x509';
import { type DecisionInput, Findings, type Judgement } from './evaluation.js';
import type { DirectoryFacts, DirectoryParty } from '../model/decision.js';
import { mostLivePerLineage } from './policy-set.js';

/**
 * A guardrail that no file can disable. If the signer holds the key of the CA, nothing else prevents a certificate for
 * `system:masters`.
 */
interface BuiltInGuardrail {
  /** It contains a slash, so it never equals a name in a file. */
  readonly name: string;
  readonly check: (input: DecisionInput, findings: Findings) => void;
  /** Whether it has anything to say about the request. */
  readonly concerns: (input: DecisionInput) => boolean;
}

const maxGroups = subjectBounds.groups;

export const builtInGuardrails: readonly BuiltInGuardrail[] = [
  builtIn('system-names', (input, findings) => {
    const whyNot: WhyNot = (name) => (isSystemName(name) ? 'is reserved: system:* belongs to Kubernetes' : null);
    checkUsername(input, findings, 'not system:*', 'SystemName', whyNot);
    checkGroups(input, findings, 'none of system:*', 'SystemGroup', whyNot);
  }),
  builtIn('privileged-names', (input, findings) => {
    const { allowPrivilegedGroups, cluster } = input.facts;
    // The configuration of a cluster may allow a group. A wrong refusal costs a line there, a wrong grant costs a cluster.
    const whyNotGroup: WhyNot = (name) =>
      isPrivilegedName(name) && !allowPrivilegedGroups.includes(name)
        ? `is privileged, and the configuration of cluster "${cluster}" does not allow it`
        : null;
    const allowed = allowPrivilegedGroups.length === 0 ? '' : ` but ${quoteAll(allowPrivilegedGroups)}`;
    checkUsername(input, findings, 'not privileged', 'PrivilegedUsername', (name) =>
      isPrivilegedName(name) ? 'is reserved for cluster components' : null,
    );
    checkGroups(input, findings, `none privileged${allowed}`, 'PrivilegedGroup', whyNotGroup);
  }),
  builtIn('name-grammar', (input, findings) => {
    const { nameAlphabet } = input.facts;
    const whyNot: WhyNot = (name) => whyNotName(name, nameAlphabet);
    checkUsername(input, findings, `a name in the ${nameAlphabet} alphabet`, 'NameNotAllowed', whyNot);
    checkGroups(input, findings, `names in the ${nameAlphabet} alphabet`, 'NameNotAllowed', whyNot);
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
  builtIn('identity-blocks', ({ facts: { blocked = [] }, found }, findings) => {
    const messages = blocked.map(
      ({ party, name }) => `${party} ${quoteName(name)} is blocked on cluster ${found.cluster}`,
    );
    if (blocked.length === 0) findings.holds('parties', 'none blocked', 'none blocked');
    else
      findings.fails(
        'parties',
        'none blocked',
        quoteAll(blocked.map(({ name }) => name)),
        'IdentityBlocked',
        ...messages,
      );
  }),
  builtIn('directory', checkDirectory, ({ facts }) => facts.directory !== undefined),
  builtIn('renewal', checkRenewed, ({ facts }) => facts.renewal !== undefined),
];

function builtIn(
  label: string,
  check: BuiltInGuardrail['check'],
  concerns: BuiltInGuardrail['concerns'] = () => true,
): BuiltInGuardrail {
  return { name: `built-in/${label}`, check, concerns };
}

export function evaluateBuiltIn({ name, check }: BuiltInGuardrail, input: DecisionInput): Judgement {
  const findings = new Findings('guardrail', name);
  check(input, findings);
  return findings.judged();
}

/** Why a name is not permitted, as the rest of a sentence about it. Null if it is permitted. */
type WhyNot = (name: string) => string | null;

function checkUsername(
  input: DecisionInput,
  findings: Findings,
  expected: string,
  reason: string,
  whyNot: WhyNot,
): void {
  const { request, found } = input;
  const why = whyNot(request.username);
  if (why === null) findings.holds('username', expected, found.username);
  else findings.fails('username', expected, found.username, reason, `username ${found.username} ${why}`);
}

function checkGroups(input: DecisionInput, findings: Findings, expected: string, reason: string, whyNot: WhyNot): void {
  const { request, found } = input;
  const messages = request.groups.flatMap((group) => {
    const why = whyNot(group);
    return why === null ? [] : [`group ${quote(group)} ${why}`];
  });
  if (messages.length === 0) findings.holds('groups', expected, found.groups);
  else findings.fails('groups', expected, found.groups, reason, ...messages);
}

const parties = ['username', 'requester', 'collector'] as const;

/**
 * Nobody who left gets a certificate, asks for one or collects one; nor does somebody whose name was another person's, until
 * that person's certificates have ended. Clusters may give certificates to nobody but people in the directory.
 */
function checkDirectory(input: DecisionInput, findings: Findings): void {
  const { directory } = input.facts;
  if (directory === undefined) return;
  const names = namesOf(input);
  const told = (which: (party: DirectoryParty) => boolean) => parties.filter((party) => which(directory[party]));

  const inactive = told(({ state }) => state === 'inactive');
  const messages = [
    ...inactive.map((party) => `${party} ${quoteName(names[party])} is not active in the directory`),
    ...unknownUsername(directory, input),
  ];
  const expected = directory.required ? 'active, and the username in the directory' : 'nobody inactive';
  const found = parties.map((party) => `${party} ${directory[party].state}`).join(', ');
  if (messages.length === 0) findings.holds('directory.active', expected, found);
  else findings.fails('directory.active', expected, found, 'DirectoryUserInactive', ...messages);

  const reused = told((party) => party.reused);
  if (reused.length === 0) return;
  findings.fails(
    'directory.reused',
    'no name of somebody else',
    quoteAll(reused.map((party) => names[party])),
    'UsernameReused',
    ...reused.map(
      (party) =>
        `${party} ${quoteName(names[party])} was another person in the directory, who asked for this or whose certificates may still work`,
    ),
  );
}

const namesOf = ({ request, requester }: DecisionInput) => ({
  username: request.username,
  requester: requester.name,
  collector: request.collector,
});

function unknownUsername({ required, username }: DirectoryFacts, { found }: DecisionInput): readonly string[] {
  if (!required || username.state !== 'unknown') return [];
  return [`username ${found.username} is not in the directory, which cluster ${found.cluster} requires`];
}

/** The rules about renewals that no policy changes. */
export function checkRenewed({ facts: { renewal, usage } }: DecisionInput, findings: Findings): void {
  if (renewal?.revoked) {
    const message = 'the certificate that is to be renewed is revoked';
    findings.fails('renewal.of', 'not revoked', 'revoked', 'RenewalOfRevoked', message);
  } else findings.holds('renewal.of', 'not revoked', 'not revoked');
  const live = usage?.livePerLineage;
  const expected = `fewer than ${mostLivePerLineage} valid ones`;
  if (live === undefined)
    findings.cannotTell('renewal.lineage', expected, 'the certificates of the lineage were not counted');
  else if (live < mostLivePerLineage) findings.holds('renewal.lineage', expected, `${live}`);
  else {
    const message =
      `${live} certificates that were renewed one from the other are valid or on their way, and at most ` +
      `${mostLivePerLineage} may be: use the newest one`;
    findings.fails('renewal.lineage', expected, `${live}`, 'LineageTooLong', message);
  }
}
