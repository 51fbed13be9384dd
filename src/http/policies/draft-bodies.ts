import { may } from '../../identity/permissions.js';
import { callerOf } from '../plugins/authentication.js';
import { jsonBodyParser } from '../plugins/request-input.js';
import { problem, ProblemError } from '../problems/problem.js';
import type { App } from '../types.js';

/** Makes a scope accept larger bodies from callers who may send policies. */
export function readDraftBodies(scope: App, ordinaryOctets: number, maxOctets: number): void {
  const parse = jsonBodyParser(scope);
  scope.removeContentTypeParser('application/json');
  scope.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer', bodyLimit: maxOctets },
    (request, body, done) => {
      if (body.length <= ordinaryOctets || may(callerOf(request), 'draft-policies')) parse(request, body, done);
      else done(new ProblemError(problem('content-too-large', 'the body is larger than it may be without policies')));
    },
  );
}
