import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CollectedKubeconfig, CreatedKubeconfig } from '../../requests/collect-kubeconfig.js';
import { certificateRequestView } from './schemas.js';
import { jsonAnswer, type HttpAnswer, type Result } from '../answers/idempotency.js';
import { jsonMediaType } from '../plugins/negotiation.js';
import { requestLocation } from '../problems/refusal-to-problem.js';
import { response, textBody } from '../answers/responses.js';
import { ref } from '../schemas/schema-parts.js';
import { type KubeconfigBody, KubeconfigSchema } from './kubeconfig-schemas.js';

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
export function kubeconfigAnswer(
  { request, certificate, yaml: kubeconfig }: CollectedKubeconfig,
  mediaType: string,
): Pick<HttpAnswer, 'headers' | 'body'> {
  if (mediaType === yaml) return { headers: { 'content-type': yaml }, body: kubeconfig };
  const body: KubeconfigBody = {
    certificateRequestId: request.id,
    fingerprintSha256: certificate.fingerprintSha256,
    notAfter: certificate.notAfter.toISOString(),
    kubeconfig,
  };
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
