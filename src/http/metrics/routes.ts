import type { Services } from '../server/services.js';
import { callerOf } from '../plugins/authentication.js';
import { granted } from '../problems/refusal-to-problem.js';
import { longest, problems, response, textBody } from '../answers/responses.js';
import type { App } from '../server/types.js';

const example = `# HELP kubepass_issuances_total Attempts at issuing a certificate that have ended; abandoned: the request is approved again.
# TYPE kubepass_issuances_total counter
kubepass_issuances_total{cluster="demo",signer="localCA",outcome="issued"} 42
`;

/** The figures for Prometheus on the port of the service itself. The listener of their own needs no token. */
export function addMetrics(app: App, { metrics }: Services): void {
  app.get(
    '/metrics',
    {
      config: { action: 'read-metrics', produces: ['text/plain'] },
      schema: {
        operationId: 'readMetrics',
        tags: ['service'],
        summary: 'Read the metrics of the service',
        description:
          'In the Prometheus exposition format; docs/operations.md lists the metrics. The same text is on the listener that `metrics` ' +
          'in the configuration opens. No name of a person, group or token and no serial number is in it.',
        response: {
          200: response(
            { 'text/plain': textBody('One line for each series.', example, longest.whole) },
            { description: 'The metrics of this replica.' },
          ),
          ...problems('not-permitted'),
        },
      },
    },
    async (request, reply) => {
      const { contentType, text } = granted(await metrics.read(callerOf(request)));
      return reply.type(contentType).send(text);
    },
  );
}
