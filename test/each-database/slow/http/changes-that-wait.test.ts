// Tests src/log/changes.ts, src/log/change-routes.ts, src/http/hooks/waits.ts
import { get } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as } from '../../../http/support/call.js';
import { type Changes, standingOf, wait } from '../../http/support/changes.js';
import { type Caller, startService, type TestService } from '../../../http/support/service.js';
import { SigningBrowser, startSignInService } from '../../../http/support/sign-in.js';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const ask = async (caller: Caller, groups: string) =>
  as.request(await caller('post', '/v1/certificate-requests').send({ username: 'jane', groups: [groups] })).id;

describe('a call that waits', () => {
  it('is answered when something has changed, and after its time where nothing has', async () => {
    const bob = service.as('bob');
    const waiting = wait(bob, await standingOf(bob), 20);
    await setTimeout(100);
    const id = await ask(service.as('alice'), 'ops-a');
    const { answer, changed, cursor, seconds } = await waiting;
    expect(changed).toEqual(['certificate-requests']);
    expect(answer.headers['preference-applied']).toBe('wait=20');
    expect(seconds).toBeLessThan(3);
    const nothing = await wait(bob, cursor, 1);
    expect(nothing).toMatchObject({ changed: [] });
    expect(nothing.seconds).toBeGreaterThan(0.9);
    await bob('post', `/v1/certificate-requests/${id}/deny`).send({}).expect(200);
  });

  it('is answered once a second at most, however much changes', async () => {
    const bob = service.as('bob');
    let cursor = await standingOf(bob);
    const over: true[] = [];
    const load = (async () => {
      while (over.length === 0) await ask(service.as('hr-system'), 'ops-a');
    })();
    const began = performance.now();
    let answers = 0;
    for (; performance.now() - began < 2_500; answers++) {
      const answered = await wait(bob, cursor, 10);
      expect(answered.changed).toEqual(['certificate-requests']);
      ({ cursor } = answered);
    }
    over.push(true);
    await load;
    expect(answers).toBeLessThanOrEqual(4);
  });

  it('ends the first of four others with the same credential, and nobody else’s', async () => {
    const [bob, audrey] = [service.as('bob'), service.as('audrey')];
    const after = await standingOf(bob);
    const other = wait(audrey, await standingOf(audrey), 2);
    const calls: ReturnType<typeof wait>[] = [];
    for (let i = 0; i < 5; i++) {
      calls.push(wait(bob, after, 2));
      await setTimeout(50);
    }
    const [first, ...others] = await Promise.all(calls);
    expect(first!.changed).toEqual([]);
    expect(first!.seconds).toBeLessThan(1.5);
    for (const { seconds } of [...others, await other]) expect(seconds).toBeGreaterThan(1.9);
  });

  it('leaves its place when its client goes away', async () => {
    const bob = service.as('bob');
    const after = await standingOf(bob);
    const headers = { authorization: `Bearer ${service.tokenOf('bob')}`, prefer: 'wait=30' };
    const gone = Array.from({ length: 4 }, () =>
      get(`${service.address}/v1/changes?after=${after}`, { headers }).on('error', () => undefined),
    );
    await setTimeout(200);
    for (const call of gone) call.destroy();
    await setTimeout(100);
    const [first] = await Promise.all(Array.from({ length: 4 }, () => wait(bob, after, 1)));
    expect(first!.seconds).toBeGreaterThan(0.9);
  });

  it('is answered 401 when its credential has ended meanwhile', async () => {
    const made = await service
      .as('root')('post', '/v1/api-tokens')
      .send({ name: 'short-lived', roles: ['requester'] });
    const { id, token } = as.token(made);
    const caller = service.withToken(token);
    const waiting = wait(caller, await standingOf(caller), 1);
    await setTimeout(100);
    await service.as('root')('delete', `/v1/api-tokens/${id}`).expect(204);
    expect((await waiting).answer.status).toBe(401);
  });

  it('is answered when the service stops, which waits for nobody', async () => {
    const own = await startService();
    const root = own.as('root');
    const waiting = wait(root, await standingOf(root), 30);
    await setTimeout(200);
    const began = performance.now();
    await own.stop();
    expect((await waiting).answer.status).toBe(200);
    expect(performance.now() - began).toBeLessThan(8_000);
    await own.close();
  });
});

it('is no use of a session, which begins and ends as a change for its owner alone', async () => {
  const opened = await startSignInService({ accounts: { jane: { groups: ['staff'] }, bob: { groups: ['oncall'] } } });
  const [jane, bob] = [new SigningBrowser(opened), new SigningBrowser(opened)];
  await jane.signIn('jane');
  const changesOf = async (browser: SigningBrowser, after?: string) =>
    JSON.parse((await browser.call(`/v1/changes${after === undefined ? '' : `?after=${after}`}`)).body) as Changes;
  const usedAt = async () =>
    (await opened.service.query('SELECT "usedAt" FROM "Session" ORDER BY "createdAt"'))[0]?.['usedAt'];
  const before = await usedAt();
  const { cursor } = await changesOf(jane);
  opened.service.advance(3_000);
  expect((await changesOf(jane, cursor)).changed).toEqual([]);
  await bob.signIn('bob');
  expect((await changesOf(jane, cursor)).changed).toEqual([]);
  expect(await usedAt()).toEqual(before);
  opened.service.advance(700);
  expect((await jane.call(`/v1/changes?after=${cursor}`)).status).toBe(401);
  await jane.signIn('jane');
  expect((await changesOf(jane, cursor)).changed).toEqual(['sessions']);
  await opened.close();
});
