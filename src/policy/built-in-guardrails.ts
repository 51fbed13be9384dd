import { whyNotName, quoteName } from '../model/name-grammar.js';
import { isPrivilegedName, isSystemName, quote, quoteAll } from '@kubepass/inspect/formats';
import { subjectBounds } from '@kubepass/x509';
import { type DecisionInput, type Findings, type Judgement } from './evaluation.js';
import type { DirectoryFacts, DirectoryParty } from '../model/decision.js';
import type { ViolationReason } from '../model/violation-reasons.js';
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
    // The configuration of a cluster may allow a group. A wrong refusal costs a line there, a wrong grant costs a
    // cluster.
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
    const few = groups.length <= maxGroups;
    findings.requires('groups.count', few, `at most ${maxGroups}`, count, 'TooManyGroups', tooMany);
    const repeated = [...new Set(groups.filter((group, i) => groups.indexOf(group) !== i))];
    const messages = repeated.map((group) => `group ${quote(group)} is asked for more than once`);
    const unique = repeated.length === 0;
    const found = unique ? 'each once' : `repeated: ${quoteAll(repeated)}`;
    findings.requires('groups.unique', unique, 'each once', found, 'DuplicateGroup', ...messages);
  }),
  builtIn('identity-blocks', ({ facts: { blocked = [] }, found }, findings) => {
    const messages = blocked.map(
      ({ party, name }) => `${party} ${quoteName(name)} is blocked on cluster ${found.cluster}`,
    );
    const none = blocked.length === 0;
    const names = none ? 'none blocked' : quoteAll(blocked.map(({ name }) => name));
    findings.requires('parties', none, 'none blocked', names, 'IdentityBlocked', ...messages);
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

export function evaluateBuiltIn({ check }: BuiltInGuardrail, input: DecisionInput, findings: Findings): Judgement {
  check(input, findings);
  return findings.judged();
}

/** Why a name is not permitted, as the rest of a sentence about it. Null if it is permitted. */
type WhyNot = (name: string) => string | null;

function checkUsername(
  input: DecisionInput,
  findings: Findings,
  expected: string,
  reason: ViolationReason,
  whyNot: WhyNot,
): void {
  const { request, found } = input;
  const why = whyNot(request.username);
  const message = `username ${found.username} ${why ?? ''}`;
  findings.requires('username', why === null, expected, found.username, reason, message);
}

function checkGroups(
  input: DecisionInput,
  findings: Findings,
  expected: string,
  reason: ViolationReason,
  whyNot: WhyNot,
): void {
  const { request, found } = input;
  const messages = request.groups.flatMap((group) => {
    const why = whyNot(group);
    return why === null ? [] : [`group ${quote(group)} ${why}`];
  });
  findings.requires('groups', messages.length === 0, expected, found.groups, reason, ...messages);
}

const parties = ['username', 'requester', 'collector'] as const;

/**
 * Nobody who left gets a certificate, asks for one or collects one; nor does somebody whose name was another
 * person's, until that person's certificates have ended. Clusters may give certificates to nobody but people in the
 * directory.
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
  const none = messages.length === 0;
  findings.requires('directory.active', none, expected, found, 'DirectoryUserInactive', ...messages);

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
function checkRenewed({ facts: { renewal, usage } }: DecisionInput, findings: Findings): void {
  const revoked = renewal?.revoked === true;
  const message = 'the certificate that is to be renewed is revoked';
  const state = revoked ? 'revoked' : 'not revoked';
  findings.requires('renewal.of', !revoked, 'not revoked', state, 'RenewalOfRevoked', message);
  const live = usage?.livePerLineage;
  const expected = `fewer than ${mostLivePerLineage} valid ones`;
  if (live === undefined)
    findings.cannotTell('renewal.lineage', expected, 'the certificates of the lineage were not counted');
  else {
    const tooMany =
      `${live} certificates that were renewed one from the other are valid or on their way, and at most ` +
      `${mostLivePerLineage} may be: use the newest one`;
    const few = live < mostLivePerLineage;
    findings.requires('renewal.lineage', few, expected, `${live}`, 'LineageTooLong', tooMany);
  }
}
