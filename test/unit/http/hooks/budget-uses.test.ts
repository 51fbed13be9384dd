// Tests src/http/hooks/tell-budgets.ts
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { routesWithOtherUses, budgetUseOf } from '../../../../src/http/hooks/tell-budgets.js';

const { paths } = JSON.parse(readFileSync('openapi/openapi.json', 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};
const documented = Object.entries(paths).flatMap(([path, operations]) =>
  Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
);
/** They describe themselves. */
const scim = ['Users', 'Groups'].flatMap((type) => [
  ...['POST', 'GET'].map((method) => `${method} /scim/v2/${type}`),
  ...['GET', 'PUT', 'PATCH', 'DELETE'].map((method) => `${method} /scim/v2/${type}/:id`),
  `POST /scim/v2/${type}/.search`,
]);
const routes = [...documented, ...scim, 'POST /scim/v2/.search'];

it('names no route that does not exist', () => {
  expect(routesWithOtherUses.filter((route) => !routes.includes(route))).toEqual([]);
});

it('takes each call that may keep something for a write, unless it ends access', () => {
  const uses = Object.groupBy(
    routes.filter((route) => !route.startsWith('GET ')),
    (route) => budgetUseOf(...(route.split(' ') as [string, string])),
  );
  expect(uses.endingAccess?.sort()).toEqual([
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
  expect(uses.inspecting).toEqual(['POST /v1/inspections']);
  expect(uses.nothing).toEqual(['POST /v1/clusters/:name/access-reviews']);
  expect(uses.writing).toContain('POST /v1/certificate-requests');
  expect(uses.writing).toEqual(expect.arrayContaining(['POST /scim/v2/Users', 'PATCH /scim/v2/Groups/:id']));
  expect(uses.reading).toEqual([
    ...['POST /scim/v2/Users/.search', 'POST /scim/v2/Groups/.search', 'POST /scim/v2/.search'],
  ]);
});

it('takes reading for reading', () => {
  for (const route of routes.filter((one) => one.startsWith('GET ')))
    expect(budgetUseOf('GET', route.slice(4)), route).toBe('reading');
  expect(budgetUseOf('HEAD', '/v1/certificates')).toBe('reading');
});

it('takes an unknown method for a write', () => {
  expect(budgetUseOf('PATCH', '/v1/anything')).toBe('writing');
});
