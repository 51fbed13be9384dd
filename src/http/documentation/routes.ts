import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyContextConfig, RouteHandlerMethod, FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { jsonMediaType } from '../plugins/request-input.js';
import { problem, sendProblem } from '../problems/problem.js';
import type { App } from '../server/types.js';
import { addExamples, type ApiOperation } from './add-examples.js';
import type { NamedSchemas } from '../schemas/example-of.js';
import { introduction } from './introduction.js';
import { signInBar } from './sign-in-bar.js';
import { webhookDescriptions } from '../webhook-deliveries/webhook-events.js';
import { sessionCookie } from '../plugins/session-cookies.js';
import { budgetNames } from '../../model/budget.js';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { namesEntityTag } from '../answers/responses.js';

const tags = [
  { name: 'certificate-requests', description: 'Request a certificate, decide on the request, collect the key.' },
  { name: 'kubeconfigs', description: 'Request, issue and collect in one call, for automated onboarding.' },
  { name: 'certificates', description: 'The inventory of issued identities.' },
  { name: 'identities', description: 'Who has access, and who must not have any.' },
  { name: 'directory', description: 'The people whom an identity provider manages over SCIM (`/scim/v2`).' },
  { name: 'inspections', description: 'Find out what a file is, what it says and what is wrong with it.' },
  { name: 'clusters', description: 'The configured clusters and their CAs.' },
  { name: 'enforcement', description: 'Making clusters refuse revoked certificates.' },
  { name: 'policies', description: 'The policies in force, and trying out others.' },
  { name: 'audit', description: 'The append-only log of everything that happened.' },
  {
    name: 'webhooks',
    description: 'Messages that a request waits, is issued or is denied, and their delivery.',
  },
  { name: 'identity', description: 'The caller, API tokens, and browsers that sign in.' },
  { name: 'service', description: 'Health and this description.' },
];

/**
 * For Swagger UI: React sets styles in attributes, and the icons are data URLs. Everything else is served from here.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface OpenApiDocument {
  readonly paths?: Record<string, Record<string, OpenApiOperation>>;
  readonly webhooks?: Record<string, Record<string, OpenApiOperation>>;
  readonly components: { readonly schemas: NamedSchemas };
}
interface OpenApiOperation extends ApiOperation {
  readonly operationId: string;
}

const bodyOf = (uploads: Readonly<Record<string, TSchema>>) => ({
  content: Object.fromEntries(Object.entries(uploads).map(([type, schema]) => [type, { schema }])),
});

/**
 * Builds the OpenAPI document from the routes that are added later, and serves it, and Swagger UI at `/docs`.
 * `issuers`: the names of those by which people sign in with their browsers.
 */
export function documentRoutes(app: App, version: string, issuers: readonly string[]): void {
  /** By `operationId`. */
  const configurations = new Map<unknown, FastifyContextConfig>();
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'kubepass',
        version,
        description: introduction,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags,
      components: { securitySchemes, headers: budgetHeaders },
      security: [{ bearer: [] }, { session: [] }],
      webhooks: structuredClone(webhookDescriptions),
    },
    convertConstToEnum: false,
    transform: ({ schema, url, route: { config = {} } }) => {
      configurations.set(schema.operationId, config);
      return { schema: { ...schema, ...(config.uploads && { body: bodyOf(config.uploads) }) }, url };
    },
    transformObject: (document) => {
      const { openapiObject } = document as { openapiObject: OpenApiDocument };
      const { paths, webhooks, components } = openapiObject;
      for (const operation of Object.values({ ...paths, ...webhooks }).flatMap((path) => Object.values(path))) {
        const { requestBody, operationId } = operation;
        const { budgetUse = 'nothing', optionalBody, bodyExamples } = configurations.get(operationId) ?? {};
        if (budgetUse !== 'nothing') addBudgetHeaders(operation);
        // @fastify/swagger declares every body as required.
        if (requestBody && optionalBody) requestBody.required = false;
        const body = requestBody?.content?.['application/json'];
        if (body && bodyExamples)
          body.examples = Object.fromEntries(Object.entries(bodyExamples).map(([name, value]) => [name, { value }]));
        addExamples(operation, components.schemas);
      }
      return openapiObject;
    },
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, i) =>
        typeof json['$id'] === 'string' ? json['$id'] : `def-${i}`,
    },
  });
  const contract = prebuilt(jsonMediaType, () => openApiText(app.swagger()));
  const forSwaggerUi = prebuilt(jsonMediaType, () =>
    JSON.stringify(withoutSessions(app.swagger() as { readonly components?: object })),
  );
  app.register(async (docs) => {
    docs.get('/openapi.json', { schema: { hide: true } }, (request, reply) => sendPrebuilt(request, reply, contract()));
    const handlers = swaggerUiHandlers(forSwaggerUi);
    docs.addHook('onRoute', (route) => {
      route.handler = handlers.get(route.url) ?? route.handler;
    });
    docs.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: contentSecurityPolicy,
      ...(issuers.length > 0 && { theme: signInBar(issuers) }),
      uiConfig: {
        // Without the bar that loads other descriptions.
        layout: 'BaseLayout',
        deepLinking: true,
        defaultModelsExpandDepth: 0,
        persistAuthorization: false,
        tryItOutEnabled: true,
        validatorUrl: null,
      },
    });
  });
}

