import AjvCompiler from '@fastify/ajv-compiler';
import type { FastifyRequest, FastifySchemaCompiler } from 'fastify';
import {
  duplicateMember,
  hasLoneSurrogate,
  jsonFault,
  ValueBoundError,
  type ValueBounds,
} from '@kubepass/inspect/formats';
import { invalidRequest, problem, ProblemError } from '../problems/problem.js';
import type { App } from '../server/types.js';

export const jsonMediaType = 'application/json; charset=utf-8';

/**
 * Chooses the media type of the answer before anything else is done: 406 if the caller accepts none. No cache may keep
 * the answer.
 */
export function negotiateMediaTypes(app: App): void {
  app.decorateRequest('answerType', '');
  app.addHook('onRequest', (request, reply, done) => {
    const produces = request.route.config.produces ?? ['application/json'];
    const mediaType = negotiate(request.headers.accept, produces);
    if (mediaType === null) {
      done(new ProblemError(problem('not-acceptable', `this resource comes as ${produces.join(', ')}`)));
      return;
    }
    if (produces.length > 1) reply.header('vary', 'Accept');
    reply.header('cache-control', 'no-store');
    request.answerType = mediaType;
    done();
  });
}

/**
 * The offered media type that the caller's `Accept` prefers; null if it accepts none. The
 * first offered type is chosen among equally preferred ones, and without the header. The most specific range that
 * matches a type gives its quality (RFC 9110 12.5.1). Parameters other than `q` are not compared, and malformed ranges
 * are ignored.
 */
export function negotiate(accept: string | undefined, offered: readonly string[]): string | null {
  if (accept === undefined || accept.trim() === '') return offered[0] ?? null;
  const ranges = accept.split(',').flatMap(parseRange);
  let best: { readonly type: string; readonly quality: number } | null = null;
  for (const type of offered) {
    const quality = qualityOf(type, ranges);
    if (quality > (best?.quality ?? 0)) best = { type, quality };
  }
  return best?.type ?? null;
}

interface MediaRange {
  readonly type: string;
  readonly subtype: string;
  /** 0 … 1; 0 means never. */
  readonly quality: number;
}

