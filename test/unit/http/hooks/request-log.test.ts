// Tests src/http/hooks/every-request.ts
import Fastify from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepRoutes, logRequests, QuietLogController } from '../../../../src/http/hooks/every-request.js';
import type { App } from '../../../../src/http/server/types.js';
import { principal } from '../../../helpers/principals.js';

type Line = Readonly<Record<string, unknown>>;

let app: App;
let lines: Line[];
beforeEach(() => {
  lines = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
  app = Fastify({ logger: { level: 'info', stream }, logController: new QuietLogController() });
  keepRoutes(app);
  logRequests(app);
  app.decorateRequest('principal', null);
  app.addHook('onRequest', (request, _reply, done) => {
    const { caller } = request.headers;
    if (typeof caller === 'string') request.principal = principal(caller, []);
    done();
  });
  app.get('/read', { config: { budgetUse: 'reading' } }, () => 'read');
  app.post('/write', { config: { budgetUse: 'writing' } }, () => 'written');
});
afterEach(() => app.close());

const answered = (of: string | null) =>
  lines.filter((it) => it['msg'] === 'request answered' && it['principal'] === of);
async function call(times: number, method: 'GET' | 'POST', url: string, caller?: string): Promise<void> {
  for (let i = 0; i < times; i += 1) await app.inject({ method, url, headers: caller === undefined ? {} : { caller } });
}

it('has a line for each of six hundred reads of a caller in a minute, and one for the number of the others', async () => {
  await call(700, 'GET', '/read', 'thief');
  await call(5, 'GET', '/read', 'portal');
  await call(650, 'GET', '/no-such-page');
  expect([answered('thief'), answered('portal'), answered(null)].map(({ length }) => length)).toEqual([600, 5, 600]);
  await app.close();
  expect(lines.at(-1)).toMatchObject({
    msg: 'more requests were answered than were logged one by one',
    ...{ answers: 150, principals: { thief: 100 }, anonymous: 50 },
  });
});

it('has a line for each call that a budget bounds', async () => {
  await call(700, 'POST', '/write', 'portal');
  expect(answered('portal')).toHaveLength(700);
});
