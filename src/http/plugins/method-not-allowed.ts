import { problem, ProblemError } from '../problems/problem.js';
import type { App } from '../types.js';

/** Remembers the path of every route that is added from here on. */
export function rememberPaths(app: App): Set<string> {
  const paths = new Set<string>();
  app.addHook('onRoute', ({ url }) => {
    paths.add(url);
  });
  return paths;
}

/** Where a path exists but not with this method: 405 with `Allow` (RFC 9110 15.5.6), before any body is read. */
export function answerOtherMethods(app: App, paths: ReadonlySet<string>): void {
  for (const url of [...paths]) {
    const taken = (method: string) => app.hasRoute({ method, url });
    const allow = app.supportedMethods.filter(taken).sort().join(', ');
    app.route({
      method: app.supportedMethods.filter((method) => !taken(method)),
      url,
      schema: { hide: true },
      onRequest: () => {
        throw new ProblemError(problem('method-not-allowed', `this resource takes ${allow}`, { headers: { allow } }));
      },
      handler: (_request, reply) => reply.send(),
    });
  }
}
