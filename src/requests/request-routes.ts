import { Type } from 'typebox';
import { labelIn } from '../model/certificate-request.js';
import type { Outcome } from '../model/outcome.js';
import { collectKubeconfig } from './collect-kubeconfig.js';
import { type CertificateRequestView, createRequest } from './create-request.js';
import { approveRequest, cancelRequest, denyRequest } from './decide-request.js';
import {
  type ExplainingContext,
  findCertificateOfRequest,
  findRequest,
  kubeconfigWithKeyPath,
  listRequests,
} from './read-requests.js';
import { showingNow } from '../access/certificate-schemas.js';
import { certificateMediaTypes, certificateResponses, sendCertificate } from '../access/send-certificate.js';
import {
  answerOnce,
  idempotencyKeyHeader,
  jsonAnswer,
  preferenceApplied,
  preferHeader,
  preferredWait,
} from '../http/answers/idempotency.js';
import { pageBody, pageQuery, pageResponse } from '../http/answers/page-schemas.js';
import { kubeconfigForms, kubeconfigMediaTypes, kubeconfigResponse, sendKubeconfig } from './kubeconfig-routes.js';
import { callerOf } from '../http/hooks/authentication.js';
import { whileWaiting } from '../http/hooks/waits.js';
import { granted, requestLocation } from '../http/problems/refusal-to-problem.js';
import { json, operation } from '../http/answers/responses.js';
import { NothingSchema, ref } from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import * as schemas from './request-schemas.js';
import { certificateRequestView } from './request-schemas.js';
import type { HttpContext } from '../http/server/http-context.js';

const decisions = {
  approve: {
    act: approveRequest,
    summary: 'Approve a pending request',
    description:
      'For approvers and admins, but not for the requester, the collector or the person whose username it is. With the ' +
      'last approval the request is `approved`; if it has a `csr`, issuing starts. Policy is asked once more, and may ' +
      'deny now.',
    problems: ['policy-denied'],
    budgetUse: 'writing',
  },
  deny: {
    act: denyRequest,
    summary: 'Deny a pending request',
    description: 'For everybody who could approve it. The request ends as `denied`.',
    problems: [],
    budgetUse: 'endingAccess',
  },
  cancel: {
    act: cancelRequest,
    summary: 'Cancel a request whose certificate is not issued yet',
    description: 'For its requester and for admins. The request ends as `cancelled`.',
    problems: [],
    budgetUse: 'endingAccess',
  },
} as const;

