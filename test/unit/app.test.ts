// Tests src/start/app.ts
import { expect, it } from 'vitest';
import { buildApp } from '../../src/start/app.js';
import { createLogger } from '../../src/observability/logger.js';
import type { RouteContext } from '../../src/start/route-context.js';

/** No test here calls a use case. */
const context = new Proxy({} as RouteContext, { get: () => ({}) });

it('writes answers as they are, also in scopes that add schemas: nothing is compiled for them', async () => {
  const app = buildApp(context, { logger: createLogger({ level: 'silent' }) });
  app.register(async (scope) => {
    scope.addSchema({ $id: 'Something', type: 'object', properties: {}, additionalProperties: false });
    const nothing = { content: { 'application/json': { schema: { $ref: 'Something#' } } } };
    scope.get('/something', { schema: { response: { 200: nothing } } }, () => ({ some: 'thing' }));
  });
  expect((await app.inject('/something')).body).toBe('{"some":"thing"}');
  await app.close();
});
