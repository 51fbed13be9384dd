import { hasMoreStructure } from '../../formats/json/json-scanner.js';
import { may } from '../../identity/permissions.js';
import { callerOf } from '../plugins/authentication.js';
import { jsonBodyParser } from '../plugins/request-input.js';
import { problem, ProblemError } from '../problems/problem.js';
import type { App } from '../types.js';

/** No valid body has so many members and items: it holds a request, its groups, and policies as texts. */
const mostStructure = 1000;

/**
 * Makes a scope accept larger bodies from callers who may send policies. Large bodies of other content are refused
 * before they are parsed, because parsing them would keep other callers waiting.
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
        // Reads octets as characters: the structure of JSON is ASCII, which in UTF-8 is never part of another character.
        if (hasMoreStructure(body.toString('latin1'), mostStructure)) {
          done(new ProblemError(problem('invalid-request', 'the body has too many members')));
          return;
        }
      }
      parse(request, body, done);
    },
  );
}
