import type { FastifyRequest } from 'fastify';
import { duplicateMember, hasLoneSurrogate } from '../../formats/json/json-scanner.js';
import { problem, ProblemError } from '../problem.js';
import type { App } from '../types.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

const malformed = (detail: string): ProblemError => new ProblemError(problem('invalid-request', detail));

export type JsonBodyParser = (
  request: FastifyRequest,
  body: Buffer,
  done: (error: Error | null, value?: unknown) => void,
) => void;

/** Keeps the bytes, and refuses what two parsers could read differently. */
export function jsonBodyParser(app: App): JsonBodyParser {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  return (request, body, done) => {
    request.rawBody = body;
    if (body.length === 0) {
      done(null, undefined);
      return;
    }
    let text: string;
    try {
      text = utf8.decode(body);
    } catch {
      done(malformed('the body is not valid UTF-8'), undefined);
      return;
    }
    void parseJson(request, text, (error, value) => {
      if (error) {
        done(malformed('the body is not valid JSON, or names a property that is never one'), undefined);
        return;
      }
      if (hasLoneSurrogate(text)) {
        done(malformed('the body holds a lone surrogate, which is no character'), undefined);
        return;
      }
      const name = duplicateMember(text);
      if (name !== null) done(malformed(`the body gives ${JSON.stringify(name.slice(0, 64))} twice`), undefined);
      else done(null, value);
    });
  };
}

/** Takes `application/json` and nothing else. */
export function readJsonBodies(app: App): void {
  app.decorateRequest('rawBody', null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, jsonBodyParser(app));
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.routeOptions.config.optionalBody) request.body ??= {};
    done();
  });
}
