import { CSR_PEM_LABEL, encodePem } from '@kubepass/x509';
import { activateIssuer } from './activate-issuer.js';
import { probeIssuer, type ProbingContext } from './probe-issuer.js';
import { listIssuers, requestCertification, showIssuer } from './read-issuers.js';
import { retireIssuer } from './retire-issuer.js';
import { derBody, json, operation, response, textBody } from '../../http/answers/responses.js';
import { ListQuerySchema, pageBody, pageOfList, pageQuery, pageResponse } from '../../http/answers/page-schemas.js';
import { ClusterParamsSchema } from '../../http/schemas/cluster-parts.js';
import { callerOf } from '../../http/hooks/authentication.js';
import { granted, RefusalError } from '../../http/problems/refusal-to-problem.js';
import { certificatePem, certificationRequestPem } from '../../http/schemas/example-certificate.js';
import { ref } from '../../http/schemas/schema-parts.js';
import type { App } from '../../http/server/types.js';
import * as schemas from './issuer-schemas.js';
import { issuerView } from './issuer-schemas.js';
import type { Context } from '../../context/context.js';

const issuerAnswer = json(schemas.IssuerSchema, { description: 'The issuer.' });
/** A body may be left out. */
const forAdmins = { action: 'manage-issuers', optionalBody: true, budgetUse: 'writing' } as const;

export function addIssuers(app: App, context: ProbingContext): void {
  addReading(app, context);
  addCertificationRequest(app, context);
  addChanges(app, context);
}

function addReading(app: App, context: Context): void {
  app.get(
    '/clusters/:name/issuers',
    operation({
      operationId: 'listIssuers',
      tags: ['clusters'],
      summary: 'List the issuers of a cluster',
      description: 'The CAs whose keys kubepass uses; none if the cluster signs by itself.',
      params: ClusterParamsSchema,
      querystring: ListQuerySchema,
      response: { 200: pageResponse(schemas.IssuerListSchema, 'A page.') },
      problems: ['not-found'],
    }),
    async (request, reply) => {
      const all = granted(await listIssuers(context, callerOf(request), request.params.name));
      return pageBody(
        request,
        reply,
        pageOfList(all, pageQuery(request.query), ({ name }) => name),
        issuerView,
      );
    },
  );

  app.get(
    '/clusters/:name/issuers/:issuer',
    operation({
      config: { produces: ['application/json', 'application/pem-certificate-chain'] },
      operationId: 'getIssuer',
      tags: ['clusters'],
      summary: 'Read an issuer',
      description: 'PEM is its certificate and its chain.',
      params: schemas.IssuerParamsSchema,
      response: {
        200: response(
          {
            'application/json': ref(schemas.IssuerSchema),
            'application/pem-certificate-chain': textBody('PEM.', certificatePem),
          },
          { description: 'The issuer.' },
        ),
      },
      problems: ['not-found'],
    }),
    async (request, reply) => {
      const { name, issuer } = request.params;
      const { view, pem } = granted(await showIssuer(context, callerOf(request), name, issuer));
      if (request.answerType === 'application/json') return issuerView(view);
      if (pem === null) throw new RefusalError({ kind: 'not-found' });
      return reply.type(request.answerType).send(pem);
    },
  );
}

function addCertificationRequest(app: App, context: Context): void {
  app.get(
    '/clusters/:name/issuers/:issuer/certification-request',
    operation({
      config: {
        action: 'manage-issuers',
        produces: ['application/json', 'application/x-pem-file', 'application/pkcs10'],
      },
      operationId: 'getIssuerCertificationRequest',
      tags: ['clusters'],
      summary: 'Have an issuer ask for its certificate',
      description: 'A certification request for a CA with path length 0, signed by the issuer’s key.',
      params: schemas.IssuerParamsSchema,
      response: {
        200: response(
          {
            'application/json': ref(schemas.IssuerRequestSchema),
            'application/x-pem-file': textBody('PEM.', certificationRequestPem),
            'application/pkcs10': derBody('DER.', certificationRequestPem),
          },
          { description: 'PKCS#10 (RFC 2986).' },
        ),
      },
      problems: ['not-found', 'state-conflict'],
    }),
    async (request, reply) => {
      const { name, issuer } = request.params;
      const der = granted(await requestCertification(context, callerOf(request), name, issuer));
      if (request.answerType === 'application/pkcs10') return reply.type(request.answerType).send(der);
      const pem = encodePem(CSR_PEM_LABEL, der);
      return request.answerType === 'application/json' ? { pem } : reply.type(request.answerType).send(pem);
    },
  );
}

function addChanges(app: App, context: ProbingContext): void {
  app.post(
    '/clusters/:name/issuers/:issuer/probe',
    operation({
      config: { action: 'manage-issuers', budgetUse: 'writing' },
      operationId: 'probeIssuer',
      tags: ['clusters'],
      summary: 'Probe an issuer',
      description:
        'Has it sign a certificate for `kubepass-probe`, valid for ten minutes, and shows that to each API server.',
      params: schemas.IssuerParamsSchema,
      response: { 200: issuerAnswer },
      problems: ['not-found', 'state-conflict'],
    }),
    async (request) => {
      const { name, issuer } = request.params;
      return issuerView(granted(await probeIssuer(context, callerOf(request), name, issuer)));
    },
  );

  app.post(
    '/clusters/:name/issuers/:issuer/activate',
    operation({
      config: forAdmins,
      operationId: 'activateIssuer',
      tags: ['clusters'],
      summary: 'Let an issuer sign from now on',
      description: 'Probes it first: every API server must accept it. The issuer before it becomes `retiring`.',
      params: schemas.IssuerParamsSchema,
      body: ref(schemas.IssuerActivationSchema),
      response: { 200: issuerAnswer },
      problems: ['not-found', 'state-conflict', 'issuer-not-accepted'],
    }),
    async (request) => {
      const { name, issuer } = request.params;
      const { comment = null, withoutProbe = false } = request.body;
      const options = { comment, withoutProbe };
      return issuerView(granted(await activateIssuer(context, callerOf(request), name, issuer, options)));
    },
  );

  app.post(
    '/clusters/:name/issuers/:issuer/retire',
    operation({
      config: forAdmins,
      operationId: 'retireIssuer',
      tags: ['clusters'],
      summary: 'Take an issuer out of the bundle',
      description:
        'Once none of its certificates is live. Aggregated API servers go on trusting it: the ConfigMap ' +
        '`extension-apiserver-authentication` only grows.',
      params: schemas.IssuerParamsSchema,
      body: ref(schemas.IssuerRetirementSchema),
      response: { 200: issuerAnswer },
      problems: ['not-found', 'state-conflict', 'issuer-in-use'],
    }),
    async (request) => {
      const { name, issuer } = request.params;
      const { comment = null, abandonLive = false } = request.body;
      const options = { comment, abandonLive };
      return issuerView(granted(await retireIssuer(context, callerOf(request), name, issuer, options)));
    },
  );
}
