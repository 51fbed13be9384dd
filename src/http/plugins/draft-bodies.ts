import { may } from '../../identity/permissions.js';
import { hasMoreStructure } from '../../formats/json/json-scanner.js';
import { problem, ProblemError } from '../problem.js';
import type { App } from '../types.js';
import { callerOf } from './authentication.js';
import { jsonBodyParser } from './json-body.js';

/** More than anything has that is asked here: a request, its groups, and the texts of policies. */
const mostStructure = 1000;

/**
 * Has a scope take larger bodies from those who may send policies, whose texts are what is large in them. Nobody gets
 * a large body of anything else parsed, which would keep all others waiting.
 */
export function readDraftBodies(scope: App, ordinaryOctets: number, maxOctets: number): void {
  const parse = jsonBodyParser(scope);
  scope.removeContentTypeParser('application/json');
  scope.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer', bodyLimit: maxOctets },
    (request, body, done) => {
      if (body.length > ordinaryOctets) {
        if (!may(callerOf(request), 'draft-policies')) {
          done(new ProblemError(problem('content-too-large', 'the body is larger than it may be without policies')));
          return;
        }
        // Octets and characters alike: what counts is ASCII, and in UTF-8 part of nothing else.
        if (hasMoreStructure(body.toString('latin1'), mostStructure)) {
          done(new ProblemError(problem('invalid-request', 'the body has too many members')));
          return;
        }
      }
      parse(request, body, done);
    },
  );
}
