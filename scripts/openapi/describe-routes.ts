import swagger from '@fastify/swagger';
import { pino } from 'pino';
import { buildApp } from '../../src/start/app.js';
import type { RouteContext } from '../../src/start/route-context.js';
import { callsOf, portalCallsOf, scimCallsOf, webhooksOf } from './parts-of-document.js';
import type { FastifyContextConfig } from 'fastify';
import type { TSchema } from 'typebox';
import { sessionCookie } from '../../src/http/hooks/session-cookies.js';
import { webhookDescriptions } from '../../src/webhooks/webhook-events.js';
import './inspection-schemas.js';
import { addExamples } from './add-examples.js';
import { introduction } from './introduction.js';
import { type ApiOperation, type OpenApiDocument, operationsOf } from './open-api.js';
import type { App } from '../../src/http/server/types.js';
import { namedValues } from './named-values.js';
import { scimPrefix } from '../../src/http/hooks/errors.js';
import { scimDescription } from './scim-descriptions.js';
import { budgetHeaders, ProblemResponses } from './problem-responses.js';
import { shareParts } from './share-parts.js';
import { withSimpleSchemas } from './simplify-schemas.js';

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

const bodyOf = (uploads: Readonly<Record<string, TSchema>>) => ({
  content: Object.fromEntries(Object.entries(uploads).map(([type, schema]) => [type, { schema }])),
});

/** The documents of these context, by the names of their files. */
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
    const document = JSON.parse(JSON.stringify(app.swagger())) as OpenApiDocument;
    const problems = new ProblemResponses();
    for (const operation of operationsOf(document)) {
      complete(operation, configurations.get(operation.operationId) ?? {}, problems);
      addExamples(operation, document.components.schemas);
    }
    document.components['responses'] = problems.components;
    Object.assign(document.components.schemas, structuredClone(namedValues));
    const simple = withSimpleSchemas(document) as OpenApiDocument;
    shareParts(simple);
    return simple;
  };
}

/** Adds all that @fastify/swagger does not find in the schemas of a route. */
function complete(operation: ApiOperation, configuration: FastifyContextConfig, problems: ProblemResponses): void {
  const { requestBody, responses } = operation;
  const { optionalBody, problems: own = [] } = configuration;
  // The receivers of webhooks have a `default` of their own.
  operation.responses = { ...problems.of(own), ...responses };
  // @fastify/swagger declares every body as required.
  if (requestBody && optionalBody) requestBody.required = false;
}

/**
 * An OpenAPI document as text. Members are sorted by name, so that the text does not depend on the order of routes.
 * Media types keep their order: the first one is what a caller without preference gets.
 */
export function openApiText(document: OpenApiDocument): string {
  return `${jsonText(sorted(document))}\n`;
}

/**
 * JSON, indented. An object with one simple member, such as a reference, stands on one line, and so does a short list
 * of them, such as `required`.
 */
function jsonText(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value);
  const isShort = members.length < 2 || (Array.isArray(value) && JSON.stringify(value).length <= 80);
  if (isShort && members.every(([, member]) => typeof member !== 'object' || member === null))
    return JSON.stringify(value);
  const inner = `${indent}  `;
  const lines = members.map(([name, member]) => {
    const text = jsonText(member, inner);
    return Array.isArray(value) ? `${inner}${text}` : `${inner}${JSON.stringify(name)}: ${text}`;
  });
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
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
    description: 'The session of a browser that signed in at `/v1/login/{name}` or with an API token.',
  },
} as const;
