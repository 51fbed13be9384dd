import { Type, type TSchema } from 'typebox';
import { problemTypesOf } from './problems/problem.js';
import { ref } from './field-schemas.js';
import { ProblemSchema } from './problems/schemas.js';

/** Responses as @fastify/swagger reads them; handlers answer by the views' types. */
export type Responses = Readonly<Record<number, unknown>>;

interface ResponseOptions {
  readonly description: string;
  /** By name; each described in a sentence. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A response with one schema for each media type. */
export function response(content: Readonly<Record<string, TSchema>>, { description, headers }: ResponseOptions) {
  return {
    description,
    ...(headers && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, text]) => [name, { type: 'string', maxLength: 1024, description: text }]),
      ),
    }),
    content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }])),
  };
}

export function json(schema: TSchema & { readonly $id: string }, options: ResponseOptions) {
  return response({ 'application/json': ref(schema) }, options);
}

/** A response without a body. */
export const empty = (description: string) => ({ type: 'null', description });

export const textOf = (description: string) => Type.String({ maxLength: 1048576, description });

const ofEveryCall = [400, 401, 406, 429, 500, 503];

/** problem+json for these statuses, and for those that any authenticated call can end with. */
export function problems(...statuses: readonly number[]): Responses {
  const all = [...new Set([...ofEveryCall, ...statuses])].sort((a, b) => a - b);
  return Object.fromEntries(
    all.map((status) => [
      status,
      response({ 'application/problem+json': ref(ProblemSchema) }, { description: problemTypesOf(status).join(', ') }),
    ]),
  );
}

/** Of a route with a body. */
export const bodyProblems = [413, 415] as const;
