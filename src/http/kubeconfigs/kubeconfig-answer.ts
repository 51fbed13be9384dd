import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CollectedKubeconfig } from '../../services.js';
import type { HttpAnswer } from '../idempotency.js';
import { jsonMediaType } from '../plugins/negotiation.js';
import { response, textBody } from '../responses.js';
import { ref } from '../schema-parts.js';
import { type KubeconfigBody, KubeconfigSchema } from './schemas.js';

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
