// Tests src/requests/decide-request.ts, src/callers/api-tokens.ts, src/callers/routes/api-token-routes.ts,
// src/model/principal.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../src/model/principal.js';
import { as, type Answer } from './support/call.js';
import { startService, type Caller, type TestService } from './support/service.js';
import { comingAs, lettingIn } from './support/ways-in.js';
import { aPolicy } from '../helpers/policies.js';

let service: TestService;
beforeAll(async () => {
  service = await startService({ context: lettingIn });
});
afterAll(() => service.close());

const everyRole: readonly Role[] = ['admin', 'approver', 'requester'];

/** A person by OIDC who may do everything that the roles can. */
const person = (name: string, roles = everyRole) => comingAs(service, name, roles);

async function makeToken(maker: Caller, name: string, roles = everyRole): Promise<Caller & { id?: string }> {
  const made = as.token(await maker('post', '/v1/api-tokens').send({ name, roles }).expect(201));
  return Object.assign(service.withToken(made.token), { id: made.id });
}

async function ask(requester: Caller, more: object = {}): Promise<string> {
  const body = { username: 'somebody', groups: ['ops-eu'], ...more };
  const answer = await requester('post', '/v1/certificate-requests').send(body).expect(201);
  expect(as.request(answer).state).toBe('pending');
  return answer.headers['location'] ?? '';
}

const detailOf = (answer: Answer) => as.problem(answer).detail;
const read = async (url: string) => as.request(await service.as('audrey')('get', url).expect(200));

async function expectNoDecisionBy(decider: Caller, url: string, why: string) {
  for (const decision of ['approve', 'deny'])
    expect(detailOf(await decider('post', `${url}/${decision}`).expect(403))).toContain(why);
  expect((await read(url)).state).toBe('pending');
}

const made = 'you created a token of the requester or the collector';

