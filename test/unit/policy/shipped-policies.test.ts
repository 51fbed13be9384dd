// Tests policies/, src/policy/policy-schema.ts
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { checkPolicies } from '../../../src/policy/check-policies.js';
import { GuardrailDocument, PolicyDocument, policyJsonSchema } from '../../../src/policy/policy-schema.js';
import { readRuleDocuments } from '../../../src/policy/parse-policy-set.js';
import type { RequestToDecide } from '../../../src/policy/policy-set.js';
import { decide } from '../../../src/policy/decide.js';
import { loadPolicySet } from '../../../src/policy/load-policy-set.js';
import { facts, now, request, requester } from './builders.js';

const pathOf = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const load = async (path: string) => {
  const loaded = await loadPolicySet(pathOf(path));
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

describe.each(['policies', 'policies/examples', 'deploy/kubernetes/policies'])('the tests in %s', async (path) => {
  const { texts } = await load(path);

  it('pass', () => {
    const report = checkPolicies(texts);
    expect(report.ok, report.text).toBe(true);
    expect(report.text).not.toContain('tests: 0 passed');
  });
});

describe('the example policies', async () => {
  const examples = await load('policies/examples');

  it('show every part of the language', () => {
    const text = examples.texts.map((file) => file.text).join('\n');
    for (const property of Object.keys({
      ...PolicyDocument.properties.spec.properties,
      ...PolicyDocument.properties.spec.properties.constraints.properties,
      ...PolicyDocument.properties.spec.properties.allowed.properties,
      ...GuardrailDocument.properties.spec.properties,
    }))
      if (!['minExpirationSeconds', 'matchConditions'].includes(property)) expect(text).toContain(`${property}:`);
  });
});

describe('policies/schema.json', () => {
  it('is up to date: otherwise run `npm run policy:schema` and commit it', () => {
    const published: unknown = JSON.parse(readFileSync(pathOf('policies/schema.json'), 'utf8'));
    expect(published).toEqual(JSON.parse(JSON.stringify(policyJsonSchema)));
  });

  it('takes the shipped policies and refuses others', async () => {
    const schema = JSON.parse(JSON.stringify(policyJsonSchema)) as TSchema;
    const sets = [await load('policies'), await load('policies/examples')];
    const documents = sets.flatMap(readRuleDocuments).map(({ document }) => document);
    expect(documents.length).toBeGreaterThan(10);
    for (const document of documents) expect(Value.Errors(schema, document)).toEqual([]);
    const [first] = documents as [object];
    expect(Value.Check(schema, { ...first, spec: {} })).toBe(false);
    expect(Value.Check(schema, { ...first, more: 1 })).toBe(false);
    expect(Value.Check(schema, { ...first, kind: 'Rule' })).toBe(false);
    expect(Value.Check(schema, { ...first, kind: 'Guardrail' })).toBe(false);
  });
});
