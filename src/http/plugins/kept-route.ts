import type { App } from '../types.js';

/** Gives each request its route, before any other hook: Fastify makes `routeOptions` anew at each look, and hooks take a dozen. */
export function keepRoutes(app: App): void {
  app.decorateRequest('route');
  app.addHook('onRequest', (request, _reply, done) => {
    request.route = request.routeOptions;
    done();
  });
}