describe('a person who comes by OIDC', () => {
  it('has no maker, so that whoever else may approve decides on what they ask', async () => {
    const url = await ask(person('jane-0'));
    expect((await read(url)).decision.makers).toEqual([]);
    await person('bob-0')('post', `${url}/approve`).expect(200);
    await person('jane-0')('post', `${url}/kubeconfig`).expect(200);
  });

  it('does not approve for themselves, in whichever letters, and by whichever way in', async () => {
    const url = await ask(person('jane-1'));
    for (const method of ['oidc', 'session', 'client-certificate', 'service-account'] as const)
      for (const name of ['jane-1', 'Jane-1', 'JANE-1'])
        await expectNoDecisionBy(comingAs(service, name, everyRole, { method }), url, 'the requester does not decide');
    await expectNoDecisionBy(
      person('Jane-1'),
      await ask(person('alice-1'), { collector: 'jane-1' }),
      'the collector does not decide',
    );
    await expectNoDecisionBy(
      person('Jane-1'),
      await ask(person('alice-1'), { username: 'jane-1' }),
      'their own username',
    );
  });

  it('does not approve through a token that they made, nor through one that this one made', async () => {
    const jane = person('jane-2');
    const puppet = await makeToken(jane, 'puppet-2');
    const puppetOfPuppet = await makeToken(puppet, 'puppet-2-of-2');
    const last = await makeToken(puppetOfPuppet, 'puppet-2-of-3');
    const url = await ask(jane);
    for (const token of [puppet, puppetOfPuppet, last])
      await expectNoDecisionBy(token, url, 'this token was created by "jane-2", who made the request');
    const asJane = await ask(person('JANE-2'));
    await expectNoDecisionBy(last, asJane, 'this token was created by "JANE-2", who made the request');
    await expectNoDecisionBy(last, await ask(person('alice-2'), { collector: 'Jane-2' }), 'who will collect its key');
    await expectNoDecisionBy(last, await ask(person('alice-2'), { username: 'Jane-2' }), 'whose username it is for');
  });

  it('does not approve what a token of their making asks for, two and three levels deep, in whichever letters', async () => {
    const jane = person('jane-3');
    const puppet = await makeToken(jane, 'puppet-3');
    const puppetOfPuppet = await makeToken(puppet, 'puppet-3-of-2');
    for (const token of [puppet, puppetOfPuppet, await makeToken(puppetOfPuppet, 'puppet-3-of-3')]) {
      const url = await ask(token);
      expect((await read(url)).decision.makers[0]).toBe('jane-3');
      for (const decider of [jane, person('Jane-3'), comingAs(service, 'jane-3', everyRole, { method: 'session' })])
        await expectNoDecisionBy(decider, url, made);
      await person('bob-3')('post', `${url}/approve`).expect(200);
    }
  });

  it('does not count twice: not by two ways in, nor with a token that they made', async () => {
    const two = await startService({ context: lettingIn, policies: twoApprovals });
    const jane = comingAs(two, 'jane-4', everyRole);
    const puppet = as.token(
      await jane('post', '/v1/api-tokens').send({ name: 'puppet-4', roles: everyRole }).expect(201),
    );
    const asked = await comingAs(two, 'alice-4', ['requester'])('post', '/v1/certificate-requests').send({
      username: 'somebody',
      groups: ['ops-eu'],
    });
    const url = asked.headers['location'] ?? '';
    await jane('post', `${url}/approve`).expect(200);
    const again = comingAs(two, 'Jane-4', everyRole, { method: 'session' });
    expect(detailOf(await again('post', `${url}/approve`).expect(403))).toContain('nobody counts twice');
    const bySecond = await two.withToken(puppet.token)('post', `${url}/approve`).expect(403);
    expect(detailOf(bySecond)).toContain('created by "jane-4", who has approved the request already');
    await comingAs(two, 'bob-4', ['approver'])('post', `${url}/approve`).expect(200);
    await two.close();
  });

  it('does not collect what they approved, with a token that they make for the collector, nor with one that this makes', async () => {
    const jane = person('jane-5');
    const url = await ask(person('alice-5'), { collector: 'deployer-5' });
    await jane('post', `${url}/approve`).expect(200);
    const theirs = await makeToken(jane, 'deployer-5', ['requester']);
    const why = 'this token was created by "jane-5", who has approved the request';
    expect(detailOf(await theirs('post', `${url}/kubeconfig`).expect(403))).toBe(why);
    const through = await makeToken(await makeToken(jane, 'puppet-5'), 'deployer-5', ['requester']);
    expect(detailOf(await through('post', `${url}/kubeconfig`).expect(403))).toBe(why);
    // Jane is not the collector in whichever letters either.
    await person('Deployer-5')('post', `${url}/kubeconfig`).expect(403);
    // The one whom it is for comes by a way in that nobody made for them.
    await comingAs(service, 'deployer-5', ['requester'], { method: 'service-account' })(
      'post',
      `${url}/kubeconfig`,
    ).expect(200);
  });

  it('renews nothing on their own approval with a token that they made for the requester', async () => {
    const own = await startService({ context: lettingIn, policies: renewing });
    const alice = comingAs(own, 'alice-6', ['requester']);
    const jane = comingAs(own, 'jane-6', everyRole);
    const asked = await alice('post', '/v1/certificate-requests').send({ username: 'somebody', groups: ['ops-eu'] });
    const url = asked.headers['location'] ?? '';
    await jane('post', `${url}/approve`).expect(200);
    await alice('post', `${url}/kubeconfig`).expect(200);
    const fingerprint = as.request(await alice('get', url)).certificate?.fingerprintSha256 ?? '';
    const renew = (caller: Caller) => caller('post', `/v1/certificates/${fingerprint}/renew`).send({});
    const { token } = as.token(
      await jane('post', '/v1/api-tokens')
        .send({ name: 'alice-6', roles: ['requester'] })
        .expect(201),
    );
    expect(as.waiting(await renew(own.withToken(token)).expect(202)).state).toBe('pending');
    await renew(alice).expect(201);
    await own.close();
  });
});

describe('somebody who made a token in the name of a person', () => {
  it('does not decide on what that person will collect, as long as the token is valid', async () => {
    const bob = person('bob-7');
    const token = await makeToken(bob, 'jane-7', ['requester']);
    const url = await ask(person('jane-7'));
    expect((await read(url)).decision.makers).toEqual(['bob-7']);
    await expectNoDecisionBy(bob, url, made);
    // For the key is for somebody else, the token gets nobody nearer to it.
    const forOther = await ask(person('jane-7'), { collector: 'dave-7' });
    expect((await read(forOther)).decision.makers).toEqual([]);
    await bob('post', `${forOther}/approve`).expect(200);
    await bob('delete', `/v1/api-tokens/${token.id}`).expect(204);
    await bob('post', `${await ask(person('jane-7'))}/approve`).expect(200);
  });

  it('nor where it is made while the request waits', async () => {
    const bob = person('bob-8');
    const url = await ask(person('jane-8'));
    await makeToken(await makeToken(bob, 'puppet-8'), 'JANE-8', ['requester']);
    await expectNoDecisionBy(bob, url, made);
  });
});

