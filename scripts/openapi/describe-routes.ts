import swagger from '@fastify/swagger';
import type { FastifyContextConfig } from 'fastify';
import { pino } from 'pino';
import type { TSchema } from 'typebox';
import { scimPrefix } from '../../src/http/hooks/errors.js';
import { sessionCookie } from '../../src/http/hooks/session-cookies.js';
import type { App } from '../../src/http/server/types.js';
import { buildApp } from '../../src/start/app.js';
import type { RouteContext } from '../../src/start/route-context.js';
import { webhookDescriptions } from '../../src/webhooks/webhook-events.js';
import { addExamples } from './examples.js';
import './inspection-schemas.js';
import type { ApiOperation, OpenApiDocument } from './open-api.js';
import { callsOf, portalCallsOf, scimCallsOf, webhooksOf } from './parts-of-document.js';
import { budgetHeaders, ProblemResponses } from './problem-responses.js';
import { scimDescription } from './scim-descriptions.js';
import { shareParts } from './share-parts.js';
import { namedValues, withSimpleSchemas } from './simplify-schemas.js';

/**
 * The documents that describe the routes of a context, by the names of their files. They are made in three passes:
 * `completed` adds to each operation what the schemas of its route do not say, `shareParts` lets a part that several
 * operations have stand once, and each document takes the operations that are its own, with the parts that they use.
 */
export async function documentsOf(context: RouteContext, version: string): Promise<Record<string, OpenApiDocument>> {
  const described: (() => OpenApiDocument)[] = [];
  const app = buildApp(context, {
    logger: pino({ level: 'silent' }),
    describe: (routes) => described.push(describeRoutes(routes, version)),
  });
  await app.ready();
  const [document] = described.map((describe) => describe()) as [OpenApiDocument];
  await app.close();
  return {
    'openapi.json': callsOf(document),
    'portal.json': portalCallsOf(document),
    'scim.json': scimCallsOf(document),
    'webhooks.json': webhooksOf(document),
  };
}

/** Describes the routes that are added later. Returns what makes the OpenAPI document, once they are there. */
function describeRoutes(app: App, version: string): () => OpenApiDocument {
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
      webhooks: webhookDescriptions,
    },
    convertConstToEnum: false,
    transform: ({ schema, url, route: { config = {}, method } }) => {
      // Methods that no resource takes are one route, and every GET has a HEAD.
      if (url.startsWith(`${scimPrefix}/`) && typeof method === 'string' && method !== 'HEAD')
        return { schema: scimDescription(method, url), url };
      configurations.set(schema.operationId, config);
      return { schema: { ...schema, ...(config.uploads && { body: bodyOf(config.uploads) }) }, url };
    },
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, i) =>
        typeof json['$id'] === 'string' ? json['$id'] : `def-${i}`,
    },
  });
  return () => {
    // Requests are checked against the parts of what is made, so they are not changed.
    const document = completed(JSON.parse(JSON.stringify(app.swagger())) as OpenApiDocument, configurations);
    shareParts(document);
    return document;
  };
}

const bodyOf = (uploads: Readonly<Record<string, TSchema>>) => ({
  content: Object.fromEntries(Object.entries(uploads).map(([type, schema]) => [type, { schema }])),
});

/**
 * The document with all that @fastify/swagger does not find in the schemas of the routes: the problems of each
 * operation, the examples of its bodies, and schemas as simple as they can be. An example is made from the schema that
 * the route has, so each operation gets its examples before its schemas are simplified.
 */
