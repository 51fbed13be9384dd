import Fastify, { type FastifyBaseLogger, type FastifyServerOptions } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { serveConsole } from '../http/pages/console-routes.js';
import { serveDocuments } from '../http/pages/documentation-routes.js';
import { addHealth, addMetrics } from '../http/pages/health-routes.js';
import { addLogin } from '../callers/routes/login-routes.js';
import {
  setAnswerHeaders,
  logRequests,
  QuietLogController,
  requestIdOf,
  traceRequests,
  keepRoutes,
  CallerAddresses,
  findAddresses,
  measureRequests,
} from '../http/hooks/every-request.js';
import { authenticateCallers, requireRoles } from '../http/hooks/authentication.js';
import {
  answerErrorsAsProblems,
  answerOtherMethods,
  answerUnroutableRequest,
  rememberPaths,
  scimPrefix,
} from '../http/hooks/errors.js';
import { negotiateMediaTypes, readInput, buildRequestValidator } from '../http/hooks/request-input.js';
import { receiveBodies } from '../http/hooks/request-bodies.js';
import { answerUnroutableScim } from '../directory/scim/messages.js';
import { addScim } from '../directory/scim/scim-routes.js';
import {
  answerUnreadableRequest,
  CertificateListener,
  createServer,
  type Patience,
} from '../http/server/create-server.js';
import { Connections, type ConnectionLimits } from '../http/server/connections.js';
import type { TlsPair } from '../http/server/tls-settings.js';
import { longestEncodedParameter, namedSchemas } from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import { everyResource, publicResources, type AddResource } from './version-1.js';
import type { RequestMeasures } from '../model/measures.js';
import type { Browsers } from '../model/session.js';
import type { RequestTracing } from '../model/tracing.js';
import type { RouteContext } from './route-context.js';

export interface AppOptions {
  readonly logger: FastifyBaseLogger;
  /** Describes the routes that are added later, in place of serving the documents that describe them. */
  readonly describe?: (app: App) => void;
  /** Without it the server speaks plain HTTP. */
  readonly tls?: TlsPair;
  /** PEM: the CAs of callers who come by client certificate, on a listener of their own. It needs `tls`. */
  readonly callersAuthority?: string;
  /** Addresses and networks of proxies that tell where calls come from; default: none. */
  readonly trustedProxies?: readonly string[];
  /** Default: no limit but that of the system. */
  readonly connections?: ConnectionLimits;
  /** How long requests that are under way may take after `close`; default 10,000. */
  readonly drainMilliseconds?: number;
  /** Default: `usualPatience`. */
  readonly patience?: Patience;
  /** Octets; default 64 KiB. */
  readonly bodyLimit?: number;
  /**
   * How many failures of one address in a minute, and how many failed sign-ins, are answered before 429; default 60.
   */
  readonly failedAuthenticationsPerMinute?: number;
  /** How people sign in with browsers; default: by API token alone. */
  readonly browsers?: Browsers;
  /** Is told of every route and every answer. */
  readonly measures?: RequestMeasures;
  /** Default: nobody collects traces. */
  readonly tracing?: RequestTracing;
  /** Where callers reach the service; default: where each connection arrives. */
  readonly publicUrl?: string;
  /** The folder of the console's files; null: there is no console. Default: where the build writes them. */
  readonly console?: string | null;
  /** The resources under `/v1`; default: every one. */
  readonly resources?: readonly AddResource[];
}

/** The HTTP server with its routes registered. The caller makes it listen, and then its `certificateListener`. */
export function buildApp(context: RouteContext, options: AppOptions): App {
  const limits = options.connections ?? { max: Infinity, maxPerAddress: Infinity };
  const addresses = new CallerAddresses(options.trustedProxies ?? []);
  const connections = new Connections(limits, options.logger, addresses.isProxy);
  // Fastify only reads from `https` that its address begins with https:
  const tls = options.tls && { https: {} };
  const app: App = Fastify({ ...serverOptions(options, connections), ...tls }).withTypeProvider<TypeBoxTypeProvider>();

  app.decorate('certificateListener', certificateListenerOf(app, options, connections));
  app.decorate('connections', connections);
  app.decorate('browsers', options.browsers ?? { isTls: options.tls !== undefined, origin: null, issuers: [] });
  app.decorate('hasConsole', options.console !== null);
  drainConnections(app, options.drainMilliseconds ?? 10_000);
  keepRoutes(app);
  findAddresses(app, addresses);
  traceRequests(app, options.tracing ?? null);
  setAnswerHeaders(app);
  logRequests(app);
  if (options.measures) measureRequests(app, options.measures);
  for (const schema of namedSchemas) app.addSchema(schema);
  const paths = rememberPaths(app);
  answerErrorsAsProblems(app, paths);
  receiveBodies(app);
  readInput(app);
  if (options.describe) options.describe(app);
  else {
    serveDocuments(app);
    if (options.console !== null) serveConsole(app, options.console);
  }
  addRoutes(app, context, options);
  app.register(async (root) => answerOtherMethods(root, paths));
  return app;
}

