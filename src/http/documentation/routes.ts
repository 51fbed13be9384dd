import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { TSchema } from 'typebox';
import { jsonMediaType } from '../plugins/negotiation.js';
import type { App } from '../types.js';
import { addBudgetHeaders, budgetHeaders, tellsBudgets } from './budget-headers.js';
import { addExamples, type Operation } from './add-examples.js';
import type { NamedSchemas } from './example-of.js';
import { introduction } from './introduction.js';
import { securitySchemes, withoutSessions } from './security-schemes.js';
import { signInBar } from './sign-in-bar.js';
import { webhookDescriptions } from '../webhook-deliveries/webhook-events.js';

const tags = [
  { name: 'certificate-requests', description: 'Request a certificate, decide on the request, collect the key.' },
  { name: 'kubeconfigs', description: 'Request, issue and collect in one call, for automated onboarding.' },
  { name: 'certificates', description: 'The inventory of issued identities.' },
  { name: 'identities', description: 'Who has access, and who must not have any.' },
  { name: 'directory', description: 'The people of whom an identity provider tells over SCIM (`/scim/v2`).' },
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

/** For Swagger UI: React sets styles in attributes, and the icons are data URLs. Everything else is served from here. */
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

/** Marks an operation whose body may be left out: @fastify/swagger declares every body as required. */
const optionalBody = 'x-optional-body';
/** Marks an operation whose answers tell how the budgets of the caller stand. */
const budgeted = 'x-budgeted';
/** Examples of a body, by their names. */
const bodyExamples = 'x-body-examples';

interface OpenApiDocument {
  readonly paths?: Record<string, Record<string, OpenApiOperation>>;
  readonly webhooks?: Record<string, Record<string, OpenApiOperation>>;
  readonly components: { readonly schemas: NamedSchemas };
}
interface OpenApiOperation extends Operation {
  readonly [optionalBody]?: true;
  readonly [budgeted]?: true;
  readonly [bodyExamples]?: Readonly<Record<string, object>>;
}

const bodyOf = (uploads: Readonly<Record<string, TSchema>>) => ({
  content: Object.fromEntries(Object.entries(uploads).map(([type, schema]) => [type, { schema }])),
});

/**
 * Builds the OpenAPI document from the routes that are added later, and serves Swagger UI at `/docs`. `issuers`: the names of
 * those by which people sign in with their browsers.
 */
export function documentRoutes(app: App, version: string, issuers: readonly string[]): void {
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
    transform: ({ schema, url, route }) => ({
      schema: {
        ...schema,
        // `transformObject` reads these marks and removes them.
        ...(route.config?.optionalBody && { [optionalBody]: true }),
        ...(tellsBudgets(route.config?.budgetUse) && { [budgeted]: true }),
        ...(route.config?.bodyExamples && { [bodyExamples]: route.config.bodyExamples }),
        ...(route.config?.uploads && { body: bodyOf(route.config.uploads) }),
      },
      url,
    }),
    transformObject: (document) => {
      const { openapiObject } = document as { openapiObject: OpenApiDocument };
      const { paths, webhooks, components } = openapiObject;
      for (const operation of Object.values({ ...paths, ...webhooks }).flatMap((path) => Object.values(path))) {
        const { requestBody, [optionalBody]: isOptional, [bodyExamples]: examples } = operation;
        if (operation[budgeted]) addBudgetHeaders(operation);
        if (requestBody && isOptional) requestBody.required = false;
        const body = requestBody?.content?.['application/json'];
        if (body && examples)
          body.examples = Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));
        Reflect.deleteProperty(operation, optionalBody);
        Reflect.deleteProperty(operation, budgeted);
        Reflect.deleteProperty(operation, bodyExamples);
        addExamples(operation, components.schemas);
      }
      return openapiObject;
    },
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, i) =>
        typeof json['$id'] === 'string' ? json['$id'] : `def-${i}`,
    },
  });
  app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: contentSecurityPolicy,
    ...(issuers.length > 0 && { theme: signInBar(issuers) }),
    transformSpecification: (document) => withoutSessions(document) as Record<string, unknown>,
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
}

/** Serves the OpenAPI document. It is built once, when the first caller asks for it. */
export function addOpenApi(app: App): void {
  let text: string | null = null;
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    text ??= openApiText(app.swagger());
    return reply.type(jsonMediaType).send(text);
  });
}

/**
 * An OpenAPI document as text. Members are sorted by name, so that the text does not depend on the order of routes. Media
 * types keep their order: the first one is what a caller without preference gets.
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
