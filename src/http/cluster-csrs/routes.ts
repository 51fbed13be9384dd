import { InvalidCursorError } from '../../model/errors.js';
import type { Services } from '../../services.js';
import { linkToNext, pageQuery } from '../pages.js';
import { callerOf } from '../plugins/authentication.js';
import { ClusterCsrListSchema, ClusterCsrParams, ClusterCsrQuery, ClusterCsrSchema } from './schemas.js';
import { ClusterParams } from '../clusters/schemas.js';
import { ref } from '../field-schemas.js';
import { problems, response, textOf } from '../responses.js';
import { sendRefusal } from '../problems/send-refusal.js';
import type { App } from '../types.js';
import { clusterCsrDescription, clusterCsrTable } from './cluster-csr-text.js';
import { clusterCsrView } from './views.js';

const produces = ['application/json', 'text/plain'];

/** What `kubectl get csr` and `kubectl describe csr` show, with what is in the requests. */
export function addClusterCsrs(app: App, { clusters }: Services): void {
  app.get(
    '/clusters/:name/certificate-signing-requests',
    {
      config: { produces },
      schema: {
        operationId: 'listCertificateSigningRequests',
        tags: ['clusters'],
        summary: 'List the CSR objects in a cluster, whoever made them',
        description:
          'Read from the cluster at each call. A cluster deletes them an hour after they are issued, and after a day ' +
          'at the latest.',
        params: ClusterParams,
        querystring: ClusterCsrQuery,
        response: {
          200: response(
            {
              'application/json': ref(ClusterCsrListSchema),
              'text/plain': textOf('As `kubectl get csr` prints it.'),
            },
            { description: 'A page.', headers: { Link: '`rel="next"` where there is more.' } },
          ),
          ...problems(403, 404, 409, 502),
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor } = pageQuery(request.query);
      const range = { limit, after: cursor === null ? null : nameIn(cursor) };
      const outcome = await clusters.certificateSigningRequests(callerOf(request), request.params.name, range);
      if (!outcome.ok) return sendRefusal(reply, outcome.refusal);
      const { items, more } = outcome.value;
      const last = items.at(-1);
      const nextCursor = more && last ? cursorTo(last.name) : null;
      linkToNext(request, reply, nextCursor);
      return request.answerType === 'text/plain'
        ? reply.type('text/plain; charset=utf-8').send(clusterCsrTable(items))
        : { items: items.map(clusterCsrView), nextCursor };
    },
  );

  app.get(
    '/clusters/:name/certificate-signing-requests/:csrName',
    {
      config: { produces },
      schema: {
        operationId: 'getCertificateSigningRequest',
        tags: ['clusters'],
        summary: 'Read a CSR object in a cluster',
        params: ClusterCsrParams,
        response: {
          200: response(
            {
              'application/json': ref(ClusterCsrSchema),
              'text/plain': textOf('As `kubectl describe csr` prints it.'),
            },
            { description: 'The object.' },
          ),
          ...problems(403, 404, 409, 502),
        },
      },
    },
    async (request, reply) => {
      const { name, csrName } = request.params;
      const outcome = await clusters.certificateSigningRequest(callerOf(request), name, csrName);
      if (!outcome.ok) return sendRefusal(reply, outcome.refusal);
      return request.answerType === 'text/plain'
        ? reply.type('text/plain; charset=utf-8').send(clusterCsrDescription(outcome.value))
        : clusterCsrView(outcome.value);
    },
  );
}

// The list goes on after a name, whether or not there is still an object of that name.
const cursorTo = (name: string): string => Buffer.from(name, 'utf8').toString('base64url');

function nameIn(cursor: string): string {
  const name = Buffer.from(cursor, 'base64url').toString('utf8');
  if (cursorTo(name) !== cursor) throw new InvalidCursorError('the cursor is not one of this list');
  return name;
}
