import { Type, type Static } from 'typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../../model/principal.js';
import { credentialOf, callerOf } from '../hooks/authentication.js';
import { logUnavailable } from '../hooks/errors.js';
import { originOfPages } from '../hooks/pages.js';
import { LineLimit, totalOf, untilClosed } from '../hooks/every-request.js';
import { problem, sendProblem } from '../problems/problem.js';
import { json, longest, operation, response, textBody } from '../answers/responses.js';
import { textOf, viewOf } from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';
import { HealthSchema } from '../schemas/readiness.js';
import { granted } from '../problems/refusal-to-problem.js';
import type { HttpContext } from '../server/http-context.js';
import { NotReadyError, StoreUnavailableError } from '../../model/errors.js';
import type { HealthService } from '../../model/health.js';
import type { MetricsText } from '../../model/measures.js';
import type { Outcome } from '../../model/outcome.js';

type HealthBody = Static<typeof HealthSchema>;
const ok: HealthBody = { status: 'ok' };
const healthView = viewOf(HealthSchema);

/** Anybody may ask: so many answers that the service is not ready are logged one by one in a minute. */
const mostNotReady = 60;

export interface HealthContext extends Pick<HttpContext, 'authenticator'> {
  readonly health: HealthService;
}

export interface MetricsContext {
  /** For auditors and admins. */
  readonly metrics: { read(principal: Principal): Promise<Outcome<MetricsText>> };
}

export function addHealth(app: App, { health, authenticator }: HealthContext): void {
  const limit = new LineLimit({
    most: mostNotReady,
    mostKeys: 1,
    report: (unlogged) => {
      app.log.warn({ answers: totalOf(unlogged) }, 'not ready, more often than was logged one by one');
    },
  });
  untilClosed(app, limit);
  app.get(
    '/livez',
    operation({
      config: { untraced: true },
      operationId: 'livez',
      tags: ['operators'],
      summary: 'Check whether the process answers',
      description: 'Looks at nothing else: restart the process if it does not answer.',
      security: [],
      response: { 200: json(HealthSchema, { description: 'The process answers.' }) },
    }),
    async () => ok,
  );

  app.get(
    '/readyz',
    operation({
      config: { untraced: true },
      operationId: 'readyz',
      tags: ['operators'],
      summary: 'Check whether the service can do its work',
      description:
        'Asks the database. Send no calls here while it answers 503. A cluster that is out of reach is no reason for that: ' +
        'the service goes on for the others. `verbose` tells the state of each component, also with 503; a token of an ' +
        'auditor or an admin, which is optional here, adds the names of clusters.',
      security: [],
      querystring: Type.Object({
        verbose: Type.Optional(
          textOf('With any value: answer with `notes`, `restored` and `components`.', 'true', { maxLength: 8 }),
        ),
      }),
      response: { 200: json(HealthSchema, { description: 'The service can do its work.' }) },
      problems: ['service-unavailable'],
    }),
    async (request, reply): Promise<HealthBody | FastifyReply> => {
      const isVerbose = request.query.verbose !== undefined;
      const reporting = async () => {
        const { components, clusters } = await health.report(await viewerOf(request, authenticator));
        return { ...ok, components, clusters: clusters ?? undefined };
      };
      try {
        await health.ready();
      } catch (error) {
        if (limit.admits('readyz')) logUnavailable(request, error, 'not ready');
        const { status: _status, ...members } = isVerbose ? healthView(await reporting()) : ok;
        const headers = { 'retry-after': '5' };
        return sendProblem(reply, problem('service-unavailable', whyNotReady(error), { members, headers }));
      }
      if (!isVerbose) return ok;
      const [report, { restored, notes }] = await Promise.all([reporting(), health.restored()]);
      return healthView({ ...report, restored, notes: [...notes, ...health.notes()] });
    },
  );
}

/** The words of a database are for the log: they may name hosts, and anybody may ask here. */
const whyNotReady = (error: unknown): string =>
  error instanceof NotReadyError || error instanceof StoreUnavailableError
    ? `not ready: ${error.message}`
    : 'not ready: the database does not answer; the log has its error';

/** The caller; null where nobody knows now who it is. This route has no limit for guesses, and a guess costs little. */
async function viewerOf(
  request: FastifyRequest,
  authenticator: HttpContext['authenticator'],
): Promise<Principal | null> {
  const credential = credentialOf(request, originOfPages(request, request.server.browsers) !== null);
  if (credential === null) return null;
  const authentication = await authenticator.authenticate(credential).catch(() => null);
  return authentication?.outcome === 'authenticated' ? authentication.principal : null;
}

const example = `# HELP kubepass_issuances_total Attempts at issuing a certificate that have ended; abandoned: the request is approved again.
# TYPE kubepass_issuances_total counter
kubepass_issuances_total{cluster="demo",signer="localCA",outcome="issued"} 42
`;

/** The figures for Prometheus on the port of the service itself. The listener of their own needs no token. */
export function addMetrics(app: App, { metrics }: MetricsContext): void {
  app.get(
    '/metrics',
    operation({
      config: { action: 'read-metrics', produces: ['text/plain'] },
      operationId: 'readMetrics',
      tags: ['operators'],
      summary: 'Read the metrics of the service',
      description:
        'In the Prometheus exposition format; docs/metrics.md lists the metrics. The same text is on the listener that `metrics` ' +
        'in the configuration opens. No name of a person, group or token and no serial number is in it.',
      response: {
        200: response(
          { 'text/plain': textBody('One line for each series.', example, longest.whole) },
          { description: 'The metrics of this replica.' },
        ),
      },
    }),
    async (request, reply) => {
      const { contentType, text } = granted(await metrics.read(callerOf(request)));
      return reply.type(contentType).send(text);
    },
  );
}
