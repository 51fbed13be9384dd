import { buildApp } from '../../../src/start/app.js';
import { createLogger } from '../../../src/observability/logger.js';
import type { RouteContext } from '../../../src/start/route-context.js';

/** A route of the service; parameters of `path` begin with a colon: `/v1/certificates/:fingerprintSha256`. */
export interface Route {
  readonly method: string;
  readonly path: string;
  /** The same with a value for each parameter. */
  readonly url: string;
}

/** Every route of the service, also those of SCIM and those that the OpenAPI document hides. */
export async function everyRoute(): Promise<readonly Route[]> {
  const routes: Route[] = [];
  const app = buildApp(new Proxy({} as RouteContext, { get: () => ({}) }), {
    logger: createLogger({ level: 'silent' }),
    measures: {
      route: (method, path) => routes.push({ method, path, url: path.replaceAll(/:\w+|\*/g, 'x') }),
      answered: () => undefined,
    },
  });
  await app.ready();
  await app.close();
  return routes;
}
