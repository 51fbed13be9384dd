import { negotiate } from './accept.js';
import { problem, ProblemError } from '../problems/problem.js';
import type { App } from '../types.js';

/** Settles what to answer with before anything is done: 406 where the caller takes none of it. */
export function negotiateMediaTypes(app: App): void {
  app.decorateRequest('answerType', '');
  app.addHook('onRequest', (request, reply, done) => {
    const produces = request.routeOptions.config.produces ?? ['application/json'];
    const mediaType = negotiate(request.headers.accept, produces);
    if (mediaType === null) {
      done(new ProblemError(problem('not-acceptable', `this resource comes as ${produces.join(', ')}`)));
      return;
    }
    if (produces.length > 1) reply.header('vary', 'Accept');
    request.answerType = mediaType;
    done();
  });
}
