import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { TSchema } from 'typebox';
import type { RoleAction } from '../../callers/permissions.js';
import type { BudgetUse } from '../../model/budget.js';
import type { Upload } from '@kubepass/inspect';
import type { Principal } from '../../model/principal.js';
import type { Browsers } from '../../model/session.js';
import type { RequestSpan } from '../../model/tracing.js';
import type { ProblemType } from '../problems/problem-types.js';
import type { CertificateListener } from './create-server.js';
import type { Connections } from './connections.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** The listener that asks for client certificates; null: there is none. */
    certificateListener: CertificateListener | null;
    readonly connections: Connections;
    /** Where there are authenticated callers: looks at the caller again, as a call that was held must. */
    readonly letIn: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
    /** Whether the pages of the console are served. */
    readonly hasConsole: boolean;
    readonly browsers: Browsers;
  }
  interface FastifyRequest {
    /** As `routeOptions`, which is a new object at each look. */
    route: FastifyRequest['routeOptions'];
    /** The address that the call comes from, as far as that is known. */
    readonly remoteAddress: string;
    /** The caller; null until authentication has found out. */
    principal: Principal | null;
    /** When the caller was looked at and let in, in milliseconds as `performance.now` counts them. */
    letInAt: number;
    /** Null where the request is not traced. */
    span: RequestSpan | null;
    /** Whether the log gets no line about the answer. */
    unlogged: boolean;
    /** The media type to answer with, one of those that the route produces. */
    answerType: string;
    /** The body as it arrived, for checks that depend on its bytes; null without a body. */
    rawBody: Buffer | null;
    /** The upload, on the one route that takes uploads; null until it has been read. */
    upload: Upload | null;
  }
  interface FastifyContextConfig {
    /** The media types of a successful answer, the default first. */
    produces?: readonly string[];
    /** The body may be left out. */
    optionalBody?: boolean;
    /** Problems that its calls can end with, besides those of every call: for the OpenAPI document. */
    problems?: readonly ProblemType[];
    /**
     * Takes a role that permits this, whatever the call is about. Without it the use case alone knows whom it refuses.
     */
    action?: RoleAction;
    /** A reviewer may call it, as well as everybody whom the use case permits. */
    forReviewers?: boolean;
    /** A connector of an identity provider may call it, as well as everybody whom the use case permits. */
    forDirectory?: boolean;
    /** A caller who has no role may call it, because it shows and changes no more than what is theirs. */
    withoutRole?: boolean;
    /** With `withoutRole`: a caller who left or is blocked may call it, although it changes something. */
    whileAway?: boolean;
    /** Every caller whose credential is good may call it, even if the name of the caller is somebody else's now. */
    forEverybody?: boolean;
    /** The caller may come by the key of the certificate that the path names. */
    takesKeyProofs?: boolean;
    /** Reviewers are known from memory there, and no caller is answered 429 or 5xx. */
    fromMemory?: boolean;
    /** A page that is open calls it by itself: that is no use of a session. */
    isIdle?: true;
    /** It answers 405 for the methods that a path does not take. */
    otherMethods?: boolean;
    /** Its requests are asked for by machines every few seconds, and have no spans. */
    untraced?: boolean;
    /**
     * The use of the budgets by its calls. Each route of an authenticated caller says its use. Exception: a GET
     * is `reading` by itself.
     */
    budgetUse?: BudgetUse;
    /** Bodies that the route reads itself, by media type: for the OpenAPI document. */
    uploads?: Readonly<Record<string, TSchema>>;
  }
}

/** The instance that routes are added to. Their schemas give the handlers their types. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
