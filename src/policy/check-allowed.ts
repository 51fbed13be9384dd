import { quote } from '../model/quote.js';
import type { Asked } from './asked.js';
import { finding, type Finding } from './evaluation.js';
import type { Policy } from './policy-set.js';

/** Who may be named, which groups given, and who may collect. */
export function checkAllowed(policy: Policy, asked: Asked): readonly Finding[] {
  return [checkUsername(policy, asked), checkGroups(policy, asked), checkCollector(policy, asked)];
}

function checkUsername({ name, allowed: { usernames } }: Policy, { request, values, found }: Asked): Finding {
  const permitted = usernames !== undefined && usernames.matches(request.username, values);
  const messages = permitted ? [] : [`username ${found.username} is not permitted by policy "${name}"`];
  return finding(
    'allowed.usernames',
    usernames?.expected ?? 'absent',
    found.username,
    'UsernameNotPermitted',
    messages,
  );
}

function checkGroups({ name, allowed: { groups } }: Policy, { request, values, found }: Asked): Finding {
  const refused = request.groups.filter((group) => groups === undefined || !groups.matches(group, values));
  const messages = refused.map((group) => `group ${quote(group)} is not permitted by policy "${name}"`);
  const expected = groups === undefined ? 'absent' : `each ${groups.expected}`;
  return finding('allowed.groups', expected, found.groups, 'GroupNotPermitted', messages);
}

/** A collector is absent from a request where it is the one who asks. */
function checkCollector(
  { name, allowed: { collectors } }: Policy,
  { request, requester, values, found }: Asked,
): Finding {
  const { collector } = request;
  const permitted = collectors === undefined ? collector === requester.name : collectors.matches(collector, values);
  const messages = permitted ? [] : [`collector ${found.collector} is not permitted by policy "${name}"`];
  const expected = collectors?.expected ?? 'the requester';
  return finding('allowed.collectors', expected, found.collector, 'CollectorNotPermitted', messages);
}