function completed(
  document: OpenApiDocument,
  configurations: ReadonlyMap<unknown, FastifyContextConfig>,
): OpenApiDocument {
  const { paths, webhooks, components } = document;
  const problems = new ProblemResponses();
  const ofEach = (items: OpenApiDocument['paths']) =>
    mapped(items, (methods) =>
      mapped(methods, (operation) => {
        complete(operation, configurations.get(operation.operationId) ?? {}, problems);
        addExamples(operation, components.schemas);
        return withSimpleSchemas(operation) as ApiOperation;
      }),
    );
  return {
    ...document,
    paths: ofEach(paths),
    ...(webhooks && { webhooks: ofEach(webhooks) }),
    components: withSimpleSchemas({
      ...components,
      schemas: { ...components.schemas, ...namedValues },
      responses: problems.components,
    }) as OpenApiDocument['components'],
  };
}

const mapped = <Value>(object: Readonly<Record<string, Value>>, change: (value: Value) => Value) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));

/** Adds the problems of an operation, and says whether its body may be left out. */
function complete(operation: ApiOperation, configuration: FastifyContextConfig, problems: ProblemResponses): void {
  const { requestBody, responses } = operation;
  const { optionalBody, problems: own = [] } = configuration;
  // The receivers of webhooks have a `default` of their own.
  operation.responses = { ...problems.of(own), ...responses };
  // @fastify/swagger declares every body as required.
  if (requestBody && optionalBody) requestBody.required = false;
}

/** In the order of use. */
const tags = [
  { name: 'certificate-requests', description: 'Ask for a certificate, decide on the request, collect the key.' },
  { name: 'kubeconfigs', description: 'Ask, issue and collect in one call.' },
  { name: 'certificates', description: 'The issued certificates: find, renew and revoke them.' },
  { name: 'identities', description: 'Who has access, who must not have any, and the people in the directory.' },
  { name: 'inspections', description: 'Find out what a file is, what it says and what is wrong with it.' },
  { name: 'policies', description: 'The policies in force, and trying out others.' },
  { name: 'clusters', description: 'The configured clusters, their CAs and what waits there.' },
  { name: 'audit', description: 'The append-only log of everything that happened.' },
  { name: 'tokens', description: 'API tokens, and who the caller is.' },
  {
    name: 'operators',
    description:
      'For whoever runs kubepass: sign-in, enforcement of revocations, checkpoints, webhook deliveries, restores and health.',
  },
  { name: 'scim', description: 'An identity provider tells who is there, who left, and who is in which group.' },
  { name: 'webhooks', description: 'The messages, which are delivered until they are accepted.' },
];

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
    description: 'The session of a browser that signed in at `/v1/login/{name}` or with an API token.',
  },
} as const;

/** `info.description` of the OpenAPI document: what holds for every operation. Markdown; docs/api.md says more. */
const introduction = `
Issues Kubernetes user certificates: policy decides, the cluster or a local CA signs, an audit log remembers.

Authenticate each call under \`/v1\` in one of these ways; \`GET /v1/whoami\` tells who you are and what you may do.

- **API token**: \`Authorization: Bearer kubepass_…\`. An admin makes tokens; the first is in the file \`admin-token\`, or in one of the operator's.
- **OIDC**: an access token of a configured provider in the same header, or a sign-in with a browser at \`/v1/login/{name}\`.
- **Service account**: the token of a pod in the same header, where its cluster is configured.
- **Client certificate**: of a configured CA, on the port for them.
- **Nothing**: \`/livez\`, \`/readyz\`, \`/v1/callers\`, \`/v1/clusters/{name}/crl\`, the sign-in, and these documents.

[Idempotency](/docs/api.md#idempotency): repeat a call with its \`Idempotency-Key\`, and nothing is done twice.
[Paging](/docs/api.md#paging): pass \`nextCursor\` as \`cursor\` until it is null.
[Budgets](/docs/api.md#budgets): \`RateLimit\` tells what is left; after 429 wait for \`Retry-After\`.
[Errors](/docs/api.md#errors) have a stable \`type\`: each operation lists its own, \`default\` those of every call.

Also: [the calls of a portal](/openapi/portal.json), [webhooks](/openapi/webhooks.json), [SCIM](/openapi/scim.json).
`.trim();