describe('a service account or a client certificate', () => {
  it.each([
    ['service-account', 'system:serviceaccount:ci:deployer'],
    ['client-certificate', 'spiffe://corp.example/ns/ci/sa/deployer'],
  ] as const)('by %s has no maker, asks, and is decided on by people', async (method, name) => {
    const deployer = comingAs(service, name, ['requester'], { method });
    expect(as.whoami(await deployer('get', '/v1/whoami'))).toMatchObject({ name, method, createdBy: [] });
    const url = await ask(deployer);
    expect(await read(url)).toMatchObject({ requester: name, decision: { makers: [] } });
    await person('jane-9')('post', `${url}/approve`).expect(200);
    await deployer('post', `${url}/kubeconfig`).expect(200);
  });

  it('does not decide on what it asks with another credential of its name', async () => {
    const name = 'system:serviceaccount:ci:approver';
    const url = await ask(comingAs(service, name, everyRole, { method: 'service-account' }));
    await expectNoDecisionBy(
      comingAs(service, name.toUpperCase(), everyRole, { method: 'client-certificate' }),
      url,
      'the requester does not decide',
    );
    const asPerson = await makeToken(comingAs(service, name, everyRole, { method: 'service-account' }), 'puppet-10');
    await expectNoDecisionBy(asPerson, url, `this token was created by "${name}"`);
  });
});

describe('an admin alone', () => {
  it('does not decide on what a principal asks whose token they made', async () => {
    const anna = await makeToken(service.as('root'), 'anna-1');
    const puppet = await makeToken(anna, 'doll-1', ['requester']);
    const url = await ask(puppet);
    await expectNoDecisionBy(anna, url, made);
    expect((await read(url)).decision.makers).toEqual(['root', 'anna-1']);
    await service.as('bob')('post', `${url}/approve`).expect(200);
  });

  it('nor through a chain of puppets, from either end or the middle', async () => {
    const anna = await makeToken(service.as('root'), 'anna-2');
    const puppet = await makeToken(anna, 'doll-2');
    const puppetOfPuppet = await makeToken(puppet, 'doll-2-of-2');
    const last = await makeToken(puppetOfPuppet, 'doll-2-of-3');
    const url = await ask(last);
    for (const maker of [service.as('root'), anna, puppet, puppetOfPuppet]) await expectNoDecisionBy(maker, url, made);
    const asked = await ask(anna);
    for (const token of [puppet, puppetOfPuppet, last])
      await expectNoDecisionBy(token, asked, 'this token was created by "anna-2", who made the request');
  });

  it('nor where the token that asked is gone since, or another token has the same name', async () => {
    const anna = await makeToken(service.as('root'), 'anna-3');
    const puppet = await makeToken(anna, 'doll-3', ['requester']);
    const url = await ask(puppet);
    await anna('delete', `/v1/api-tokens/${puppet.id}`).expect(204);
    await makeToken(service.as('root'), 'doll-3', ['requester']);
    await expectNoDecisionBy(anna, url, made);
  });

  it('nor with a second token in the name of somebody who asks honestly', async () => {
    const anna = await makeToken(service.as('root'), 'anna-4');
    await makeToken(anna, 'alice', ['requester']);
    await expectNoDecisionBy(anna, await ask(service.as('alice')), made);
  });

  it('nor on what a collector will collect whose token they made, before the request or after it', async () => {
    const anna = await makeToken(service.as('root'), 'anna-5');
    await makeToken(anna, 'curt-5', ['requester']);
    const before = await ask(service.as('alice'), { collector: 'curt-5' });
    expect((await read(before)).decision.makers).toEqual(['root', 'anna-5']);
    await expectNoDecisionBy(anna, before, made);

    const after = await ask(service.as('alice'), { collector: 'curt-5-late' });
    expect((await read(after)).decision.makers).toEqual([]);
    await makeToken(anna, 'curt-5-late', ['requester']);
    await expectNoDecisionBy(anna, after, made);
  });

  it('nor collects what they approved with a token that they make afterwards', async () => {
    const anna = await makeToken(service.as('root'), 'anna-6');
    const url = await ask(service.as('alice'), { collector: 'curt-6' });
    await anna('post', `${url}/approve`).expect(200);
    const theirs = await makeToken(anna, 'curt-6', ['requester']);
    const refused = await theirs('post', `${url}/kubeconfig`).expect(403);
    expect(detailOf(refused)).toBe('this token was created by "anna-6", who has approved the request');
    const honest = await makeToken(service.as('root'), 'curt-6', ['requester']);
    await honest('post', `${url}/kubeconfig`).expect(200);
  });

  it('nor decides with a token that the collector or the future user made', async () => {
    const carla = await makeToken(service.as('root'), 'carla-8');
    const puppet = await makeToken(carla, 'doll-8');
    await expectNoDecisionBy(
      puppet,
      await ask(service.as('alice'), { collector: 'carla-8' }),
      'created by "carla-8", who will collect its key',
    );
    await expectNoDecisionBy(
      puppet,
      await ask(service.as('alice'), { username: 'Carla-8' }),
      'created by "Carla-8", whose username it is for',
    );
  });
});

