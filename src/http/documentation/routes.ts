import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { TSchema } from 'typebox';
import { webhookDescriptions } from '../webhook-deliveries/webhook-events.js';
import type { App } from '../types.js';

const tags = [
  { name: 'certificate-requests', description: 'Ask for a certificate, decide on it, collect it.' },
  { name: 'kubeconfigs', description: 'All at once, for automated onboarding.' },
  { name: 'certificates', description: 'The inventory of issued identities.' },
  { name: 'inspections', description: 'What a file is, what it says and what is wrong with it.' },
  { name: 'clusters', description: 'The configured clusters and their CAs.' },
  { name: 'policies', description: 'What decides, and trying it out.' },
  { name: 'audit', description: 'The append-only log of everything that happened.' },
  {
    name: 'webhooks',
    description: 'What is sent when a request waits, is issued or is denied, and what became of it.',
  },
  { name: 'identity', description: 'Who calls, and with which tokens.' },
  { name: 'service', description: 'Health and this description.' },
];

/** Pages and scripts come from here alone; React sets styles in attributes, and the icons are data URLs. */
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

/** @fastify/swagger calls every body required. */
const optionalBody = 'x-optional-body';

interface OpenApiDocument {
  readonly paths?: Record<string, Record<string, OpenApiOperation>>;
}
interface OpenApiOperation {
  readonly requestBody?: { required: boolean };
  readonly parameters?: { readonly required?: boolean; example?: unknown }[];
  readonly [optionalBody]?: true;
}

const bodyOf = (uploads: Readonly<Record<string, TSchema>>) => ({
  content: Object.fromEntries(Object.entries(uploads).map(([type, schema]) => [type, { schema }])),
});

/** Collects the OpenAPI document from the routes that are added from here on, and serves Swagger UI at `/docs`. */
export function documentRoutes(app: App, version: string): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'kubepass',
        version,
        description:
          'Issues Kubernetes user certificates: policy decides, the cluster or a local CA signs, an audit log remembers.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags,
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An API token, as `POST /v1/api-tokens` gives it.' },
        },
      },
      security: [{ bearer: [] }],
      webhooks: webhookDescriptions,
    },
    convertConstToEnum: false,
    transform: ({ schema, url, route }) => ({
      schema: {
        ...schema,
        // The extension is taken off again below, once it has said which bodies may be left out.
        ...(route.config?.optionalBody && { [optionalBody]: true }),
        ...(route.config?.uploads && { body: bodyOf(route.config.uploads) }),
      },
      url,
    }),
    transformObject: (document) => {
      const { openapiObject } = document as { openapiObject: OpenApiDocument };
      for (const operation of Object.values(openapiObject.paths ?? {}).flatMap((path) => Object.values(path))) {
        if (operation.requestBody && operation[optionalBody]) operation.requestBody.required = false;
        Reflect.deleteProperty(operation, optionalBody);
        // "Try it out" fills in what is given as an example, and a filter that is filled in finds nothing.
        for (const parameter of operation.parameters ?? []) if (!parameter.required) delete parameter.example;
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
    uiConfig: { deepLinking: true, persistAuthorization: false, tryItOutEnabled: true, validatorUrl: null },
  });
}
