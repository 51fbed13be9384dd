import { Type } from 'typebox';
import { renewCertificate } from './renew-certificate.js';
import {
  answerOnce,
  idempotencyKeyHeader,
  longestWaitSeconds,
  preferenceApplied,
  preferHeader,
  preferredWait,
} from '../http/answers/idempotency.js';
import { CertificateRequestSpecSchema } from './request-schemas.js';
import {
  awaitingResponse,
  createdKubeconfigAnswer,
  kubeconfigForms,
  kubeconfigMediaTypes,
  kubeconfigResponse,
} from './kubeconfig-routes.js';
import { callerOf } from '../http/hooks/authentication.js';
import { whileWaiting } from '../http/hooks/waits.js';
import { granted } from '../http/problems/refusal-to-problem.js';
import { operation } from '../http/answers/responses.js';
import { namedObject, ref } from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import { FingerprintParamsSchema, showingNow } from '../access/certificate-schemas.js';
import type { Context } from '../context/context.js';
import type { HttpContext } from '../http/server/http-context.js';

const { csr, keyAlgorithm, expirationSeconds, reason } = CertificateRequestSpecSchema.properties;

const RenewalSpecSchema = namedObject(
  'RenewalSpec',
  'A request for a new certificate in place of another one. May be left out.',
  { csr, keyAlgorithm, expirationSeconds, reason },
  [{ expirationSeconds: 86400 }],
);

const preferenceHeader = { 'Preference-Applied': 'With `csr`: the `wait=N` that was applied.' };

export function addRenewal(app: App, context: Context & Pick<HttpContext, 'idempotency'>): void {
  const { idempotency } = context;
  app.post(
    '/certificates/:fingerprintSha256/renew',
    operation({
      config: {
        action: 'request-certificates',
        produces: kubeconfigMediaTypes,
        optionalBody: true,
        takesKeyProofs: true,
        budgetUse: 'writing',
      },
      operationId: 'renewCertificate',
      tags: ['certificates'],
      summary: 'Request a new certificate in place of this one',
      description:
        'Requests a certificate for the same cluster, username, groups, namespace, labels, collector and lifetime, with another ' +
        'key. The requester, the collector and admins may do this. Policies of today decide; with `renewal` a policy may ask ' +
        'nobody again. This certificate goes on working until it ends or is revoked. Without `csr` the key is generated for the ' +
        'collector, and in this answer alone; with `csr` the kubeconfig has `client-key: client.key`. The holder of the key of ' +
        'this certificate needs no other credential: `Authorization: KubepassProof`, as docs/kubectl-plugin.md describes it. ' +
        kubeconfigForms,
      headers: Type.Object({ ...idempotencyKeyHeader, ...preferHeader }),
      params: FingerprintParamsSchema,
      body: ref(RenewalSpecSchema),
      response: {
        201: kubeconfigResponse('A kubeconfig; without `csr`, with the private key in it.', {
          Location: 'The certificate request.',
          ...preferenceHeader,
        }),
        202: awaitingResponse(
          'A person must decide on it, somebody else collects the key, or the certificate for `csr` is not issued yet.',
          preferenceHeader,
        ),
      },
      problems: [
        'policy-denied',
        'not-found',
        'state-conflict',
        'unacceptable-csr',
        'idempotency-key-in-flight',
        'idempotency-key-reused',
        'key-already-collected',
        'issuance-failed',
        'issuance-unavailable',
      ],
    }),
    (request, reply) => {
      const caller = callerOf(request);
      const wait = preferredWait(request.raw.headers['prefer']?.toString());
      return answerOnce(idempotency, request, reply, async (claimed) => {
        const { fingerprintSha256 } = request.params;
        const renew = (over?: AbortSignal) =>
          renewCertificate(context, caller, fingerprintSha256, request.body, {
            waitSeconds: wait ?? longestWaitSeconds,
            idempotency: claimed,
            ...(over && { over }),
          });
        // A key that is generated is lost if its connection ends, so the connection is not cut in favour of others.
        const isKeyOwn = request.body.csr !== undefined;
        const renewed = await (isKeyOwn ? whileWaiting(request, reply, renew) : renew());
        const created = granted(renewed);
        const { answer, holdsPrivateKey } = createdKubeconfigAnswer(created, request.answerType, showingNow(context));
        // A key that is generated is lost unless it is waited for, however long that takes.
        const applied = request.body.csr === undefined ? {} : preferenceApplied(wait);
        // A proof reads no request: a repeat is the only way to the certificate that comes later.
        const isInterim = caller.proof !== undefined && created.kind === 'awaiting';
        return { answer: { ...answer, headers: { ...answer.headers, ...applied } }, holdsPrivateKey, isInterim };
      });
    },
  );
}
