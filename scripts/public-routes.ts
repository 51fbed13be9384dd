import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { buildApp } from '../src/start/app.js';
import type { RouteContext } from '../src/start/route-context.js';

export const securityFile = new URL('../SECURITY.md', import.meta.url);

/**
 * The routes that let a call without a credential in, as `GET /livez`: each route of the service is called without one.
 */
export async function publicRoutes(): Promise<readonly string[]> {
  // No use case is there, so a call that gets in fails or answers something else, and is not told to authenticate.
  const context = new Proxy({} as RouteContext, { get: () => ({}) });
  const app = buildApp(context, {
    ...{ logger: pino({ level: 'silent' }), version: '0.0.0' },
    browsers: { isTls: true, origin: null, issuers: [] },
  });
  const routes = new Map<string, { readonly method: 'GET'; readonly url: string }>();
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat())
      if (!['HEAD', 'OPTIONS'].includes(one)) routes.set(`${one} ${url}`, { method: one as 'GET', url });
  });
  await app.ready();
  const open: string[] = [];
  for (const [name, { method, url }] of routes) {
    const { statusCode } = await app.inject({ method, url: url.replaceAll(/:\w+|\*/g, 'x') });
    // 405: the route answers which methods there are. 404 of a path without parameters: there is nothing.
    const isThere = statusCode !== 404 || /[:*]/.test(url);
    if (isThere && statusCode !== 401 && statusCode !== 405) open.push(name.replaceAll(/:(\w+)/g, '{$1}'));
  }
  await app.close();
  return open.toSorted();
}

const block = /(<!-- routes without a credential[^>]*-->\n)[^]*?(<!-- end -->)/;

/** `SECURITY.md` with these routes in its list. */
export const withRoutes = (routes: readonly string[]): string =>
  readFileSync(securityFile, 'utf8').replace(
    block,
    (_, begin: string, end: string) => `${begin}\n${routes.map((route) => `- \`${route}\`\n`).join('')}\n${end}`,
  );
