import { Type } from 'typebox';
import type { RequestState } from '../../model/certificate-request.js';
import type { Services } from '../server/services.js';
import * as examples from './examples.js';
import { preferHeader, preferredWait, answerOnce, idempotencyKeyHeader } from '../answers/idempotency.js';
import { CertificateRequestSchema, CertificateRequestSpecSchema } from './schemas.js';
import { certificationRequestPem, kubeconfigYaml } from '../schemas/example-certificate.js';
import { createdKubeconfigAnswer, createdRequestAnswer } from './kubeconfigs.js';
import { callerOf } from '../plugins/authentication.js';
import { granted, RefusalError } from '../problems/refusal-to-problem.js';
import { json, operation, response, textBody } from '../answers/responses.js';
import { namedObject, ref } from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';
import { FingerprintParamsSchema } from '../certificates/schemas.js';

const yaml = 'application/yaml';

const { csr, keyAlgorithm, expirationSeconds, reason } = CertificateRequestSpecSchema.properties;

const RenewalSpecSchema = namedObject(
  'RenewalSpec',
  'A request for a new certificate in place of another one. May be left out.',
  { csr, keyAlgorithm, expirationSeconds, reason },
  [{ expirationSeconds: 86400 }],
);

const hasNoEnd = (state: RequestState): boolean => ['pending', 'approved', 'issuing'].includes(state);

export function addRenewal(app: App, { certificateRequests, idempotency, clock }: Services): void {
  app.post(
    '/certificates/:fingerprintSha256/renew',
    operation({
      config: {
        action: 'request-certificates',
        produces: ['application/json', yaml],
        optionalBody: true,
        takesKeyProofs: true,
        bodyExamples: {
          'kubepass generates the key': {},
          'the caller keeps the key': { csr: certificationRequestPem },
        },
      },
      operationId: 'renewCertificate',
      tags: ['certificates'],
      summary: 'Request a new certificate in place of this one',
      description:
        'Makes a certificate request for the same cluster, username, groups, namespace, labels and collector. The requester, ' +
        'the collector and admins may do this. The key must be a new one. Policies of today decide; with `renewal` a policy ' +
        'may ask nobody again. The old certificate goes on working until it ends or is ' +
        'revoked. `Accept: application/yaml`, without `csr`, gets the complete kubeconfig at once where policy permits. ' +
        'The holder of the key of the certificate needs no other credential: `Authorization: KubepassProof` with a proof ' +
        'of possession, which is described in docs/kubectl-plugin.md, and a `csr`.',
      headers: Type.Object({ ...idempotencyKeyHeader, ...preferHeader }),
      params: FingerprintParamsSchema,
      body: ref(RenewalSpecSchema),
      response: {
        201: response(
          {
            'application/json': ref(CertificateRequestSchema),
            [yaml]: textBody('A kubeconfig with the private key in it.', kubeconfigYaml),
          },
          {
            description: 'The request is recorded; as YAML: the kubeconfig.',
            example: examples.renewing,
            headers: { Location: 'The request.', 'Preference-Applied': 'The `wait=N` that was applied.' },
          },
        ),
        202: json(CertificateRequestSchema, {
          description:
            'A kubeconfig was asked for, and the request is recorded. A person must decide on it, or somebody else collects the key.',
          example: examples.pending,
          headers: { Location: 'The request.', 'Retry-After': 'When to ask again, in seconds.' },
        }),
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
      const { fingerprintSha256 } = request.params;
      const { csr, ...ask } = request.body;
      const wait = preferredWait(request.raw.headers['prefer']?.toString());
      return answerOnce(idempotency, request, reply, async (claimed) => {
        if (request.answerType === yaml) {
          const message =
            'a kubeconfig comes with a key that kubepass generates: leave csr out, or accept application/json';
          if (csr !== undefined)
            throw new RefusalError({ kind: 'invalid-request', errors: [{ pointer: '/csr', message }] });
          const options = { idempotency: claimed };
          const outcome = await certificateRequests.renewKubeconfig(callerOf(request), fingerprintSha256, ask, options);
          return createdKubeconfigAnswer(granted(outcome), yaml, clock());
        }
        const options = { waitSeconds: wait ?? 0, idempotency: claimed };
        const outcome = await certificateRequests.renew(callerOf(request), fingerprintSha256, request.body, options);
        const view = granted(outcome);
        // A proof reads no request: a repeat is the only way to the certificate that comes later.
        const isInterim = callerOf(request).proof !== undefined && hasNoEnd(view.request.state);
        return { ...createdRequestAnswer(view, wait, clock()), isInterim };
      });
    },
  );
}
