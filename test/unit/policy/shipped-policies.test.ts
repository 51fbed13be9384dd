import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { RequestToDecide } from '../../../src/policy/policy-set.js';
import { decide } from '../../../src/policy/decide.js';
import { loadPolicySet } from '../../../src/policy/load-policy-set.js';
import { facts, now, request, requester } from './builders.js';

const load = async (path: string) => {
  const loaded = await loadPolicySet(fileURLToPath(new URL(`../../../${path}`, import.meta.url)));
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  return loaded.policySet;
};

describe('the shipped policies', async () => {
  const shipped = await load('policies');
  const onDemo = (asked: Partial<RequestToDecide>, from = requester()) => {
    const decision = decide(request(asked), from, facts({ cluster: 'demo' }), shipped, now);
    return decision.outcome === 'permitted'
      ? `${decision.approval}: ${decision.policy}`
      : decision.violations.map(({ reason }) => reason);
  };

  it('leave the examples alone', () => {
    expect(shipped.texts.map(({ path }) => path)).toEqual(['demo.yaml', 'quickstart.yaml']);
  });

  it('give requesters and admins any plain name and group on cluster demo for a day', () => {
    expect(onDemo({ groups: ['dev', 'ops'], expirationSeconds: 86_400 })).toBe('auto: demo');
    expect(onDemo({}, requester({ roles: ['admin'] }))).toBe('auto: demo');
    expect(onDemo({}, requester({ roles: ['auditor', 'approver'] }))).toEqual(['NoPolicyApplies']);
  });

  it('ask a person for more than a day on cluster demo', () => {
    expect(onDemo({ expirationSeconds: 86_401 })).toBe('manual: demo-longer-than-a-day');
    expect(onDemo({ expirationSeconds: 30 * 86_400 + 1 })).toEqual(['ExpirationTooLong', 'ExpirationTooLong']);
  });

  it('give out no privileged group', () => {
    expect(onDemo({ groups: ['system:masters', 'kubeadm:cluster-admins'] })).toEqual([
      'SystemGroup',
      'PrivilegedGroup',
    ]);
  });

  it('give principal quickstart names of its own, without groups, on any cluster', () => {
    const ask = (asked: Partial<RequestToDecide>, name = 'quickstart') =>
      decide(request({ collector: name, ...asked }), requester({ name }), facts({ cluster: 'elsewhere' }), shipped, now)
        .outcome;
    expect(ask({ username: 'quickstart-jane' })).toBe('permitted');
    expect(ask({ username: 'quickstart-jane', groups: ['dev'] })).toBe('denied');
    expect(ask({ username: 'jane' })).toBe('denied');
    expect(ask({ username: 'quickstart-jane' }, 'jane')).toBe('denied');
  });
});

describe('the example policies', async () => {
  const examples = await load('policies/examples');
  const ask = (cluster: string, from: Partial<ReturnType<typeof requester>>, asked: Partial<RequestToDecide>) => {
    const asking = requester(from);
    return decide(request({ collector: asking.name, ...asked }), asking, facts({ cluster }), examples, now);
  };

  it('load', () => {
    expect(examples.policies.map(({ name }) => name)).toEqual(['production-on-call', 'self-service', 'developers']);
    expect(examples.guardrails.map(({ name }) => name)).toEqual(['no-machines-in-production', 'no-production-groups']);
  });

  it('do what their comments say', () => {
    const jane = { name: 'jane', groups: ['on-call'] };
    expect(ask('dev-eu', {}, { username: 'joe@corp.example', groups: ['team-a'] })).toMatchObject({
      approval: 'auto',
      policy: 'developers',
    });
    expect(ask('dev-eu', {}, { username: 'joe@corp.example', groups: ['team-prod'] }).outcome).toBe('denied');
    expect(ask('dev-eu', jane, { username: 'jane' })).toMatchObject({ policy: 'self-service' });
    expect(ask('dev-eu', jane, { username: 'joe' }).outcome).toBe('denied');
    expect(ask('prod-eu', jane, { username: 'jane', groups: ['on-call'] })).toMatchObject({
      approval: 'manual',
      stages: [{ count: 1, approvers: { groups: ['platform-leads'] } }],
      expirationSeconds: 3600,
    });
    expect(ask('prod-eu', { name: 'ci-1', groups: ['on-call'] }, { username: 'ci-1' }).violations).toMatchObject([
      { source: 'no-machines-in-production' },
    ]);
  });
});
