import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { ScimInputError, uris, type ScimErrorType } from '../../scim/scim-input.js';
import type { DirectoryRefusal } from '../../model/directory.js';
import { loggedProblem } from '../plugins/errors.js';
import { errorToProblem } from '../problems/error-to-problem.js';
import { problem } from '../problems/problem.js';
import type { App } from '../server/types.js';

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

export const scimMediaType = 'application/scim+json; charset=utf-8';

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
