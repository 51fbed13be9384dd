// Tests src/http/hooks/tell-budgets.ts
import Fastify, { type RouteOptions } from 'fastify';
import { expect, it } from 'vitest';
import { tellBudgets } from '../../../../src/http/hooks/tell-budgets.js';
import type { App } from '../../../../src/http/server/types.js';
import type { BudgetUse } from '../../../../src/model/budget.js';
import { createLogger } from '../../../../src/observability/logger.js';
import { buildApp } from '../../../../src/start/app.js';
import type { RouteContext } from '../../../../src/start/route-context.js';

const routes: RouteOptions[] = [];
const service = buildApp(new Proxy({} as RouteContext, { get: () => ({}) }), {
  logger: createLogger({ level: 'silent' }),
});
service.addHook('onRoute', (route) => void routes.push(route));
await service.ready();
await service.close();
/** The use of each route that has callers, by method and path, without those that answer 405. */
const uses = routes.flatMap(({ method, url, config: { budgetUse, otherMethods } = {} }) =>
  budgetUse === undefined || otherMethods ? [] : [[`${String(method)} ${url}`, budgetUse] as const],
);

it('takes each call that may keep something for a write, unless it ends access', () => {
  const taken = (use: BudgetUse) =>
    uses.filter(([route, its]) => its === use && !/^(GET|HEAD) /.test(route)).map(([route]) => route);
  expect(taken('endingAccess').sort()).toEqual([
    'DELETE /scim/v2/Users/:id',
    'DELETE /v1/api-tokens/:id',
    'DELETE /v1/sessions/:id',
    'PATCH /scim/v2/Users/:id',
    'POST /v1/certificate-requests/:id/cancel',
    'POST /v1/certificate-requests/:id/deny',
    'POST /v1/certificates/:fingerprintSha256/revoke',
    'POST /v1/identities/:username/block',
    'PUT /scim/v2/Users/:id',
  ]);
  expect(taken('inspecting')).toEqual(['POST /v1/inspections']);
  expect(taken('nothing')).toEqual(['POST /v1/clusters/:name/access-reviews']);
  expect(taken('writing')).toContain('POST /v1/certificate-requests');
  expect(taken('writing')).toEqual(expect.arrayContaining(['POST /scim/v2/Users', 'PATCH /scim/v2/Groups/:id']));
  expect(taken('reading').sort()).toEqual([
    ...['POST /scim/v2/.search', 'POST /scim/v2/Groups/.search', 'POST /scim/v2/Users/.search'],
  ]);
});

it('takes reading for reading', () => {
  const reads = uses.filter(([route]) => /^(GET|HEAD) /.test(route));
  expect(reads.map(([route]) => route)).toEqual(
    expect.arrayContaining(['GET /v1/certificates', 'HEAD /v1/certificates']),
  );
  expect(reads.filter(([, use]) => use !== 'reading')).toEqual([]);
});

it('takes no route that may keep something and does not say what it uses', () => {
  const app = Fastify() as unknown as App;
  tellBudgets(app, { begin: () => null, spend: () => undefined, states: () => null });
  app.get('/anything', () => null);
  expect(() => app.patch('/anything', () => null)).toThrow('PATCH /anything does not say which budgets its calls use');
});
