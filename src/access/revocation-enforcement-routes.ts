import { authorizationConfiguration, revocationPolicy, webhookKubeconfig } from './render-revocation-enforcement.js';
import { reviewAccess, type ReviewContext } from './answer-subject-access-review.js';
import { callerOf } from '../http/hooks/authentication.js';
import { granted } from '../http/problems/refusal-to-problem.js';
import { documentMediaTypes, documentResponse, sendDocument } from '../http/answers/kubernetes-documents.js';
import { json, operation } from '../http/answers/responses.js';
import { ref } from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import * as schemas from './revocation-enforcement-schemas.js';
import { defaultDirectory } from './revocation-enforcement-schemas.js';

const files = { action: 'read-enforcement', produces: documentMediaTypes, forReviewers: true } as const;

export function addEnforcement(app: App, context: ReviewContext): void {
  app.post(
    '/clusters/:name/access-reviews',
    {
      // The groups of a user can be many.
      bodyLimit: 1024 * 1024,
      ...operation({
        // kubepass promises API servers that no review is answered 429: an API server repeats such a call for seconds.
        config: { action: 'review-access', fromMemory: true, forReviewers: true, budgetUse: 'nothing' },
        operationId: 'reviewAccess',
        tags: ['operators'],
        summary: 'Review a request to a cluster',
        description:
          'For the authorization webhook of the cluster’s API server: the role `reviewer` of this cluster, and admins who ' +
          'try it out. Denies the request if the user’s client certificate is revoked. Of a username that is blocked, or ' +
          'has a revoked certificate that has not expired, only its other live certificates pass; everything else may ' +
          'be a revoked one in another encoding. Has no opinion otherwise. ' +
          'Answers from memory, looks up only what it does not know, and never answers 429 or 5xx.',
        params: schemas.EnforcementParamsSchema,
        querystring: schemas.AccessReviewQuerySchema,
        body: ref(schemas.SubjectAccessReviewSchema),
        response: {
          200: json(schemas.ReviewedAccessSchema, { description: 'The review.' }),
        },
        problems: ['not-found'],
      }),
    },
    async (request) => {
      const caller = callerOf(request);
      const value = granted(await reviewAccess(context, caller, request.params.name, request.body.spec));
      if (caller.cluster !== null) app.connections.reviewed(request.raw.socket, caller.cluster);
      // The API server has its own audit log. Here a line for each request of each person would hide all others.
      request.unlogged = !value.denied;
      return {
        apiVersion: 'authorization.k8s.io/v1' as const,
        kind: 'SubjectAccessReview' as const,
        status: { allowed: false, denied: value.denied, ...(value.denied && { reason: value.reason }) },
      };
    },
  );

  app.get(
    '/clusters/:name/authorization-configuration',
    operation({
      config: files,
      operationId: 'getAuthorizationConfiguration',
      tags: ['operators'],
      summary: 'Render the authorization configuration of a cluster',
      description:
        'The file for `--authorization-config` of kube-apiserver, in place of `--authorization-mode`. With mode `webhook` ' +
        'the API server asks kubepass about every person with a client certificate. With mode `listed` the file names the ' +
        'usernames with revoked certificates and their live certificates, and kubepass is asked about whatever else comes ' +
        'with these usernames; each revocation makes another file.',
      params: schemas.EnforcementParamsSchema,
      querystring: schemas.AuthorizationConfigurationQuerySchema,
      response: {
        200: documentResponse('An AuthorizationConfiguration, as one document.'),
      },
      problems: ['not-found', 'enforcement-unavailable'],
    }),
    async (request, reply) => {
      const { mode, directory = defaultDirectory } = request.query;
      const caller = callerOf(request);
      const options = { ...(mode && { mode }), directory };
      const outcome = await authorizationConfiguration(context, caller, request.params.name, options);
      return sendDocument(request, reply, granted(outcome));
    },
  );

  app.get(
    '/clusters/:name/authorization-webhook-kubeconfig',
    operation({
      config: files,
      operationId: 'getAuthorizationWebhookKubeconfig',
      tags: ['operators'],
      summary: 'Render the kubeconfig of the authorization webhook',
      description:
        'The file that the authorization configuration names. It holds no token: put the token of a `reviewer` into the ' +
        'file that `tokenFile` names.',
      params: schemas.EnforcementParamsSchema,
      querystring: schemas.DirectoryQuerySchema,
      response: {
        200: documentResponse('A kubeconfig.'),
      },
      problems: ['not-found', 'enforcement-unavailable'],
    }),
    async (request, reply) => {
      const { directory = defaultDirectory } = request.query;
      const outcome = webhookKubeconfig(context, callerOf(request), request.params.name, { directory });
      return sendDocument(request, reply, granted(outcome));
    },
  );

  app.get(
    '/clusters/:name/revocation-policy',
    operation({
      config: files,
      operationId: 'getRevocationPolicy',
      tags: ['operators'],
      summary: 'Render the admission policy that refuses revoked certificates',
      description:
        'Manifests for `kubectl apply`, for clusters whose API server takes no files: a ValidatingAdmissionPolicy, its ' +
        'binding, and the ConfigMap that kubepass keeps current with mode `admission`. Reading goes on.',
      params: schemas.EnforcementParamsSchema,
      response: { 200: documentResponse('Manifests; as JSON, a `List` of them.') },
      problems: ['not-found'],
    }),
    async (request, reply) =>
      sendDocument(request, reply, granted(revocationPolicy(context, callerOf(request), request.params.name))),
  );
}
