import { Type, type Static } from 'typebox';
import type { Services } from '../server/services.js';
import {
  CertificateRequestSchema,
  exampleRequests,
  CertificateRequestSpecSchema,
  certificateRequestView,
} from './schemas.js';
import * as examples from './examples.js';
import { kubeconfigYaml, certificateSha256 } from '../schemas/example-certificate.js';
import { answerOnce, idempotencyKeyHeader, jsonAnswer, type HttpAnswer, type Result } from '../answers/idempotency.js';
import { callerOf } from '../plugins/authentication.js';
import { granted, requestLocation } from '../problems/refusal-to-problem.js';
import { json, operation, response, textBody } from '../answers/responses.js';
import { ref, idOf, instantOf, namedObject, nameOf, oneOf, sha256Of, textOf, viewOf } from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';
import { keyAlgorithms } from '@kubepass/x509';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CertificateRequestView } from '../../requests/create-request.js';
import type { CollectedKubeconfig, CreatedKubeconfig } from '../../requests/collect-kubeconfig.js';
import { jsonMediaType } from '../plugins/request-input.js';

const yaml = 'application/yaml';

/** The two forms of a kubeconfig. YAML is the default, so that curl writes a file that kubectl reads. */
export const kubeconfigMediaTypes = [yaml, 'application/json'] as const;

/** For the description of an operation that answers a kubeconfig. */
export const kubeconfigForms =
  '`Accept: application/json` gets the YAML in a JSON object, beside the id of the request and the end of the certificate. ' +
  '`*/*`, or no `Accept`, gets the YAML alone.';

/** A kubeconfig in its two forms. `content` says which key is in it. */
export const kubeconfigResponse = (content: string, example: string, headers: Readonly<Record<string, string>> = {}) =>
  response(
    { [yaml]: textBody(content, example), 'application/json': ref(KubeconfigSchema) },
    {
      description: 'A kubeconfig.',
      headers: { ...headers, 'Cache-Control': '`no-store`' },
      example: { kubeconfig: example },
    },
  );

/** The kubeconfig in one of its two forms. It may hold a private key: never log it. */
function kubeconfigAnswer(
  { request, certificate, yaml: kubeconfig }: CollectedKubeconfig,
  mediaType: string,
): Pick<HttpAnswer, 'headers' | 'body'> {
  if (mediaType === yaml) return { headers: { 'content-type': yaml }, body: kubeconfig };
  const body = kubeconfigView({ ...certificate, certificateRequestId: request.id, kubeconfig });
  return { headers: { 'content-type': jsonMediaType }, body: JSON.stringify(body) };
}

export function sendKubeconfig(
  request: FastifyRequest,
  reply: FastifyReply,
  kubeconfig: CollectedKubeconfig,
): FastifyReply {
  const { headers, body } = kubeconfigAnswer(kubeconfig, request.answerType);
  return reply.headers(headers).send(body);
}

/** The request that was made (201), and the seconds that it was waited for; null: none. */
export function createdRequestAnswer(view: CertificateRequestView, waitSeconds: number | null, now: Date): Result {
  const answer = jsonAnswer(201, certificateRequestView(view, now), {
    location: requestLocation(view.request.id),
    ...(waitSeconds !== null && { 'preference-applied': `wait=${waitSeconds}` }),
  });
  return { answer, holdsPrivateKey: false };
}

/** How long a caller should wait before it asks again whether the request is decided. */
const lookAgainSeconds = 15;

/** The kubeconfig (201), or the request that waits for a person or for its collector (202). */
export function createdKubeconfigAnswer(created: CreatedKubeconfig, mediaType: string, now: Date): Result {
  if (created.kind === 'awaiting') {
    const asked = created.request;
    const answer = jsonAnswer(202, certificateRequestView({ request: asked, certificate: null }, now), {
      location: requestLocation(asked.id),
      'retry-after': String(lookAgainSeconds),
    });
    return { answer, holdsPrivateKey: false };
  }
  const { kubeconfig } = created;
  const { headers, body } = kubeconfigAnswer(kubeconfig, mediaType);
  const location = requestLocation(kubeconfig.request.id);
  return { answer: { status: 201, headers: { ...headers, location }, body }, holdsPrivateKey: true };
}

// The key is generated here, so there is no certification request.
const { csr: _csr, ...shared } = CertificateRequestSpecSchema.properties;

const KubeconfigSpecSchema = namedObject(
  'KubeconfigSpec',
  'A request for a certificate whose key kubepass generates.',
  {
    ...shared,
    username: nameOf('The CN of the certificate.', 'jane@corp.example'),
    groups: Type.Optional(
      Type.Array(nameOf('One group.', 'team-a'), {
        maxItems: 32,
        uniqueItems: true,
        description: 'The O values of the certificate.',
      }),
    ),
    keyAlgorithm: Type.Optional(oneOf(keyAlgorithms, 'The algorithm of the key (default `ECDSA-P256`).')),
  },
  exampleRequests,
);

const KubeconfigSchema = namedObject('Kubeconfig', 'A kubeconfig, and the certificate in it.', {
  certificateRequestId: idOf('The certificate request.'),
  fingerprintSha256: sha256Of('The SHA-256 of the certificate', certificateSha256),
  notAfter: instantOf('The end of the certificate.'),
  kubeconfig: textOf(
    'The YAML, for a file that nobody else can read.',
    'apiVersion: v1\nkind: Config\nclusters:\n  - name: "demo"\n    cluster: …\n',
    { maxLength: 1_048_576 },
  ),
});
export type KubeconfigBody = Static<typeof KubeconfigSchema>;
const kubeconfigView = viewOf(KubeconfigSchema);

export function addKubeconfigs(app: App, { certificateRequests, idempotency, clock }: Services): void {
  app.post(
    '/kubeconfigs',
    operation({
      config: { action: 'request-certificates', produces: kubeconfigMediaTypes },
      operationId: 'createKubeconfig',
      tags: ['kubeconfigs'],
      summary: 'Request a certificate and get the complete kubeconfig, in one call',
      description:
        'The private key is in this answer and nowhere else: a repeat with the same `Idempotency-Key` is answered 409. ' +
        'A caller with a `csr` of their own asks at `/v1/certificate-requests`. ' +
        kubeconfigForms,
      headers: Type.Object(idempotencyKeyHeader),
      body: ref(KubeconfigSpecSchema),
      response: {
        201: kubeconfigResponse('A kubeconfig with the private key in it.', kubeconfigYaml, {
          Location: 'The certificate request.',
        }),
        202: json(CertificateRequestSchema, {
          description: 'The request is recorded. A person must decide on it, or somebody else collects the key.',
          example: examples.pending,
          headers: { Location: 'The certificate request.', 'Retry-After': 'When to ask again, in seconds.' },
        }),
      },
      problems: [
        'policy-denied',
        'state-conflict',
        'idempotency-key-in-flight',
        'idempotency-key-reused',
        'key-already-collected',
        'issuance-failed',
        'issuance-unavailable',
      ],
    }),
    (request, reply) =>
      answerOnce(idempotency, request, reply, async (claimed) => {
        const outcome = await certificateRequests.createKubeconfig(callerOf(request), request.body, {
          idempotency: claimed,
        });
        return createdKubeconfigAnswer(granted(outcome), request.answerType, clock());
      }),
  );
}
