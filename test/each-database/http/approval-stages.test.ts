// Tests src/requests/decide-request.ts, src/requests/request-actions.ts, src/requests/request-routes.ts,
// src/requests/read-requests.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, type Answer } from '../../http/support/call.js';
import { startService, type Caller, type TestService } from '../../http/support/service.js';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { aPolicy } from '../../helpers/policies.js';

const policies = aPolicy(
  'two-stages',
  { groups: ['ops-*'], collectors: ['*'] },
  {
    approval: {
      mode: 'manual',
      expiresAfterSeconds: 3600,
      stages: [
        { count: 2, approvers: { groups: ['team-leads'] } },
        { count: 1, approvers: { groups: ['security'] } },
      ],
    },
  },
);

let service: TestService;
let tokens: Readonly<Record<'lena' | 'lars' | 'sam' | 'both' | 'stranger', Caller>>;
beforeAll(async () => {
  service = await startService({ policies });
  tokens = {
    lena: await callerWith('lena', ['team-leads']),
    lars: await callerWith('lars', ['team-leads']),
    sam: await callerWith('sam', ['security']),
    both: await callerWith('both', ['team-leads', 'security']),
    stranger: await callerWith('stranger', ['others']),
  };
});
afterAll(() => service.close());

async function callerWith(name: string, groups: string[], maker = service.as('root'), roles = ['approver']) {
  const made = await maker('post', '/v1/api-tokens').send({ name, roles, groups }).expect(201);
  return service.withToken(as.token(made).token);
}

async function pending(more: object = {}, requester = service.as('alice')): Promise<string> {
  const ask = { username: 'jane', groups: ['ops-eu'], ...more };
  const answer = await requester('post', '/v1/certificate-requests').send(ask).expect(201);
  expect(as.request(answer).state).toBe('pending');
  return answer.headers['location'] ?? '';
}

const approve = (who: Caller, url: string, comment?: string) =>
  who('post', `${url}/approve`).send(comment === undefined ? {} : { comment });
const stateOf = async (url: string) => as.request(await service.as('root')('get', url)).state;
const detailOf = (answer: Answer) => as.problem(answer).detail;

const leads = (needed: number) => ({ stage: 0, needed, approvers: { groups: ['team-leads'] } });
const security = { stage: 1, needed: 1, approvers: { groups: ['security'] } };

describe('the actions of a request', () => {
  const actionsOf = async (who: Caller, url: string) => as.request(await who('get', url).expect(200)).actions;

  it('are told to whoever reads it, in the words of the refusal, and nothing is recorded', async () => {
    const url = await pending();
    const turn = 'it is the turn of stage 1 of 2, which names other approvers; yours is stage 2';
    expect(await actionsOf(tokens.sam, url)).toEqual({
      approve: { allowed: false, why: turn },
      deny: { allowed: true, why: null },
      cancel: { allowed: false, why: 'only the requester or an admin cancels a request' },
      collect: { allowed: false, why: 'only "alice" may collect this key' },
    });
    const role = 'deciding on requests takes the role approver or admin';
    expect(await actionsOf(service.as('alice'), url)).toEqual({
      approve: { allowed: false, why: role },
      deny: { allowed: false, why: role },
      cancel: { allowed: true, why: null },
      collect: { allowed: false, why: 'a key is collected from an approved request, this one is pending' },
    });
    const { timeline } = as.request(await service.as('alice')('get', url));
    expect(timeline?.map(({ type }) => type)).toEqual(['CertificateRequested']);
  });

  it('are in the answer to reading one request alone', async () => {
    const url = await pending();
    const approved = as.request(await approve(tokens.lena, url).expect(200));
    expect(approved).not.toHaveProperty('actions');
    const { items } = as.requests(await service.as('alice')('get', '/v1/certificate-requests').expect(200));
    for (const item of items) expect(item).not.toHaveProperty('actions');
  });
});

