import { Type, type TSchema } from 'typebox';
import { problemTypesOf } from './problems/problem.js';
import { ProblemSchema } from './problems/schemas.js';
import { type NamedSchema, ref } from './schema-parts.js';

interface ResponseOptions {
  readonly description: string;
  /** One sentence about each header, by its name. */
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

export function json(schema: NamedSchema, options: ResponseOptions) {
  return response({ 'application/json': ref(schema) }, options);
}

/** A response without a body. */
export const empty = (description: string) => ({ type: 'null', description });

/** A body that is text, whatever its media type. */
export const textBody = (description: string) => Type.String({ maxLength: 1_048_576, description });

/** Any authenticated call can end with one of these. */
const problemsOfEveryCall = [400, 401, 406, 429, 500, 503];

/** A route with a body can also end with one of these. */
export const bodyProblems = [413, 415] as const;

/**
 * problem+json for these statuses, and for those that any authenticated call can end with. Typed loosely, so that
 * handlers are typed by the views that they answer with.
 */
export function problems(...statuses: readonly number[]): Readonly<Record<number, unknown>> {
  const all = [...new Set([...problemsOfEveryCall, ...statuses])].sort((a, b) => a - b);
  return Object.fromEntries(
    all.map((status) => [
      status,
      response({ 'application/problem+json': ref(ProblemSchema) }, { description: problemTypesOf(status).join(', ') }),
    ]),
  );
}
