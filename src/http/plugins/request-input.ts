import type { FastifyRequest } from 'fastify';
import { duplicateMember, hasLoneSurrogate } from '../../formats/json/json-scanner.js';
import { problem, ProblemError } from '../problems/problem.js';
import type { App } from '../types.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

type JsonBodyParser = (
  request: FastifyRequest,
  body: Buffer,
  done: (error: Error | null, value?: unknown) => void,
) => void;

/** Keeps the bytes of a JSON body, and refuses what two parsers could read differently. */
export function jsonBodyParser(app: App): JsonBodyParser {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  return (request, body, done) => {
    const refuse = (detail: string) => done(new ProblemError(problem('invalid-request', detail)), undefined);
    request.rawBody = body;
    if (body.length === 0) {
      done(null, undefined);
      return;
    }
    let text: string;
    try {
      text = utf8.decode(body);
    } catch {
      refuse('the body is not valid UTF-8');
      return;
    }
    void parseJson(request, text, (error, value) => {
      if (error) {
        refuse('the body is not valid JSON, or has a property with a forbidden name');
        return;
      }
      if (hasLoneSurrogate(text)) {
        refuse('the body holds a lone surrogate, which is not a character');
        return;
      }
      const name = duplicateMember(text);
      if (name !== null) refuse(`the body gives ${JSON.stringify(name.slice(0, 64))} twice`);
      else done(null, value);
    });
  };
}

/** Takes bodies as `application/json` and in no other form. */
export function readJsonBodies(app: App): void {
  app.decorateRequest('rawBody', null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, jsonBodyParser(app));
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.routeOptions.config.optionalBody) request.body ??= {};
    done();
  });
}

/** Plain decimal: `0x10`, `1e2`, ` 5` and `+5` stay strings, which the schema then refuses. */
const decimal = /^(?:0|[1-9][0-9]{0,15})$/;

/** Turns the query parameters that the route's schema declares as integers into numbers. Converts nothing else. */
export function readQueryIntegers(app: App): void {
  app.addHook('preValidation', (request, _reply, done) => {
    const query = request.query as Record<string, unknown>;
    for (const [name, { type }] of Object.entries(propertiesOf(request.routeOptions.schema?.querystring))) {
      const value = query[name];
      if (type === 'integer' && typeof value === 'string' && decimal.test(value)) query[name] = Number(value);
    }
    done();
  });
}

function propertiesOf(schema: unknown): Record<string, { readonly type?: unknown }> {
  return (schema as { properties?: Record<string, { readonly type?: unknown }> } | undefined)?.properties ?? {};
}
