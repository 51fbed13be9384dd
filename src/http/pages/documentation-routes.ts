import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import swagger, { type StaticDocumentSpec } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { RouteHandlerMethod, FastifyReply, FastifyRequest } from 'fastify';
import { jsonMediaType, negotiate } from '../hooks/request-input.js';
import { sendProblem } from '../problems/problem.js';
import { unknownPath } from '../problems/unknown-path.js';
import type { App } from '../server/types.js';
import { foldedProblems } from './folded-problems.js';
import { signInBar } from './sign-in-bar.js';
import { mediaTypeOf, prebuilt, type Prebuilt, sendPrebuilt } from '../answers/prebuilt.js';

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

/** `npm run openapi` makes them from the routes, and CI holds them to the routes. */
const folder = new URL('../../../openapi/', import.meta.url);
const documentNamed = (name: string): string => readFileSync(new URL(name, folder), 'utf8');

/** The documents, by their paths. */
const documents = {
  '/openapi.json': 'openapi.json',
  '/openapi/portal.json': 'portal.json',
  '/openapi/scim.json': 'scim.json',
  '/openapi/webhooks.json': 'webhooks.json',
};

/** Serves the OpenAPI documents, and Swagger UI at `/docs`. */
export function serveDocuments(app: App): void {
  const forSwaggerUi = withoutSessions(documentNamed('openapi.json'));
  app.register(swagger, {
    mode: 'static',
    specification: { document: forSwaggerUi as object as StaticDocumentSpec['document'] },
  });
  app.register(async (docs) => {
    for (const [path, name] of Object.entries(documents)) {
      const document = prebuilt(jsonMediaType, () => documentNamed(name));
      docs.get(path, { schema: { hide: true } }, (request, reply) => sendPrebuilt(request, reply, document()));
    }
    docs.get('/docs/api.md', { schema: { hide: true } }, (request, reply) => sendPrebuilt(request, reply, guide()));
    docs.get('/', { schema: { hide: true } }, leadOn);
    const handlers = swaggerUiHandlers(prebuilt(jsonMediaType, () => JSON.stringify(forSwaggerUi)));
    docs.addHook('onRoute', (route) => {
      route.handler = handlers.get(route.url) ?? route.handler;
    });
    docs.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: contentSecurityPolicy,
      theme: themeFor(app),
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

/** For Swagger UI: browsers add a session's cookie themselves, and nobody should look for its content to paste it. */
function withoutSessions(text: string) {
  const document = JSON.parse(text) as {
    readonly components: { readonly securitySchemes: { readonly bearer: object } };
  };
  const { bearer } = document.components.securitySchemes;
  return {
    ...document,
    security: [{ bearer: [] }],
    components: { ...document.components, securitySchemes: { bearer } },
  };
}

function themeFor({ browsers: { issuers }, hasConsole }: App) {
  const { js, css } = issuers.length > 0 || hasConsole ? signInBar(issuers, hasConsole) : { js: [], css: [] };
  return { js: [...js, ...foldedProblems.js], css: [...css, ...foldedProblems.css] };
}

/** docs/api.md, to which the documents refer. It is beside the sources and beside `dist/`. */
const guide = prebuilt('text/plain; charset=utf-8', () =>
  readFileSync(new URL('../../../docs/api.md', import.meta.url)),
);

/** A browser is led to the console, or to Swagger UI without one; others are told where everything is. */
function leadOn({ headers, server }: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.header('vary', 'Accept');
  if (negotiate(headers.accept, ['application/json', 'text/html']) === 'text/html')
    return server.hasConsole ? reply.redirect('/console/', 303) : reply.redirect('/docs');
  return reply.send({ service: 'kubepass', page: '/docs', guide: '/docs/api.md', documents: Object.keys(documents) });
}

/**
 * The routes of @fastify/swagger-ui that cost too much for callers without a credential: it makes the description anew
 * for each call, and reads each file from the disk.
 */
function swaggerUiHandlers(description: () => Prebuilt): ReadonlyMap<string, RouteHandlerMethod> {
  const directory = join(createRequire(import.meta.url).resolve('@fastify/swagger-ui'), '..', 'static');
  const files = new Map(
    readdirSync(directory).map((name) => {
      return [name, prebuilt(mediaTypeOf(name), () => readFileSync(join(directory, name)))] as const;
    }),
  );
  return new Map<string, RouteHandlerMethod>([
    ['/docs/json', (request, reply) => sendPrebuilt(request, reply, description())],
    ['/docs/yaml', (request, reply) => sendProblem(reply, unknownPath(request.url))],
    [
      '/docs/static/*',
      (request, reply) => {
        const file = files.get((request.params as { readonly '*': string })['*']);
        return file === undefined ? sendProblem(reply, unknownPath(request.url)) : sendPrebuilt(request, reply, file());
      },
    ],
  ]);
}
