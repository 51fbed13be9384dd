// Tests src/policy/unsafe-settings.ts, src/requests/read-policies.ts, src/clusters/read-clusters.ts
import { afterEach, describe, expect, it } from 'vitest';
import { aPolicy } from '../helpers/policies.js';
import { as } from './support/call.js';
import { startService, type Person, type TestService } from './support/service.js';

let service: TestService;
afterEach(() => service.close());

const day = { maxExpirationSeconds: 86_400 };
const by = (name: string, stages: readonly object[]) =>
  aPolicy(name, { groups: [name] }, { constraints: day, approval: { mode: 'manual', stages } });
const guardrail = `---
apiVersion: kubepass/v1
kind: Guardrail
metadata: { name: roots }
spec:
  selector: {}
  match: { groups: ['roots'] }
  approval: { stages: [{ approvers: { groups: ['security'] } }] }
  message: a person decides
`;
const warned = async (policies: string, person: Person) => {
  service = await startService({ policies });
  return as.policies(await service.as(person)('get', '/v1/policies').expect(200)).warnings;
};

describe('where an API token may be an admin', () => {
  it.each(['audrey', 'root'] as const)('warns %s of what groups approve, by its name', async (person) => {
    const groups = { approvers: { groups: ['team-leads'] } };
    const policies =
      by('payments', [{ count: 2 }, groups]) +
      by('on-call', [groups]) +
      by('named', [{ approvers: { names: ['bob'] } }]);
    expect(await warned(policies + guardrail, person)).toEqual([
      `whoever holds an admin's API token can give every approval of "payments", "on-call", "roots" alone, with tokens ` +
        'that they make: callers.apiTokens.admins: false ends that',
    ]);
  });

  it('warns of nothing where no group approves', async () => {
    expect(await warned(by('named', [{ approvers: { names: ['bob'] } }, { count: 2 }]), 'audrey')).toEqual([]);
  });

  it.each(['alice', 'bob'] as const)('says nothing of it to %s', async (person) => {
    expect(await warned(by('payments', [{ approvers: { groups: ['team-leads'] } }]), person)).toEqual([]);
  });
});

describe('where a cluster refuses no revoked certificate', () => {
  const long = aPolicy('a-week', { groups: ['*'] }, { constraints: { maxExpirationSeconds: 604_800 } });
  const without = aPolicy('unbounded', { groups: ['*'] }, { selector: { clusters: ['de*'] } });
  const elsewhere = aPolicy('elsewhere', { groups: ['*'] }, { selector: { clusters: ['prod'] } });
  const short = aPolicy('short', { groups: ['*'] }, { constraints: day });
  const message =
    'cluster demo refuses no revoked certificate, and more than a day is permitted there by "a-week", "unbounded": set ' +
    'revocation.mode, or maxExpirationSeconds: 86400';

  it('warns those who may draft policies, of the cluster and of the policies', async () => {
    expect(await warned(long + without + elsewhere + short, 'audrey')).toEqual([message]);
    const cluster = async (person: Person) =>
      as.cluster(await service.as(person)('get', '/v1/clusters/demo').expect(200)).warnings;
    expect(await cluster('root')).toEqual([message]);
    expect(await cluster('alice')).toEqual([]);
  });

  it('warns of nothing where no certificate lives for more than a day', async () => {
    expect(await warned(short, 'audrey')).toEqual([]);
  });
});
