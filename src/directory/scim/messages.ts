import type { FastifyRequest, FastifyError, FastifyReply } from 'fastify';
import { readProjection, type Projection } from './render.js';
import { elements, membersOf, requireSchema, ScimInputError, uris, type ScimErrorType } from './scim-input.js';
import { directoryBounds, type DirectoryRange } from '../../model/directory.js';
import type { DirectoryOutcome, DirectoryRefusal } from '../../model/outcome.js';
import { loggedProblem } from '../../http/hooks/errors.js';
import { errorToProblem } from '../../http/problems/error-to-problem.js';
import { problem } from '../../http/problems/problem.js';
import type { App } from '../../http/server/types.js';

/** The options of a route. scripts/openapi describes SCIM: these routes read their requests themselves. */
export const hidden = { schema: { hide: true } } as const;

export type WithId = { readonly Params: { readonly id: string } };

/** The address of the directory, as the caller of a request reaches it. */
export type Base = (request: FastifyRequest) => string;

type Query = Readonly<Record<string, unknown>>;

/** A parameter of the query; undefined where it is left out. Throws where it is given twice. */
function parameter(query: unknown, name: string): string | undefined {
  const value = Object.hasOwn(query as Query, name) ? (query as Query)[name] : undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new ScimInputError('invalidValue', `${name} is given twice`);
  return value;
}

/** Where parameters are taken from: the query, or the body of a search. */
export interface QuerySource {
  readonly query: unknown;
}

export const filterOf = ({ query }: QuerySource): string | undefined => parameter(query, 'filter');

export const projectionOf = ({ query }: QuerySource): Projection =>
  readProjection(parameter(query, 'attributes'), parameter(query, 'excludedAttributes'));

/** RFC 7644 3.4.2.4: less than 1 is 1 for the beginning, and less than 0 is 0 for the number. */
export function rangeOf({ query }: QuerySource): DirectoryRange {
  const startIndex = Math.max(1, integer(query, 'startIndex') ?? 1);
  const count = Math.max(0, integer(query, 'count') ?? directoryBounds.defaultPage);
  return { startIndex, count: Math.min(count, directoryBounds.page) };
}

function integer(query: unknown, name: string): number | undefined {
  const written = parameter(query, name);
  if (written === undefined) return undefined;
  if (!/^-?[0-9]{1,9}$/.test(written)) throw new ScimInputError('invalidValue', `${name} must be a whole number`);
  return Number(written);
}

/**
 * The version that `If-Match` names; null: any. RFC 9110 13.1.1, with the weak tags of RFC 7644 3.14. The resource's
 * own version is the one of a list that counts.
 */
export async function expectedVersion(
  { headers }: Pick<FastifyRequest, 'headers'>,
  find: () => Promise<DirectoryOutcome<{ readonly version: number }>>,
): Promise<number | null> {
  const written = headers['if-match'];
  if (written === undefined || written.trim() === '*') return null;
  // A tag that we did not make is that of no version.
  const [first = -1, ...others] = written.split(',').flatMap((one) => {
    const found = /^\s*(?:W\/)?"([0-9]{1,15})"\s*$/.exec(one)?.[1];
    return found === undefined ? [] : [Number(found)];
  });
  if (others.length === 0) return first;
  const outcome = await find();
  return outcome.ok && others.includes(outcome.value.version) ? outcome.value.version : first;
}

/** A search by POST (RFC 7644 3.4.3), as the parameters of a query would be. */
export function readSearch(body: unknown): Readonly<Record<string, string>> {
  const members = membersOf(body, 'the body');
  requireSchema(members, uris.search);
  const found: [string, string][] = [];
  for (const name of ['attributes', 'excludedAttributes', 'filter', 'startIndex', 'count']) {
    const value = members.get(name.toLowerCase());
    if (value !== undefined && value !== null) found.push([name, textOf(name, value)]);
  }
  return Object.fromEntries(found);
}

function textOf(name: string, value: unknown): string {
  if (name.endsWith('ttributes'))
    return elements(value, 'attributes', directoryBounds.members)
      .map((one) => nameOf(name, one))
      .join(',');
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new ScimInputError('invalidValue', `${name} has the wrong type`);
}

function nameOf(list: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new ScimInputError('invalidValue', `${list} must hold names`);
}

export function send(reply: FastifyReply, status: number, resource: object): FastifyReply {
  return reply.code(status).header('cache-control', 'no-store').type(scimMediaType).send(JSON.stringify(resource));
}

export function sendList(
  reply: FastifyReply,
  resources: readonly object[],
  totalResults: number,
  startIndex: number,
): FastifyReply {
  return send(reply, 200, {
    schemas: [uris.list],
    totalResults,
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  });
}

const scimMediaType = 'application/scim+json; charset=utf-8';

/** An error in the form of RFC 7644 3.12. */
export function sendScimError(
  reply: FastifyReply,
  status: number,
  detail: string,
  scimType: ScimErrorType | null = null,
): FastifyReply {
  const body = { schemas: [uris.error], status: String(status), ...(scimType && { scimType }), detail };
  return reply.code(status).type(scimMediaType).send(JSON.stringify(body));
}

/** The same for whatever the router refuses before any hook runs. */
export function answerUnroutableScim(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { status, detail } = errorToProblem(error);
  sendScimError(reply.header('x-request-id', request.id), status, detail, status === 400 ? 'invalidSyntax' : null);
}

/** RFC 7644 3.12, table 9: most of these are 400. */
const statusOf: Partial<Record<ScimErrorType, number>> = { uniqueness: 409, tooMany: 413 };

/** Answers every error in the form of SCIM. Details of faults go to the log alone, under the request id. */
export function answerErrorsAsScim(app: App): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    if (error instanceof ScimInputError)
      return sendScimError(reply, statusOf[error.scimType] ?? 400, error.message, error.scimType);
    const { status, detail, headers } = loggedProblem(error, request);
    return sendScimError(reply.headers(headers), status, detail, status === 400 ? 'invalidSyntax' : null);
  });
  app.setNotFoundHandler((_request, reply) => sendScimError(reply, 404, 'there is no such resource'));
}

export function sendDirectoryRefusal(reply: FastifyReply, refusal: DirectoryRefusal): FastifyReply {
  switch (refusal.why) {
    case 'not-permitted':
      return sendScimError(reply, 403, refusal.message);
    case 'not-found':
      return sendScimError(reply, 404, problem('not-found', 'there is no such resource').detail);
    case 'name-taken':
      return sendScimError(reply, 409, refusal.message, 'uniqueness');
    case 'other-version':
      return sendScimError(reply, 412, 'the resource has another version by now');
  }
}
