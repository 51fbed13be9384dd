import { Type, type Static } from 'typebox';
import {
  CertificateRequestSchema,
  exampleRequests,
  CertificateRequestSpecSchema,
  certificateRequestView,
} from './request-schemas.js';
import {
  CertificateSchema,
  certificateView,
  shownCertificate,
  type Showing,
  showingNow,
} from '../access/certificate-schemas.js';
import {
  answerOnce,
  idempotencyKeyHeader,
  jsonAnswer,
  type HttpAnswer,
  type Result,
} from '../http/answers/idempotency.js';
import { callerOf } from '../http/hooks/authentication.js';
import { granted, requestLocation } from '../http/problems/refusal-to-problem.js';
import { json, operation, response, textBody } from '../http/answers/responses.js';
import { ref, namedObject, nameOf, nullable, oneOf, textOf } from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import { keyAlgorithms } from '@kubepass/x509';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type CollectedKubeconfig, type CreatedKubeconfig, createKubeconfig } from './collect-kubeconfig.js';
import { jsonMediaType } from '../http/hooks/request-input.js';
import type { Context } from '../context/context.js';
import type { HttpContext } from '../http/server/http-context.js';

const yaml = 'application/yaml';

/** The two forms of a kubeconfig. */
export const kubeconfigMediaTypes = ['application/json', yaml] as const;

/** For the description of an operation that answers a kubeconfig. */
export const kubeconfigForms = '`Accept: application/yaml` gets the YAML alone.';

/** A kubeconfig in its two forms. `content` says which key is in it. */
export const kubeconfigResponse = (content: string, headers: Readonly<Record<string, string>> = {}) =>
  response(
    { 'application/json': ref(KubeconfigSchema), [yaml]: textBody(content, null) },
    {
      description: 'A kubeconfig.',
      headers: { ...headers, 'Cache-Control': '`no-store`' },
    },
  );

/** The kubeconfig in one of its two forms. It may hold a private key: never log it. */
function kubeconfigAnswer(
  { request, certificate, yaml: kubeconfig }: CollectedKubeconfig,
  mediaType: string,
  showing: Showing,
): Pick<HttpAnswer, 'headers' | 'body'> {
  if (mediaType === yaml) return { headers: { 'content-type': yaml }, body: kubeconfig };
  const body = {
    kubeconfig,
    request: certificateRequestView({ request, certificate }, showing),
    certificate: certificateView(shownCertificate(certificate, showing)),
  } satisfies KubeconfigBody;
  return { headers: { 'content-type': jsonMediaType }, body: JSON.stringify(body) };
}

export function sendKubeconfig(
  request: FastifyRequest,
  reply: FastifyReply,
  kubeconfig: CollectedKubeconfig,
  showing: Showing,
): FastifyReply {
  const { headers, body } = kubeconfigAnswer(kubeconfig, request.answerType, showing);
  return reply.headers(headers).send(body);
}

/** How long a caller should wait before it asks again, in seconds: for a signature, or for a person. */
const lookAgainSeconds = { signature: '2', person: '15' } as const;

/** The kubeconfig (201), or the request that waits for a person, for its collector or for the cluster (202). */
export function createdKubeconfigAnswer(created: CreatedKubeconfig, mediaType: string, showing: Showing): Result {
  if (created.kind === 'awaiting') {
    const asked = created.request;
    const waiting = certificateRequestView({ request: asked, certificate: null }, showing);
    const answer = jsonAnswer(
      202,
      { kubeconfig: null, request: waiting, certificate: null },
      {
        location: requestLocation(asked.id),
        'retry-after': lookAgainSeconds[asked.state === 'issuing' ? 'signature' : 'person'],
      },
    );
    return { answer, holdsPrivateKey: false };
  }
  const { kubeconfig } = created;
  const { headers, body } = kubeconfigAnswer(kubeconfig, mediaType, showing);
  const location = requestLocation(kubeconfig.request.id);
  const answer = { status: 201, headers: { ...headers, location }, body };
  return { answer, holdsPrivateKey: kubeconfig.request.certificationRequest === null };
}

/**
 * The answer where the caller does not get a kubeconfig now. It has the same shape, because many generated clients read
 * one shape for every success.
 */
export const awaitingResponse = (reason: string, headers: Readonly<Record<string, string>> = {}) =>
  json(KubeconfigSchema, {
    description: `The request is recorded. ${reason}`,
    headers: { Location: 'The certificate request.', 'Retry-After': 'When to ask again, in seconds.', ...headers },
  });

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

const KubeconfigSchema = namedObject('Kubeconfig', 'A kubeconfig, its request, and the certificate in it.', {
  kubeconfig: nullable(
    textOf(
      'The YAML, for a file that nobody else can read.',
      'apiVersion: v1\nkind: Config\nclusters:\n  - name: "demo"\n    cluster: …\n',
      { maxLength: 1_048_576 },
    ),
    'Null in a 202: there is none yet.',
  ),
  request: ref(CertificateRequestSchema),
  certificate: nullable(ref(CertificateSchema), 'Null in a 202.'),
});
export type KubeconfigBody = Static<typeof KubeconfigSchema>;

export function addKubeconfigs(app: App, context: Context & Pick<HttpContext, 'idempotency'>): void {
  const { idempotency } = context;
  app.post(
    '/kubeconfigs',
    operation({
      config: { action: 'request-certificates', produces: kubeconfigMediaTypes, budgetUse: 'writing' },
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
        201: kubeconfigResponse('A kubeconfig with the private key in it.', {
          Location: 'The certificate request.',
        }),
        202: awaitingResponse('A person must decide on it, or somebody else collects the key.'),
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
        const outcome = await createKubeconfig(context, callerOf(request), request.body, {
          idempotency: claimed,
        });
        return createdKubeconfigAnswer(granted(outcome), request.answerType, showingNow(context));
      }),
  );
}
