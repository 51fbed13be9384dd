import type { RequestMeasures } from '../../model/measures.js';
import type { App } from '../types.js';

/** Tells of every route that is added later, and of every answer. */
export function measureRequests(app: App, measures: RequestMeasures): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.otherMethods === true) return;
    for (const one of Array.isArray(method) ? method : [method]) measures.route(one, url);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { url, config } = request.route;
    const path = url === undefined || config.otherMethods === true ? null : url;
    measures.answered(request.method, path, reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
}
