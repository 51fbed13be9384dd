// Tests src/requests/read-policies.ts, src/requests/policy-routes.ts, src/policy/offers.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aPolicy } from '../../helpers/policies.js';
import { as } from '../../http/support/call.js';
import { startService, type Person, type TestService } from '../../http/support/service.js';

const stages = [{ count: 2, approvers: { groups: ['leads'] } }, { count: 1 }];
const policies =
  aPolicy(
    'own',
    {
      usernames: ['${requester.username}-*', 'app'],
      groups: ['team-*'],
      collectors: ['${requester.username}', '${requester.username}-bot'],
    },
    { constraints: { maxExpirationSeconds: 3600, keyAlgorithms: ['RSA', 'Ed25519'], minRsaBits: 3072 } },
  ) +
  aPolicy(
    'by-hand',
    { groups: ['ops-*'] },
    {
      selector: { clusters: ['de*'], requesters: { roles: ['requester'] } },
      constraints: { reason: { pattern: 'INC-[0-9]{4}' } },
      approval: { mode: 'manual', stages },
    },
  ) +
  aPolicy('elsewhere', {}, { selector: { clusters: ['other'] } }) +
  aPolicy('for-hr', {}, { selector: { requesters: { names: ['hr-*'] } }, approval: { mode: 'manual' } }) +
  aPolicy('over', {}, { constraints: { notAfter: '2020-01-01T00:00:00Z' } }) +
  aPolicy('later', {}, { constraints: { notBefore: '2200-01-01T00:00:00Z' } }) +
  aPolicy('with-reason', {}, { selector: { requesters: { names: ['alice'] } }, constraints: { reason: {} } });

let service: TestService;
beforeAll(async () => {
  service = await startService({ policies });
});
afterAll(() => service.close());

const offersTo = async (who: Person) =>
  (await service.as(who)('get', '/v1/policies/offers').expect(200)).body as { items: { policy: string }[] };
const namesFor = async (who: Person) => (await offersTo(who)).items.map(({ policy }) => policy);

describe('GET /v1/policies/offers', () => {
  it('has each policy whose selector the caller meets, with their name filled in', async () => {
    expect((await offersTo('alice')).items).toEqual([
      {
        policy: 'own',
        clusters: ['demo'],
        usernames: ['alice-*', 'app'],
        groups: ['team-*'],
        maxExpirationSeconds: 3600,
        keyAlgorithms: ['Ed25519', 'RSA-3072', 'RSA-4096'],
        approval: 'auto',
        stages: [],
        reason: { required: false, pattern: null },
        collectors: ['alice', 'alice-bot'],
      },
      {
        policy: 'by-hand',
        clusters: ['demo'],
        usernames: ['*'],
        groups: ['ops-*'],
        maxExpirationSeconds: null,
        keyAlgorithms: expect.arrayContaining(['ECDSA-P256', 'RSA-2048']) as string[],
        approval: 'manual',
        stages,
        reason: { required: true, pattern: 'INC-[0-9]{4}' },
        collectors: ['alice'],
      },
      expect.objectContaining({ policy: 'with-reason', groups: [], reason: { required: true, pattern: null } }),
    ]);
    expect(await namesFor('hr-system')).toEqual(['own', 'by-hand', 'for-hr']);
    expect((await offersTo('hr-system')).items).toContainEqual(
      expect.objectContaining({ policy: 'for-hr', approval: 'manual', stages: [{ count: 1 }] }),
    );
    expect(await namesFor('audrey')).toEqual(['own']);
  });

  it('agrees with a dry run about keys', async () => {
    const [own] = (await offersTo('alice')).items as unknown as { keyAlgorithms: string[] }[];
    for (const keyAlgorithm of ['ECDSA-P256', 'ECDSA-P384', 'RSA-2048', 'RSA-3072', 'Ed25519']) {
      const ask = { username: 'alice-1', groups: ['team-a'], keyAlgorithm };
      const { outcome } = as.decision(await service.as('alice')('post', '/v1/policies/evaluate').send(ask));
      expect(outcome === 'permitted', keyAlgorithm).toBe(own?.keyAlgorithms.includes(keyAlgorithm));
    }
  });
});

describe('GET /v1/policies/texts', () => {
  it('has the files in force for an auditor or admin, by their names alone', async () => {
    for (const who of ['audrey', 'root'] as const) {
      const { body } = await service.as(who)('get', '/v1/policies/texts').expect(200);
      const { digest } = as.policies(await service.as(who)('get', '/v1/policies').expect(200));
      expect(body).toEqual({ digest, files: [{ path: 'test.yaml', text: policies }] });
    }
    const refused = await service.as('bob')('get', '/v1/policies/texts').expect(403);
    expect(as.problem(refused).detail).toBe('trying policies out takes the role auditor or admin');
  });
});
