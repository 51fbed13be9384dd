import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { TSchema } from 'typebox';
import type { Upload } from '../model/inspection.js';
import type { Principal } from '../model/principal.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; null until authentication has said so. */
    principal: Principal | null;
    /** The media type to answer with, of those the route produces. */
    answerType: string;
    /** The body as it came, for what is bound to its bytes; null where there is none. */
    rawBody: Buffer | null;
    /** What was uploaded, on the one route that takes uploads; null until it has been read. */
    upload: Upload | null;
  }
  interface FastifyContextConfig {
    /** The media types of a good answer, the default first. */
    produces?: readonly string[];
    /** The body may be left out. */
    optionalBody?: boolean;
    /** Bodies that the route reads by itself, by media type: for the OpenAPI document. */
    uploads?: Readonly<Record<string, TSchema>>;
  }
}

/** The instance that routes are added to: schemas give handlers their types. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
