import Fastify, { type FastifyBaseLogger, type FastifyServerOptions } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { authenticateCallers } from './http/plugins/authentication.js';
import { documentRoutes } from './http/documentation/routes.js';
import { answerErrorsAsProblems } from './http/plugins/errors.js';
import { readJsonBodies } from './http/plugins/json-body.js';
import { answerOtherMethods, rememberPaths } from './http/plugins/method-not-allowed.js';
import { negotiateMediaTypes } from './http/plugins/negotiation.js';
import { readQueryIntegers } from './http/plugins/query-integers.js';
import { QuietLogController } from './http/plugins/quiet-log-controller.js';
import { echoRequestId, requestIdOf } from './http/plugins/request-id.js';
import { logRequests } from './http/plugins/request-log.js';
import { setSecurityHeaders } from './http/plugins/security-headers.js';
import { answerUnreadableRequest, answerUnroutableRequest } from './http/plugins/unreadable-requests.js';
import { addHealth } from './http/health/routes.js';
import { addOpenApi } from './http/documentation/openapi.js';
import { addVersion1 } from './http/version-1.js';
import { registeredSchemas } from './http/registry.js';
import type { App } from './http/types.js';
import type { Services } from './services.js';

export interface AppOptions {
  readonly logger: FastifyBaseLogger;
  /** The service's own version, for the OpenAPI document. */
  readonly version: string;
  /** PEM; without it the server speaks plain HTTP. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** Octets; default 64 KiB. */
  readonly bodyLimit?: number;
  /** Per address, before 429; default 60. */
  readonly failedAuthenticationsPerMinute?: number;
}

/** The service's HTTP edge with every route registered. It opens nothing: `listen` is the caller's. */
export function buildApp(services: Services, options: AppOptions): App {
  const settings: FastifyServerOptions = {
    loggerInstance: options.logger,
    logController: new QuietLogController(),
    bodyLimit: options.bodyLimit ?? 64 * 1024,
    requestTimeout: 30_000,
    genReqId: requestIdOf,
    trustProxy: false,
    // A request that has arrived is answered; the process edge stops accepting before it closes.
    return503OnClosing: false,
    clientErrorHandler: answerUnreadableRequest,
    frameworkErrors: answerUnroutableRequest,
    ajv: { customOptions: { allErrors: true, coerceTypes: false, removeAdditional: false } },
  };
  // Fastify types an HTTPS instance apart; what differs is which Node server it makes.
  const tls = options.tls && { https: { ...options.tls, minVersion: 'TLSv1.2' } };
  const app: App = Fastify({ ...settings, ...tls }).withTypeProvider<TypeBoxTypeProvider>();

  app.setSerializerCompiler(() => JSON.stringify);
  echoRequestId(app);
  logRequests(app);
  answerErrorsAsProblems(app);
  setSecurityHeaders(app);
  readJsonBodies(app);
  readQueryIntegers(app);
  for (const schema of registeredSchemas) app.addSchema(schema);
  const paths = rememberPaths(app);
  documentRoutes(app, options.version);

  app.register(async (root) => {
    addHealth(root, services);
    addOpenApi(root);
  });
  app.register(
    async (version1) => {
      await authenticateCallers(version1, services.authenticator, options.failedAuthenticationsPerMinute ?? 60);
      negotiateMediaTypes(version1);
      version1.addHook('onRequest', async (_request, reply) => {
        reply.header('cache-control', 'no-store');
      });
      addVersion1(version1, services);
    },
    { prefix: '/v1' },
  );
  app.register(async (root) => answerOtherMethods(root, paths));
  return app;
}