const nothing = problem('not-found', 'there is no such resource');

const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': jsonMediaType,
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

/**
 * The routes of @fastify/swagger-ui that cost too much for callers without a credential: it makes the description anew
 * for each call, and reads each file from the disk.
 */
function swaggerUiHandlers(description: () => Prebuilt): ReadonlyMap<string, RouteHandlerMethod> {
  const directory = join(createRequire(import.meta.url).resolve('@fastify/swagger-ui'), '..', 'static');
  const files = new Map(
    readdirSync(directory).map((name) => {
      const type = mediaTypes[extname(name)] ?? 'application/octet-stream';
      return [name, prebuilt(type, () => readFileSync(join(directory, name)))] as const;
    }),
  );
  return new Map<string, RouteHandlerMethod>([
    ['/docs/json', (request, reply) => sendPrebuilt(request, reply, description())],
    ['/docs/yaml', (_request, reply) => sendProblem(reply, nothing)],
    [
      '/docs/static/*',
      (request, reply) => {
        const file = files.get((request.params as { readonly '*': string })['*']);
        return file === undefined ? sendProblem(reply, nothing) : sendPrebuilt(request, reply, file());
      },
    ],
  ]);
}

/**
 * An OpenAPI document as text. Members are sorted by name, so that the text does not depend on the order of routes.
 * Media types keep their order: the first one is what a caller without preference gets.
 */
function openApiText(document: object): string {
  return `${JSON.stringify(sorted(JSON.parse(JSON.stringify(document))), null, 2)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value);
  if (!members.every(([name]) => isMediaType(name))) members.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

const isMediaType = (name: string): boolean => /^[a-z]+\/[a-z0-9.+-]+$/.test(name);

/** How callers prove who they are, for the OpenAPI document. */
const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API token, as `POST /v1/api-tokens` gives it, or a token of a configured identity provider.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: sessionCookie,
    description: 'The session of a browser that signed in at `/v1/login/{name}`.',
  },
} as const;

/**
 * A document without sessions, for Swagger UI: browsers add the cookie themselves, and nobody should look for its
 * content to paste it.
 */
function withoutSessions<T extends { readonly components?: object }>(document: T): T {
  const { bearer } = securitySchemes;
  return {
    ...document,
    security: [{ bearer: [] }],
    components: { ...document.components, securitySchemes: { bearer } },
  };
}

const example = (parameters: string) => `"writes";${parameters}`;

/** The fields of draft-ietf-httpapi-ratelimit-headers, once for all operations. */
const budgetHeaders = {
  RateLimit: {
    description:
      'What is left of the budgets that this call needs: a structured list (RFC 9651) of their names, with `r`, the ' +
      'whole units that are left, and `t`, the seconds until all of it is there again (absent where nothing is spent).',
    schema: { type: 'string' as const, maxLength: 1024, examples: [example('r=5999;t=60')] },
  },
  'RateLimit-Policy': {
    description: `The budgets themselves (${budgetNames.join(', ')}): \`q\` units in \`w\` seconds; \`qu\` names units other than calls.`,
    schema: { type: 'string' as const, maxLength: 1024, examples: [example('q=6000;w=60')] },
  },
};

/** Declares the fields on the answers to which they matter. Other errors have them too. */
function addBudgetHeaders({ responses = {} }: ApiOperation): void {
  for (const [status, response] of Object.entries(responses)) {
    if (!/^(?:[23]..|403|429)$/.test(status)) continue;
    response.headers = {
      ...response.headers,
      ...Object.fromEntries(Object.keys(budgetHeaders).map((name) => [name, { $ref: `#/components/headers/${name}` }])),
    };
  }
}

/** An answer that is the same for every caller, and is made once. */
interface Prebuilt {
  readonly body: Buffer;
  readonly type: string;
  /** Quoted (RFC 9110 8.8.3). */
  readonly etag: string;
}

/** Makes the answer when it is asked for the first time. */
function prebuilt(type: string, make: () => string | Buffer): () => Prebuilt {
  let made: Prebuilt | null = null;
  return () => {
    if (made !== null) return made;
    const body = Buffer.from(make());
    made = { body, type, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
    return made;
  };
}

/** So much of an answer waits for its reader. TLS keeps a copy of it. */
const pieceOctets = 16 * 1024;

/**
 * Answers 304 to a caller who has it already (RFC 9110 13.1.2). A body goes out in pieces, each when the one before it
 * was read.
 */
function sendPrebuilt(request: FastifyRequest, reply: FastifyReply, { body, type, etag }: Prebuilt): FastifyReply {
  reply.headers({ etag, 'cache-control': 'no-cache' });
  if (namesEntityTag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  reply.type(type).header('content-length', body.length);
  return reply.send(request.method === 'HEAD' ? body : Readable.from(piecesOf(body)));
}

/** Others go first between two pieces, because a system may take many at once. */
async function* piecesOf(body: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += pieceOctets) {
    if (at > 0) await setImmediate();
    yield body.subarray(at, at + pieceOctets);
  }
}