describe('names that fold to the same', () => {
  it('are one person: nobody approves for themselves in other letters', async () => {
    await expectNoDecisionBy(
      service.as('carol'),
      await ask(service.as('alice'), { username: 'Carol' }),
      'own username',
    );
    await expectNoDecisionBy(service.as('carol'), await ask(service.as('alice'), { collector: 'CAROL' }), 'collector');
  });

  it('are not both given a token, even one after the other', async () => {
    const dora = await makeToken(service.as('root'), 'Dora', ['approver']);
    for (const name of ['dora', 'DORA']) {
      const answer = await service
        .as('root')('post', '/v1/api-tokens')
        .send({ name, roles: ['approver'] })
        .expect(400);
      expect(as.problem(answer).errors).toMatchObject([{ pointer: '/name' }]);
    }
    await service.as('root')('delete', `/v1/api-tokens/${dora.id}`).expect(204);
    await service
      .as('root')('post', '/v1/api-tokens')
      .send({ name: 'dora', roles: ['approver'] })
      .expect(400);
    await makeToken(service.as('root'), 'Dora', ['approver']);
  });

  it('are not both given a token at the same moment', async () => {
    const names = ['erna', 'Erna', 'erna', 'Erna', 'ERNA', 'eRNA', 'erna', 'ErNa'];
    const answers = await Promise.all(
      names.map((name) =>
        service
          .as('root')('post', '/v1/api-tokens')
          .send({ name, roles: ['approver'] }),
      ),
    );
    const given = new Set(answers.flatMap(({ status }, i) => (status === 201 ? [names[i]] : [])));
    expect(given.size).toBe(1);
  });

  it('do not give one principal the rights of the other', async () => {
    const url = await ask(service.as('alice'), { collector: 'Frida' });
    const frida = await makeToken(service.as('root'), 'frida', ['requester']);
    await frida('get', url).expect(404);
    await frida('post', `${url}/kubeconfig`).expect(404);
  });
});

describe('a refused decision', () => {
  it('is in the audit log, with the one who tried and why, and in the timeline', async () => {
    const url = await ask(service.as('carol'));
    const id = url.split('/').at(-1) ?? '';
    await service.as('carol')('post', `${url}/approve`).send({ comment: 'me, me' }).expect(403);
    await service.as('alice')('post', `${url}/deny`).expect(404);
    const mine = await ask(service.as('alice'));
    await service.as('alice')('post', `${mine}/deny`).expect(403);

    const list = await service.as('audrey')('get', `/v1/audit-events?requestId=${id}&type=DecisionRefused`).expect(200);
    const message = 'the requester does not decide on their own request';
    expect(as.events(list).items).toMatchObject([
      { principal: 'carol', cluster: 'demo', details: { decision: 'approve', message } },
    ]);
    const one = as.request(await service.as('audrey')('get', url).expect(200));
    expect(one.timeline?.at(-1)).toMatchObject({ type: 'DecisionRefused', principal: 'carol', message });
    const other = as.request(await service.as('audrey')('get', mine).expect(200));
    expect(other.timeline?.at(-1)).toMatchObject({ type: 'DecisionRefused', principal: 'alice' });
    expect(as.verification(await service.as('audrey')('get', '/v1/audit-events/verification')).valid).toBe(true);
  });

  it('has the makers of a request that waits for a person in the log, and of no other', async () => {
    const puppet = await makeToken(service.as('root'), 'doll-9', ['requester']);
    const detailsOf = async (groups: string[]) => {
      const body = { username: 'somebody', groups };
      const answer = await puppet('post', '/v1/certificate-requests').send(body).expect(201);
      const query = `requestId=${as.request(answer).id}&type=CertificateRequested`;
      return as.events(await service.as('audrey')('get', `/v1/audit-events?${query}`)).items[0]?.details;
    };
    expect(await detailsOf(['ops-eu'])).toMatchObject({ makers: ['root'] });
    expect(await detailsOf(['team-a'])).not.toHaveProperty('makers');
  });
});

const manual = (more: object) =>
  aPolicy(
    'by-hand',
    { groups: ['ops-*'], collectors: ['*'] },
    { constraints: { maxExpirationSeconds: 604_800 }, ...more },
  );
const twoApprovals = manual({ approval: { mode: 'manual', stages: [{ count: 2 }] } });
const renewing = manual({
  approval: { mode: 'manual' },
  renewal: { approval: 'auto', withinSeconds: 86_400, afterExpirySeconds: 0 },
});