describe('approval by two team leads, then by security', () => {
  it('takes all three, in this order, and says in between what is missing', async () => {
    const { pem } = await csrFor('jane', ['ops-eu']);
    const url = await pending({ csr: pem });
    const read = async () => as.request(await service.as('alice')('get', url));
    expect(await read()).toMatchObject({ approvals: [], awaiting: [leads(2), security] });

    const first = as.request(await approve(tokens.lena, url, 'known to us').expect(200));
    expect(first).toMatchObject({
      state: 'pending',
      approvals: [{ principal: 'lena', comment: 'known to us', stage: 0 }],
      awaiting: [leads(1), security],
    });
    const second = as.request(await approve(tokens.lars, url).expect(200));
    expect(second).toMatchObject({ state: 'pending', awaiting: [security] });
    const last = as.request(await approve(tokens.sam, url, 'checked').expect(200));
    expect(['issuing', 'issued']).toContain(last.state);
    expect(last.awaiting).toEqual([]);

    await service.as('alice')('get', `${url}/certificate`).expect(200);
    const { timeline, approvals } = await read();
    expect(approvals.map(({ principal, stage }) => [principal, stage])).toEqual([
      ['lena', 0],
      ['lars', 0],
      ['sam', 1],
    ]);
    expect(timeline?.map(({ type, principal, message }) => [type, principal, message])).toEqual([
      ['CertificateRequested', 'alice', null],
      ['ApprovalRecorded', 'lena', 'known to us'],
      ['ApprovalRecorded', 'lars', null],
      ['RequestApproved', 'sam', 'checked'],
      ['IssuanceStarted', 'sam', null],
      ['CertificateIssued', 'sam', null],
    ]);
  });

  it('goes on in no other order', async () => {
    const url = await pending();
    expect(detailOf(await approve(tokens.sam, url).expect(403))).toBe(
      'it is the turn of stage 1 of 2, which names other approvers; yours is stage 2',
    );
    await approve(tokens.lena, url).expect(200);
    expect(detailOf(await approve(tokens.sam, url).expect(403))).toContain('yours is stage 2');
    await approve(tokens.both, url).expect(200);
    const late = detailOf(await approve(tokens.lars, url).expect(403));
    expect(late).toBe('it is the turn of stage 2 of 2, which names other approvers');
    expect(await stateOf(url)).toBe('pending');
    await approve(tokens.sam, url).expect(200);
    expect(await stateOf(url)).toBe('approved');
    await approve(tokens.sam, url).expect(409);
  });

  it('counts nobody twice: not at one stage, not at two, not with a second token', async () => {
    const url = await pending();
    await approve(tokens.lena, url).expect(200);
    expect(detailOf(await approve(tokens.lena, url).expect(403))).toContain('nobody counts twice');
    const lenaToo = await callerWith('lena', ['team-leads', 'security']);
    await approve(lenaToo, url).expect(403);
    await approve(tokens.both, url).expect(200);
    await approve(tokens.both, url).expect(403);
    await approve(lenaToo, url).expect(403);
    const read = as.request(await service.as('root')('get', url));
    expect(read).toMatchObject({ state: 'pending', awaiting: [security] });
    expect(read.approvals).toHaveLength(2);
  });

  it('counts nobody twice through a token that they made, whichever of the two came first', async () => {
    const boss = await callerWith('boss', ['team-leads', 'security'], service.as('root'), ['admin']);
    const puppet = await callerWith('puppet', ['team-leads', 'security'], boss, ['admin']);
    const puppetOfPuppet = await callerWith('puppet-2', ['team-leads'], puppet);
    const bossFirst = await pending();
    await approve(boss, bossFirst).expect(200);
    for (const other of [puppet, puppetOfPuppet])
      expect(detailOf(await approve(other, bossFirst).expect(403))).toContain('created by "boss"');
    const puppetFirst = await pending();
    await approve(puppetOfPuppet, puppetFirst).expect(200);
    for (const maker of [puppet, boss])
      expect(detailOf(await approve(maker, puppetFirst).expect(403))).toContain('with a token that you created');
    // Two principals who were both created by root count as different people.
    await approve(tokens.lena, puppetFirst).expect(200);
  });

  it.each(['the requester', 'the collector', 'who is to be the user'])('is not for %s', async (who) => {
    const self = await callerWith('selma', ['team-leads', 'security'], service.as('root'), ['approver', 'requester']);
    const url =
      who === 'the requester'
        ? await pending({}, self)
        : await pending(who === 'the collector' ? { collector: 'selma' } : { username: 'selma' });
    await approve(self, url).expect(403);
    await approve(tokens.lena, url).expect(200);
    await approve(tokens.lars, url).expect(200);
    await approve(self, url).expect(403);
    await self('post', `${url}/deny`).expect(403);
    expect(await stateOf(url)).toBe('pending');
  });

  it('is not for tokens that the requester made, directly or through others', async () => {
    const asker = await callerWith('asker', [], service.as('root'), ['admin']);
    const made = await callerWith('made', ['team-leads', 'security'], asker, ['admin']);
    const madeByMade = await callerWith('made-by-made', ['team-leads', 'security'], made);
    const url = await pending({}, asker);
    for (const token of [made, madeByMade]) await approve(token, url).expect(403);
    await approve(tokens.lena, url).expect(200);
    await approve(tokens.lars, url).expect(200);
    for (const token of [made, madeByMade]) await approve(token, url).expect(403);
    await approve(tokens.sam, url).expect(200);
    expect(await stateOf(url)).toBe('approved');
  });

  it('takes the role besides the group', async () => {
    const auditing = await callerWith('audit-lead', ['team-leads'], service.as('root'), ['auditor']);
    await approve(auditing, await pending()).expect(403);
  });

  it('is ended by a denial of anybody who may approve, at whichever stage it is, and of nobody else', async () => {
    for (const who of [tokens.sam, tokens.lars, tokens.lena]) {
      const url = await pending();
      await approve(tokens.lena, url).expect(200);
      await tokens.stranger('post', `${url}/deny`).expect(403);
      expect(as.request(await who('post', `${url}/deny`).expect(200))).toMatchObject({ state: 'denied', awaiting: [] });
      await approve(tokens.lars, url).expect(409);
    }
  });

  it('loses no approval that is given in the same moment as another', async () => {
    for (let i = 0; i < 5; i += 1) {
      const url = await pending();
      const answers = await Promise.all([approve(tokens.lena, url), approve(tokens.lars, url)]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      const read = as.request(await service.as('root')('get', url));
      expect(read.approvals.map(({ principal }) => principal).sort()).toEqual(['lars', 'lena']);
      expect(read.awaiting).toEqual([security]);
    }
  });

  it('counts a principal once who approves twice in the same moment', async () => {
    const url = await pending();
    const answers = await Promise.all(Array.from({ length: 5 }, () => approve(tokens.lena, url)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403, 403]);
    expect(as.request(await service.as('root')('get', url)).awaiting).toEqual([leads(1), security]);
  });

  it('expires when the deciding policy says so', async () => {
    const url = await pending();
    const { createdAt, waitsUntil } = as.request(await service.as('root')('get', url));
    expect(Date.parse(waitsUntil ?? '') - Date.parse(createdAt)).toBe(3_600_000);
  });
});

describe('what waits for me', () => {
  const waiting = async (who: Caller, query = '') =>
    as
      .requests(await who('get', `/v1/certificate-requests?awaiting=me&username=waits${query}`).expect(200))
      .items.map(({ id }) => `/v1/certificate-requests/${id}`);

  it('is what I could approve now, and nothing else', async () => {
    const url = await pending({ username: 'waits' });
    const { lena, lars, sam, both, stranger } = tokens;
    const who = { lena, lars, sam, both, stranger, alice: service.as('alice'), audrey: service.as('audrey') };
    const named = async () => {
      const names: string[] = [];
      for (const [name, caller] of Object.entries(who)) if ((await waiting(caller)).includes(url)) names.push(name);
      return names;
    };
    expect(await named()).toEqual(['lena', 'lars', 'both']);
    await approve(both, url).expect(200);
    expect(await named()).toEqual(['lena', 'lars']);
    await approve(lena, url).expect(200);
    expect(await named()).toEqual(['sam']);
    await approve(sam, url).expect(200);
    expect(await named()).toEqual([]);
  });

  it('leaves out what I asked for, collect or am to be, and goes together with other filters', async () => {
    const own = await callerWith('otto', ['team-leads'], service.as('root'), ['requester', 'approver']);
    const ask = (more: object, who?: Caller) => pending({ username: 'waits', groups: ['ops-us'], ...more }, who);
    await ask({}, own);
    await ask({ collector: 'otto' });
    const [other, wanted] = [await ask({}), await ask({}, service.as('carol'))];
    const all = await waiting(own);
    expect(all).toContain(other);
    expect(all.slice(0, 2)).toEqual([wanted, other]);
    expect(await waiting(own, '&requester=carol')).toEqual([wanted]);
    expect(await waiting(own, '&requester=otto')).toEqual([]);
    expect((await waiting(own, '&state=pending&cluster=demo'))[0]).toBe(wanted);
    expect(await waiting(own, '&state=approved')).toEqual([]);
    expect(await waiting(own, '&cluster=elsewhere')).toEqual([]);
  });

  it('leaves out what has lapsed', async () => {
    await pending({ username: 'waits' });
    expect(await waiting(tokens.lena)).not.toEqual([]);
    service.advance(3601);
    expect(await waiting(tokens.lena)).toEqual([]);
  });

  it.each(['you', 'ME', '', 'me&awaiting=me'])('cannot be asked about anybody else: awaiting=%s', async (value) => {
    const answer = await tokens.lena('get', `/v1/certificate-requests?awaiting=${value}`).expect(400);
    expect(JSON.stringify(as.problem(answer))).toContain('/query/awaiting');
  });
});

it('marks an approval that came by a token less than a day old', async () => {
  const url = await pending();
  await approve(tokens.lena, url).expect(200);
  service.advance(86_400);
  const later = await pending({ username: 'later' });
  await approve(tokens.lena, later).expect(200);
  const approvals = async (of: string) => as.request(await service.as('root')('get', of)).approvals;
  expect(await approvals(url)).toMatchObject([{ principal: 'lena', byNewToken: true }]);
  expect((await approvals(later))[0]).not.toHaveProperty('byNewToken');
});
