// Tests src/policy/evaluate-policy.ts, src/requests/evaluation-text.ts, src/requests/evaluate-policies.ts,
// policies/demo.yaml
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { as } from './support/call.js';
import { startService, type TestService } from './support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService({
    policies: readFileSync(new URL('../../policies/demo.yaml', import.meta.url), 'utf8'),
  });
});
afterAll(() => service.close());

describe('the demo policy', () => {
  it('lets a provisioner do the work of an HR system: ask, see, block and revoke', async () => {
    const hr = service.as('petra');
    await hr('post', '/v1/kubeconfigs')
      .send({ username: 'leaver', groups: ['dev'] })
      .expect(201);
    const seen = await hr('get', '/v1/identities?username=leaver').expect(200);
    expect(seen.body).toMatchObject({ items: [{ username: 'leaver' }] });
    await hr('post', '/v1/identities/leaver/block').send({ reason: 'cessationOfOperation' }).expect(200);
    const asked = { username: 'other', groups: ['dev'], expirationSeconds: 604_800 };
    await hr('post', '/v1/certificate-requests').send(asked).expect(201);
  });
});

describe('a denial to somebody whom no policy fits', () => {
  const message =
    'no policy applies to requests of "audrey" on cluster "demo". ' +
    'policy demo: needs role requester, provisioner or admin; you have auditor. ' +
    'policy demo-longer-than-a-day: needs role requester, provisioner or admin; you have auditor';
  const violations = [{ source: 'built-in/default-deny', reason: 'NoPolicyApplies', message }];
  const evaluate = () => service.as('audrey')('post', '/v1/policies/evaluate').send({ username: 'jane' });

  it('says in a dry run what nearly fitted, as JSON and as text', async () => {
    expect(as.decision(await evaluate().expect(200)).violations).toEqual(violations);
    const { text } = await evaluate().set('accept', 'text/plain').expect(200);
    const words = text.replace(/\s+/g, ' ');
    expect(words).toMatch(/^DENIED: NoPolicyApplies Violations └─ no policy applies to requests of "audrey"/);
    expect(words).toContain('policy demo: needs role requester, provisioner or admin; you have auditor.');
  });
});

describe('the detail of a denial', () => {
  const denied = async (body: object) => {
    const answer = await service.as('alice')('post', '/v1/certificate-requests').send(body).expect(403);
    const { detail, violations = [] } = as.problem(answer);
    return { detail, violations };
  };

  it('has the violations in a sentence, so that a person reads why', async () => {
    const { detail, violations } = await denied({ username: 'jane', expirationSeconds: 2_592_001 });
    expect(violations).toHaveLength(2);
    expect(detail).toBe(`the request is recorded as denied: ${violations.map(({ message }) => message).join('; ')}`);
  });

  it('has the first three of many, and how many more there are', async () => {
    const groups = Array.from({ length: 10 }, (_, i) => `system:${i}`);
    const { detail, violations } = await denied({ username: 'jane', groups });
    const first = violations.slice(0, 3).map(({ message }) => message);
    expect(detail).toBe(`the request is recorded as denied: ${first.join('; ')}; and ${violations.length - 3} more`);
  });

  it('stays within the bound of the contract', async () => {
    const { pem } = await csrFor('\u202e'.repeat(64), ['\u0001'.repeat(64)]);
    const { detail } = await denied({ csr: pem });
    expect(detail.length).toBeLessThan(4096);
  });
});
