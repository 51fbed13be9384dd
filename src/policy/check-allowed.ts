import type { Asked } from './asked.js';
import type { Findings } from './evaluation.js';
import type { Policy } from './policy-set.js';

/** Who may be named, which groups given, and who may collect. */
export function checkAllowed(policy: Policy, asked: Asked, findings: Findings): void {
  checkUsername(policy, asked, findings);
  checkGroups(policy, asked, findings);
  checkCollector(policy, asked, findings);
}

function checkUsername({ name, allowed }: Policy, { request, values, found }: Asked, findings: Findings): void {
  const { usernames } = allowed;
  const check = 'allowed.usernames';
  const expected = usernames?.expected ?? 'absent';
  if (usernames?.matches(request.username, values)) {
    findings.holds(check, expected, found.username);
    return;
  }
  const message = `username ${found.username} is not permitted by policy "${name}"`;
  findings.fails(check, expected, found.username, 'UsernameNotPermitted', message);
}

function checkGroups({ name, allowed }: Policy, { request, values, found }: Asked, findings: Findings): void {
  const { groups } = allowed;
  const check = 'allowed.groups';
  const expected = groups === undefined ? 'absent' : `each ${groups.expected}`;
  const refused = found.eachGroup.filter((_, i) => !groups?.matches(request.groups[i] ?? '', values));
  if (refused.length === 0) {
    findings.holds(check, expected, found.groups);
    return;
  }
  const messages = refused.map((group) => `group ${group} is not permitted by policy "${name}"`);
  findings.fails(check, expected, found.groups, 'GroupNotPermitted', ...messages);
}

/** A collector is absent from a request where it is the one who asks. */
function checkCollector({ name, allowed }: Policy, asked: Asked, findings: Findings): void {
  const { request, requester, values, found } = asked;
  const { collectors } = allowed;
  const { collector } = request;
  const check = 'allowed.collectors';
  const expected = collectors?.expected ?? 'the requester';
  const permitted = collectors === undefined ? collector === requester.name : collectors.matches(collector, values);
  if (permitted) {
    findings.holds(check, expected, found.collector);
    return;
  }
  const message = `collector ${found.collector} is not permitted by policy "${name}"`;
  findings.fails(check, expected, found.collector, 'CollectorNotPermitted', message);
}