const rangeGrammar = /^([a-z0-9!#$&^_.+*-]+)\/([a-z0-9!#$&^_.+*-]+)$/;
// RFC 9110 12.4.2
const qualityGrammar = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

function parseRange(text: string): readonly MediaRange[] {
  const [range = '', ...parameters] = text
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const matched = rangeGrammar.exec(range);
  if (matched === null) return [];
  const [, type = '', subtype = ''] = matched;
  if (type === '*' && subtype !== '*') return [];
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  if (weight === undefined) return [{ type, subtype, quality: 1 }];
  const quality = qualityGrammar.exec(weight)?.[1];
  return quality === undefined ? [] : [{ type, subtype, quality: Number(quality) }];
}

function qualityOf(mediaType: string, ranges: readonly MediaRange[]): number {
  const [type, subtype] = mediaType.split('/');
  const specificity = (range: MediaRange): number => {
    if (range.type === type && range.subtype === subtype) return 3;
    if (range.type === type && range.subtype === '*') return 2;
    return range.type === '*' ? 1 : 0;
  };
  let found = { specificity: 0, quality: 0 };
  for (const range of ranges) {
    const specific = specificity(range);
    if (specific > found.specificity) found = { specificity: specific, quality: range.quality };
  }
  return found.quality;
}

/** RFC 9110 12.5.3 */
const codingGrammar = /^\s*([a-z0-9*-]+)\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/;

/**
 * The offered coding of a body that the caller's `Accept-Encoding` prefers, the first one among equally preferred ones;
 * `identity` where the header names none of them. Malformed ones are ignored.
 */
export function negotiateCoding(accept: string | undefined, offered: readonly string[]): string {
  const qualities = new Map<string, number>();
  for (const part of (accept ?? '').toLowerCase().split(',')) {
    const [, coding, quality = '1'] = codingGrammar.exec(part) ?? [];
    if (coding !== undefined) qualities.set(coding, Number(quality));
  }
  const qualityOf = (coding: string) => qualities.get(coding) ?? qualities.get('*') ?? 0;
  const best = Math.max(...offered.map(qualityOf), qualities.get('identity') ?? 0);
  return best === 0 ? 'identity' : (offered.find((coding) => qualityOf(coding) === best) ?? 'identity');
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

export type BodyParser = (
  request: FastifyRequest,
  body: Buffer,
  done: (error: Error | null, value?: unknown) => void,
) => void;

/** An API server's review of somebody with a thousand groups and a thousand extras has a third of it. */
const ordinaryBounds: ValueBounds = { maxDepth: 100, maxValues: 10_000 };

/**
 * Keeps the bytes of a JSON body, and refuses what two parsers could read differently. A body with too much in it is
 * refused before it is parsed: parsing it and checking it against a schema take time for each value. `forbiddenNames`:
 * whether `__proto__` is refused here; ignored, it is a member like any other, and whoever reads the members refuses
 * it.
 */
export function jsonBodyParser(
  app: App,
  bounds = ordinaryBounds,
  forbiddenNames: 'error' | 'ignore' = 'error',
): BodyParser {
  const parseJson = app.getDefaultJsonParser(forbiddenNames, forbiddenNames);
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
    try {
      const name = duplicateMember(text, bounds);
      if (name !== null) {
        refuse(`the body gives ${JSON.stringify(name.slice(0, 64))} twice`);
        return;
      }
    } catch (error) {
      if (error instanceof ValueBoundError) {
        refuse('the body has too many members');
        return;
      }
      // A name that is no string: the parser says so.
    }
    void parseJson(request, text, (error, value) => {
      if (error) {
        const fault = jsonFault(text);
        refuse(
          fault === null ? 'the body has a property with a forbidden name' : `the body is not valid JSON: ${fault}`,
        );
        return;
      }
      if (hasLoneSurrogate(text)) refuse('the body holds a lone surrogate, which is not a character');
      else done(null, value);
    });
  };
}

/**
 * Takes bodies as `application/json` and in no other form. Turns the parameters of path and query that the route's
 * schema declares as integers into numbers, and one that may be repeated into a list, and converts nothing else.
 */
export function readInput(app: App): void {
  app.decorateRequest('rawBody', null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, jsonBodyParser(app));
  app.addHook('preValidation', (request, _reply, done) => {
    const { config, schema } = request.route;
    // A body counts as absent only where it was left out: `null` is a body, and no object.
    if (config.optionalBody && request.body === undefined) request.body = {};
    if (schema?.body !== undefined && request.body === undefined) {
      done(new ProblemError(problem('invalid-request', 'a JSON body is required')));
      return;
    }
    if (schema?.params) readParameters(request.params as Record<string, unknown>, schema.params);
    if (schema?.querystring) readParameters(request.query as Record<string, unknown>, schema.querystring);
    done();
  });
}

/** Plain decimal: `0x10`, `1e2`, ` 5` and `+5` stay strings, which the schema then refuses. */
const decimal = /^(?:0|[1-9][0-9]{0,15})$/;

function readParameters(given: Record<string, unknown>, schema: unknown): void {
  const { properties } = schema as { readonly properties: Readonly<Record<string, { readonly type?: unknown }>> };
  for (const [name, { type }] of Object.entries(properties)) {
    const value = given[name];
    if (type === 'integer' && typeof value === 'string' && decimal.test(value)) given[name] = Number(value);
    if (type === 'array' && typeof value === 'string') given[name] = [value];
    if (typeof value === 'string' && printedHex[name]?.test(value))
      given[name] = value.replaceAll(':', '').toLowerCase();
  }
}

/** Digits of a fingerprint or serial number as OpenSSL and browsers print them: in upper case, between colons. */
const digits = /^[\dA-F]{2}(?::?[\dA-F]{2})*$/i;
const printedHex: Readonly<Record<string, RegExp>> = {
  fingerprintSha256: digits,
  serialNumber: digits,
  // Or the name of an issuer, which may be of such digits too, and shorter.
  issuer: /^[\dA-F]{2}(?::?[\dA-F]{2}){31}$/i,
};

type Compile = FastifySchemaCompiler<object>;
type Validate = ReturnType<Compile>;
type BuildCompiler = (schemas: Readonly<Record<string, unknown>>, options: unknown) => Compile;

const buildCompiler = AjvCompiler() as unknown as BuildCompiler;
const built = new Map<string, Compile>();

const build: BuildCompiler = (schemas, options) => {
  const names = Object.keys(schemas).sort().join(' ');
  const known = built.get(names);
  if (known !== undefined) return known;
  const compile = buildCompiler(schemas, options);
  // Node has the names of fields in lower case. Fastify does this only for its own builder.
  const compileFor: Compile = (route) => {
    const named = route.httpPart === 'headers' ? { ...route, schema: withLowerCaseNames(route.schema) } : route;
    return atFirstUse(() => compile(named));
  };
  built.set(names, compileFor);
  return compileFor;
};

/**
 * Builds what compiles the schemas of requests, once for each set of named schemas. Fastify asks for it again for every
 * route of a scope that adds schemas. Its own builder writes all of them as JSON each time, to see whether they are the
 * same: a quarter of the time that a server takes to start. Here their names say so, because in a process a name
 * belongs to one schema.
 */
export const buildRequestValidator = build as unknown as ReturnType<typeof AjvCompiler>;

/** Compiles when the first value comes: a start would spend a tenth of its time on routes of which few are called. */
function atFirstUse(compile: () => Validate): Validate {
  let compiled: Validate | null = null;
  const validate: Validate = (value) => {
    compiled ??= compile();
    const answer: unknown = compiled(value);
    validate.errors = compiled.errors ?? null;
    return answer === true;
  };
  return validate;
}

/** Throws for a schema with more than names of fields, so that no part of it goes without effect. */
function withLowerCaseNames(schema: object): object {
  const {
    type,
    properties,
    required = [],
    ...rest
  } = schema as {
    readonly type?: unknown;
    readonly properties?: Readonly<Record<string, unknown>>;
    readonly required?: readonly string[];
  };
  if (type !== 'object' || properties === undefined || Object.keys(rest).length > 0)
    throw new Error(`the schema of header fields has ${['no properties', ...Object.keys(rest)].at(-1) ?? ''}`);
  return {
    type,
    properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name.toLowerCase(), value])),
    required: required.map((name) => name.toLowerCase()),
  };
}

/** An RFC 3339 instant from a query parameter whose format the schema has checked. Throws `ProblemError`. */
export const instantInQuery = (parameter: string, value: string): Date => instantInBody(`/query/${parameter}`, value);

/** An RFC 3339 instant from the member of the body at `pointer`. Throws `ProblemError`. */
export function instantInBody(pointer: string, value: string): Date {
  const read = new Date(value);
  // The schema's format accepts leap seconds, which a Date cannot hold.
  if (Number.isNaN(read.getTime())) throw invalidAt(pointer, 'is not an instant that can be read');
  return read;
}

/** A query parameter that its schema accepts, and that is wrong all the same. */
export const invalidInQuery = (parameter: string, message: string): ProblemError =>
  invalidAt(`/query/${parameter}`, message);

const invalidAt = (pointer: string, message: string): ProblemError =>
  new ProblemError(invalidRequest([{ pointer, message }]));