export function addCertificateRequests(app: App, context: ExplainingContext & Pick<HttpContext, 'idempotency'>): void {
  const { idempotency } = context;
  const viewOf = (outcome: Outcome<CertificateRequestView>) =>
    certificateRequestView(granted(outcome), showingNow(context));

  app.post(
    '/certificate-requests',
    operation({
      config: { action: 'request-certificates', budgetUse: 'writing' },
      operationId: 'createCertificateRequest',
      tags: ['certificate-requests'],
      summary: 'Request a certificate',
      description:
        'With `csr` the caller keeps the key. Without it, a key is generated when the kubeconfig is collected. A ' +
        'request that policy denies is recorded, and answered 403 with every violation.',
      headers: Type.Object({ ...idempotencyKeyHeader, ...preferHeader }),
      body: ref(schemas.CertificateRequestSpecSchema),
      response: {
        201: json(schemas.CertificateRequestSchema, {
          description: 'The request is recorded.',
          headers: {
            Location: 'The request.',
            'Preference-Applied': 'The `wait=N` that was applied.',
          },
        }),
      },
      problems: ['policy-denied', 'unacceptable-csr', 'idempotency-key-in-flight', 'idempotency-key-reused'],
    }),
    (request, reply) => {
      const wait = preferredWait(request.raw.headers['prefer']?.toString());
      return answerOnce(idempotency, request, reply, async (claimed) => {
        const create = (over?: AbortSignal) => {
          const options = { waitSeconds: wait ?? 0, idempotency: claimed, ...(over && { over }) };
          return createRequest(context, callerOf(request), request.body, options);
        };
        const view = granted(await (wait ? whileWaiting(request, reply, create) : create()));
        const headers = { location: requestLocation(view.request.id), ...preferenceApplied(wait) };
        return {
          answer: jsonAnswer(201, certificateRequestView(view, showingNow(context)), headers),
          holdsPrivateKey: false,
        };
      });
    },
  );

  app.get(
    '/certificate-requests',
    operation({
      config: { withoutRole: true },
      operationId: 'listCertificateRequests',
      tags: ['certificate-requests'],
      summary: 'List the requests that you may read',
      description:
        'Requesters read what they requested or may collect; approvers, auditors and admins read all. Filters are ' +
        'combined with AND.',
      querystring: schemas.CertificateRequestQuerySchema,
      response: {
        200: pageResponse(
          schemas.CertificateRequestListSchema,
          'A page, newest first; with `decided`, newest decision first; else with `usernamePrefix`, by username.',
        ),
      },
    }),
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, label, ...others } = request.query;
      const filter = { ...others, ...(label !== undefined && { labels: label.map(labelIn) }) };
      const page = await listRequests(context, callerOf(request), filter, pageQuery(request.query));
      const showing = { ...showingNow(context), isListed: true } as const;
      return pageBody(request, reply, page, (view) => certificateRequestView(view, showing));
    },
  );

  app.get(
    '/certificate-requests/:id',
    operation({
      config: { withoutRole: true },
      operationId: 'getCertificateRequest',
      tags: ['certificate-requests'],
      summary: 'Read a request, its decision and its history',
      description:
        'Read it again until `state` is `issued`, or an end without a certificate. `decision.trace` shows how each ' +
        'policy judged it, `timeline` what happened since.',
      params: schemas.CertificateRequestParamsSchema,
      response: {
        200: json(schemas.CertificateRequestSchema, {
          description: 'The request.',
        }),
      },
      problems: ['not-found'],
    }),
    async (request) => viewOf(await findRequest(context, callerOf(request), request.params.id)),
  );

  for (const decision of ['approve', 'deny', 'cancel'] as const) {
    app.post(
      `/certificate-requests/:id/${decision}`,
      operation({
        config: { optionalBody: true, withoutRole: true, budgetUse: decisions[decision].budgetUse },
        operationId: `${decision}CertificateRequest`,
        tags: ['certificate-requests'],
        summary: decisions[decision].summary,
        description: decisions[decision].description,
        params: schemas.CertificateRequestParamsSchema,
        body: ref(schemas.CommentSchema),
        response: {
          200: json(schemas.CertificateRequestSchema, {
            description: 'The request as it is now.',
          }),
        },
        problems: [...decisions[decision].problems, 'not-found', 'state-conflict'],
      }),
      async (request) => {
        const { comment } = request.body;
        return viewOf(await decisions[decision].act(context, callerOf(request), request.params.id, comment ?? null));
      },
    );
  }

  app.get(
    '/certificate-requests/:id/certificate',
    operation({
      config: { produces: certificateMediaTypes, withoutRole: true },
      operationId: 'getIssuedCertificate',
      tags: ['certificate-requests'],
      summary: 'Read the certificate that was issued for a request',
      description: 'If it is being issued now, waits for its end for some seconds.',
      params: schemas.CertificateRequestParamsSchema,
      response: certificateResponses,
      problems: ['not-found', 'state-conflict'],
    }),
    async (request, reply) => {
      const certificate = granted(await findCertificateOfRequest(context, callerOf(request), request.params.id));
      return sendCertificate(request, reply, certificate, showingNow(context));
    },
  );

  app.get(
    '/certificate-requests/:id/kubeconfig',
    operation({
      config: { produces: kubeconfigMediaTypes, withoutRole: true },
      operationId: 'getKubeconfig',
      tags: ['certificate-requests'],
      summary: 'Read a kubeconfig that points to the file of your own key',
      description: `For a request with a \`csr\`: the key never reaches kubepass. ${kubeconfigForms}`,
      params: schemas.CertificateRequestParamsSchema,
      querystring: schemas.KubeconfigQuerySchema,
      response: { 200: kubeconfigResponse('A kubeconfig with `client-key: <path>`.') },
      problems: ['not-found', 'state-conflict'],
    }),
    async (request, reply) => {
      const { clientKeyPath } = request.query;
      const outcome = await kubeconfigWithKeyPath(context, callerOf(request), request.params.id, clientKeyPath);
      return sendKubeconfig(request, reply, granted(outcome), showingNow(context));
    },
  );

  app.post(
    '/certificate-requests/:id/kubeconfig',
    operation({
      config: { produces: kubeconfigMediaTypes, optionalBody: true, withoutRole: true, budgetUse: 'writing' },
      operationId: 'collectKubeconfig',
      tags: ['certificate-requests'],
      summary: 'Collect: generate the key, issue the certificate, and get the complete kubeconfig',
      description:
        'The private key is in this answer and nowhere else. Only the collector may do this, and only once. ' +
        kubeconfigForms,
      params: schemas.CertificateRequestParamsSchema,
      body: ref(NothingSchema),
      response: { 200: kubeconfigResponse('A kubeconfig with the private key in it.') },
      problems: [
        'policy-denied',
        'not-found',
        'state-conflict',
        'key-already-collected',
        'issuance-failed',
        'issuance-unavailable',
      ],
    }),
    async (request, reply) => {
      const outcome = await collectKubeconfig(context, callerOf(request), request.params.id);
      return sendKubeconfig(request, reply, granted(outcome), showingNow(context));
    },
  );
}
