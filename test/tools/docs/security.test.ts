// Tests SECURITY.md, scripts/public-routes.ts
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { publicRoutes, securityFile, withRoutes } from '../../../scripts/public-routes.js';

it('SECURITY.md lists each route that lets a call without a credential in: npm run openapi writes them', async () => {
  const routes = await publicRoutes();
  expect(routes).toContain('GET /livez');
  expect(routes).not.toContain('GET /v1/whoami');
  expect(routes.filter((route) => !route.startsWith('GET '))).toEqual([]);
  const text = readFileSync(securityFile, 'utf8');
  expect(text).toBe(withRoutes(routes));
  for (const route of routes) expect(text).toContain(`- \`${route}\`\n`);
});

it('the list would not match with a route more', async () => {
  const more = withRoutes([...(await publicRoutes()), 'POST /v1/anything']);
  expect(more).not.toBe(readFileSync(securityFile, 'utf8'));
});
