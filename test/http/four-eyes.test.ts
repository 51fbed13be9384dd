// Tests src/requests/decide-request.ts, src/callers/routes/api-token-routes.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, type Answer } from './support/call.js';
import { startService, type Caller, type TestService } from './support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

interface Made {
  readonly call: Caller;
  readonly id: string;
}

/** A token that `maker` makes, for a principal who may do everything that the roles can. */
async function makeToken(maker: Caller, name: string, roles = ['admin', 'approver', 'requester']): Promise<Made> {
  const made = as.token(await maker('post', '/v1/api-tokens').send({ name, roles }).expect(201));
  return { call: service.withToken(made.token), id: made.id };
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

const created = 'you created a token of the requester or the collector';

describe('an admin alone', () => {
  it('does not decide on what a principal asks whose token they made', async () => {
    const jane = await makeToken(service.as('root'), 'jane-1');
    const puppet = await makeToken(jane.call, 'puppet-1', ['requester']);
    const url = await ask(puppet.call);
    await expectNoDecisionBy(jane.call, url, created);
    expect((await read(url)).decision.makers).toEqual(['root', 'jane-1']);
    await service.as('bob')('post', `${url}/approve`).expect(200);
  });

  it('nor through a chain of puppets, from either end or the middle', async () => {
    const jane = await makeToken(service.as('root'), 'jane-2');
    const puppet = await makeToken(jane.call, 'puppet-2');
    const puppetOfPuppet = await makeToken(puppet.call, 'puppet-2-of-2');
    const last = await makeToken(puppetOfPuppet.call, 'puppet-2-of-3');
    const url = await ask(last.call);
    for (const maker of [service.as('root'), jane.call, puppet.call, puppetOfPuppet.call])
      await expectNoDecisionBy(maker, url, created);
    const asked = await ask(jane.call);
    for (const made of [puppet.call, puppetOfPuppet.call, last.call])
      await expectNoDecisionBy(made, asked, 'this token was created by "jane-2", who made the request');
  });

  it('nor where the token that asked is gone since, or another token has the same name', async () => {
    const jane = await makeToken(service.as('root'), 'jane-3');
    const puppet = await makeToken(jane.call, 'puppet-3', ['requester']);
    const url = await ask(puppet.call);
    await jane.call('delete', `/v1/api-tokens/${puppet.id}`).expect(204);
    await makeToken(service.as('root'), 'puppet-3', ['requester']);
    await expectNoDecisionBy(jane.call, url, created);
  });

  it('nor with a second token in the name of somebody who asks honestly', async () => {
    const jane = await makeToken(service.as('root'), 'jane-4');
    await makeToken(jane.call, 'alice', ['requester']);
    await expectNoDecisionBy(jane.call, await ask(service.as('alice')), created);
  });

  it('nor on what a collector will collect whose token they made, before the request or after it', async () => {
    const jane = await makeToken(service.as('root'), 'jane-5');
    await makeToken(jane.call, 'collector-5', ['requester']);
    const before = await ask(service.as('alice'), { collector: 'collector-5' });
    expect((await read(before)).decision.makers).toEqual(['root', 'jane-5']);
    await expectNoDecisionBy(jane.call, before, created);

    const after = await ask(service.as('alice'), { collector: 'collector-5-late' });
    expect((await read(after)).decision.makers).toEqual([]);
    await makeToken(jane.call, 'collector-5-late', ['requester']);
    await expectNoDecisionBy(jane.call, after, created);
  });

  it('nor collects what they approved with a token that they make afterwards', async () => {
    const jane = await makeToken(service.as('root'), 'jane-6');
    const url = await ask(service.as('alice'), { collector: 'collector-6' });
    await jane.call('post', `${url}/approve`).expect(200);
    const theirs = await makeToken(jane.call, 'collector-6', ['requester']);
    const refused = await theirs.call('post', `${url}/kubeconfig`).expect(403);
    expect(detailOf(refused)).toBe('this token was created by "jane-6", who has approved the request');
    const honest = await makeToken(service.as('root'), 'collector-6', ['requester']);
    await honest.call('post', `${url}/kubeconfig`).expect(200);
  });

  it('nor decides with a token that the collector or the future user made', async () => {
    const carla = await makeToken(service.as('root'), 'carla-8');
    const puppet = await makeToken(carla.call, 'puppet-8');
    await expectNoDecisionBy(
      puppet.call,
      await ask(service.as('alice'), { collector: 'carla-8' }),
      'created by "carla-8", who will collect its key',
    );
    await expectNoDecisionBy(
      puppet.call,
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
    const made = await makeToken(service.as('root'), 'Dora', ['approver']);
    for (const name of ['dora', 'DORA']) {
      const answer = await service
        .as('root')('post', '/v1/api-tokens')
        .send({ name, roles: ['approver'] })
        .expect(400);
      expect(as.problem(answer).errors).toMatchObject([{ pointer: '/name' }]);
    }
    await service.as('root')('delete', `/v1/api-tokens/${made.id}`).expect(204);
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
    await frida.call('get', url).expect(404);
    await frida.call('post', `${url}/kubeconfig`).expect(404);
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
    const puppet = await makeToken(service.as('root'), 'puppet-9', ['requester']);
    const detailsOf = async (groups: string[]) => {
      const body = { username: 'somebody', groups };
      const answer = await puppet.call('post', '/v1/certificate-requests').send(body).expect(201);
      const query = `requestId=${as.request(answer).id}&type=CertificateRequested`;
      return as.events(await service.as('audrey')('get', `/v1/audit-events?${query}`)).items[0]?.details;
    };
    expect(await detailsOf(['ops-eu'])).toMatchObject({ makers: ['root'] });
    expect(await detailsOf(['team-a'])).not.toHaveProperty('makers');
  });
});
