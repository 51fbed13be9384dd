import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { parseAllDocuments } from 'yaml';
import { named, ref, textOf } from '../schemas/schema-parts.js';
import { response, textBody } from './responses.js';

const yaml = 'application/yaml';

/** The two forms of what Kubernetes reads. Its programs read JSON as they read YAML. */
export const documentMediaTypes = ['application/json', yaml] as const;

const KubernetesObjectSchema = named(
  'KubernetesObject',
  Type.Object(
    {
      apiVersion: textOf('The group and the version.', 'v1', { maxLength: 253 }),
      kind: textOf('The type.', 'Config', { maxLength: 253 }),
    },
    { description: 'An object of Kubernetes, with the members of its type. kubectl reads the JSON as it is.' },
  ),
);

/** The response of an operation that renders such a document. */
export const documentResponse = (description: string) =>
  response({ 'application/json': ref(KubernetesObjectSchema), [yaml]: textBody(description, null) }, { description });

/** Sends a YAML document of our own rendering in the form that the caller prefers. */
export const sendDocument = (request: FastifyRequest, reply: FastifyReply, text: string): FastifyReply =>
  request.answerType === yaml ? reply.type(yaml).send(text) : reply.send(objectIn(text));

/** The object of the one document, or a `List` of several, which `kubectl apply` takes. */
export function objectIn(text: string): object {
  const items = parseAllDocuments(text).map((document) => document.toJS() as object);
  const [only = {}] = items;
  return items.length === 1 ? only : { apiVersion: 'v1', kind: 'List', items };
}
