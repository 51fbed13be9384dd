import type { DirectoryFacts, DirectoryParty } from '../model/decision.js';
import { quoteAll } from '../model/quote.js';
import { quoteName } from '../model/name-grammar.js';
import type { DecisionInput, Findings } from './evaluation.js';

const parties = ['username', 'requester', 'collector'] as const;

/**
 * Nobody who left gets a certificate, asks for one or collects one; nor does somebody whose name was another person's, until
 * that person's certificates have ended. Clusters may give certificates to nobody but people in the directory.
 */
export function checkDirectory(input: DecisionInput, findings: Findings): void {
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
