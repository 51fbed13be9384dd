import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { routesWithOtherUses, useOf } from '../../../src/http/budget-uses.js';

const { paths } = JSON.parse(readFileSync('openapi/openapi.json', 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};
const routes = Object.entries(paths).flatMap(([path, operations]) =>
  Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
);

it('names no route that does not exist', () => {
  expect(routesWithOtherUses.filter((route) => !routes.includes(route))).toEqual([]);
});

it('takes each call that may keep something for a write, unless it ends access', () => {
  const uses = Object.groupBy(
    routes.filter((route) => !route.startsWith('GET ')),
    (route) => useOf(...(route.split(' ') as [string, string])),
  );
  expect(uses.endingAccess?.sort()).toEqual([
    'DELETE /v1/api-tokens/:id',
    'DELETE /v1/sessions/:id',
    'POST /v1/certificate-requests/:id/cancel',
    'POST /v1/certificate-requests/:id/deny',
    'POST /v1/certificates/:fingerprintSha256/revoke',
    'POST /v1/identities/:username/block',
  ]);
  expect(uses.inspecting).toEqual(['POST /v1/inspections']);
  expect(uses.nothing).toEqual(['POST /v1/clusters/:name/access-reviews']);
  expect(uses.writing).toContain('POST /v1/certificate-requests');
  expect(uses.reading).toBeUndefined();
});

it('takes reading for reading', () => {
  for (const route of routes.filter((one) => one.startsWith('GET ')))
    expect(useOf('GET', route.slice(4)), route).toBe('reading');
  expect(useOf('HEAD', '/v1/certificates')).toBe('reading');
});

it('takes an unknown method for a write', () => {
  expect(useOf('PATCH', '/v1/anything')).toBe('writing');
});
