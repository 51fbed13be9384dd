import type { FastifyContextConfig, FastifyReply } from 'fastify';
import { Type, type TSchema } from 'typebox';
import type { ProblemType } from '../problems/problem-types.js';
import { type NamedSchema, ref } from '../schemas/schema-parts.js';
import { Readable } from 'node:stream';

interface ResponseOptions {
  readonly description: string;
  /** One sentence about each header, by its name. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A response with one schema for each media type. The document gives it its examples. */
export const response = (
  content: Readonly<Record<string, TSchema>>,
  { description, headers = {} }: ResponseOptions,
) => ({
  description,
  ...headersOf(headers),
  content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }])),
});

const headersOf = (headers: Readonly<Record<string, string>>) =>
  Object.keys(headers).length > 0 && {
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, text]) => [name, { type: 'string', maxLength: 1024, description: text }]),
    ),
  };

export function json(schema: NamedSchema, options: ResponseOptions) {
  return response({ 'application/json': ref(schema) }, options);
}

/** A response without a body; one sentence about each header, by its name. */
export const empty = (description: string, headers: Readonly<Record<string, string>> = {}) => ({
  type: 'null',
  description,
  ...headersOf(headers),
});

/** How long a body may be, in characters or octets. */
export const longest = {
  /** Most answers. */
  usual: 1_048_576,
  /** One that is made as a whole, however much it has: Node.js has no longer text. */
  whole: 536_870_888,
  /** One that is streamed, however much it has. */
  streamed: 1_099_511_627_776,
} as const;

/** A body that is text, whatever its media type. */
export const textBody = (description: string, example: string | null, maxLength: number = longest.usual) =>
  Type.String({ maxLength, description, ...(example !== null && { examples: [example] }) });

/** The octets that are in a PEM. The example is their base64. */
export const derBody = (description: string, examplePem: string, maxLength: number = longest.usual) =>
  Type.String({
    ...{ maxLength, contentMediaType: 'application/octet-stream', description },
    examples: [examplePem.split('\n').slice(1, -2).join('')],
  });

/** The parts of a request, each with the schema that it is checked against. */
interface RequestSchemas {
  readonly params?: TSchema;
  readonly querystring?: TSchema;
  readonly headers?: TSchema;
  readonly body?: TSchema;
}

interface Operation {
  readonly config?: FastifyContextConfig;
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  /** Empty: for everybody, without a credential. */
  readonly security?: readonly [];
  /** Answers other than problems, by status. */
  readonly response: Readonly<Record<number, unknown>>;
  /** Problems that a call can end with, besides those of every call. */
  readonly problems?: readonly ProblemType[];
}

/**
 * The options of a route: its configuration, and the schema for requests and for the OpenAPI document. Answers are
 * typed loosely, so that handlers are typed by the views that they answer with.
 */
export function operation<const Schemas extends RequestSchemas>({
  config = {},
  problems = [],
  response: answers,
  ...schema
}: Schemas & Operation) {
  return { config: { ...config, problems }, schema: { ...schema, response: answers } };
}

/** Whether `If-None-Match` names this entity tag, compared weakly (RFC 9110 13.1.2); `*` names any. */
export function namesEntityTag(ifNoneMatch: string | undefined, entityTag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return (ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => strong(tag) === strong(entityTag));
}

const strong = (tag: string): string => tag.replace(/^W\//, '');

/**
 * Sends texts as they come, each only when the caller has read those before it. `end` is called when the answer ends,
 * for whatever reason. HEAD gets the headers alone.
 */
export function sendTexts(
  reply: FastifyReply,
  contentType: string,
  texts: AsyncGenerator<string, void, void>,
  end: () => void,
): FastifyReply {
  const isHead = reply.request.method === 'HEAD';
  const stream = Readable.from(isHead ? [] : texts);
  stream.once('close', end);
  return reply.type(contentType).send(stream);
}
