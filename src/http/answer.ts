import type { FastifyReply } from 'fastify';
import { problemBody, problemMediaType, type Problem } from './problems/problem.js';

/** An answer as bytes, so that it can be kept and given again exactly. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const jsonMediaType = 'application/json; charset=utf-8';

export function jsonAnswer(status: number, value: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'content-type': jsonMediaType, ...headers }, body: JSON.stringify(value) };
}

export function problemAnswer(found: Problem, requestId: string): Answer {
  return {
    status: found.status,
    headers: { 'content-type': problemMediaType, ...found.headers },
    body: JSON.stringify(problemBody(found, requestId)),
  };
}

export function sendAnswer(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}