function serverOptions(options: AppOptions, connections: Connections): FastifyServerOptions {
  return {
    serverFactory: (handler) =>
      connections.guard(createServer(connections.receive(handler), options.tls, options.patience)),
    loggerInstance: options.logger,
    logController: new QuietLogController(),
    bodyLimit: options.bodyLimit ?? 64 * 1024,
    genReqId: requestIdOf,
    trustProxy: false,
    // The longest parameter is a name, written with a percent sign for each octet.
    routerOptions: { maxParamLength: longestEncodedParameter },
    // Requests that have arrived are answered: the process stops accepting connections before it closes.
    return503OnClosing: false,
    clientErrorHandler: answerUnreadableRequest,
    frameworkErrors(error, request, reply) {
      if (request.url.startsWith(`${scimPrefix}/`)) answerUnroutableScim(error, request, reply);
      else answerUnroutableRequest(error, request, reply);
      // No hook runs for it.
      options.measures?.answered(request.method, null, reply.statusCode, reply.elapsedTime / 1000);
    },
    // Only as an option of the server does it hold in scopes that add schemas.
    schemaController: {
      compilersFactory: { buildSerializer: () => () => JSON.stringify, buildValidator: buildRequestValidator },
    },
    ajv: {
      // `verbose` adds to an error the schema that it is about. A test checks the schemas themselves: doing it at each
      // start would take longer than to compile them.
      customOptions: {
        allErrors: true,
        verbose: true,
        coerceTypes: false,
        removeAdditional: false,
        meta: false,
        validateSchema: false,
      },
    },
  };
}

function certificateListenerOf(
  app: App,
  { tls, callersAuthority }: AppOptions,
  connections: Connections,
): CertificateListener | null {
  if (tls === undefined || callersAuthority === undefined) return null;
  return new CertificateListener({
    handler: connections.receive((request, response) => {
      app.routing(request, response);
    }),
    pair: tls,
    certificateAuthority: callersAuthority,
    connections,
  });
}

function addRoutes(app: App, context: RouteContext, options: AppOptions): void {
  const failuresPerMinute = options.failedAuthenticationsPerMinute ?? 60;
  app.register(async (root) => addHealth(root, context));
  app.register(async (forCallers) => {
    authenticateCallers(forCallers, context.authenticator, {
      failuresPerMinute,
      publicUrl: options.publicUrl ?? null,
      budgets: context.budgets,
    });
    requireRoles(forCallers);
    negotiateMediaTypes(forCallers);
    addMetrics(forCallers, context);
    forCallers.register(
      async (version1) => {
        for (const addResource of options.resources ?? everyResource) addResource(version1, context);
      },
      { prefix: '/v1' },
    );
  });
  app.register(
    async (version1) => {
      negotiateMediaTypes(version1);
      for (const addResource of publicResources) addResource(version1, context);
      addLogin(version1, context, failuresPerMinute);
    },
    { prefix: '/v1' },
  );
  app.register(async (scim) => addScim(scim, context, failuresPerMinute), { prefix: scimPrefix });
}

/**
 * Lets the app close in order: requests that are under way are answered, and idle connections are closed as soon as
 * they are idle. After `milliseconds` all connections are cut that are still open, also those that never began to
 * speak. So closing always ends.
 */
function drainConnections(app: App, milliseconds: number): void {
  const { certificateListener: second, connections } = app;
  let secondEnds = Promise.resolve();
  let idle: NodeJS.Timeout | undefined;
  let late: NodeJS.Timeout | undefined;
  app.addHook('preClose', (done) => {
    secondEnds = second?.close() ?? secondEnds;
    connections.endWaits();
    idle = setInterval(() => {
      app.server.closeIdleConnections();
      second?.server.closeIdleConnections();
    }, 50);
    late = setTimeout(() => {
      const cut = connections.destroyAll();
      if (cut > 0) app.log.warn({ connections: cut }, 'connections are still open: they are cut');
    }, milliseconds);
    done();
  });
  // Runs when the last connection of the app's own server has ended.
  app.addHook('onClose', async () => {
    await secondEnds;
    clearInterval(idle);
    clearTimeout(late);
    connections.stop();
  });
}
