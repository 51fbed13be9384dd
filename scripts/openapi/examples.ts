import { clusterCsrDescription, clusterCsrTable } from '../../src/clusters/cluster-csr-text.js';
import { objectIn } from '../../src/http/answers/kubernetes-documents.js';
import { bodyExamples, exampleCsr, jsonExamples } from './json-examples.js';
import { type ApiOperation, isReference, type Media, type NamedSchemas, type Schema } from './open-api.js';
import {
  certificateAsText,
  documentExamples,
  evaluationAsText,
  kubeconfigOfOwnKey,
  kubeconfigYaml,
} from './text-examples.js';
import {
  CertificateSchema,
  exportForms,
  plainCertificate,
  PublicKeySchema,
  type CertificateBody,
} from '../../src/access/certificate-schemas.js';
import { exposedForm } from '../../src/access/identity-schemas.js';
import { certificateSha256 } from '../../src/http/schemas/example-certificate.js';

/**
 * Gives every answer of an operation an example of its own, and every body that a caller sends. Parameters that may be
 * left out have none: "Try it out" would fill it in and send what nobody filled in.
 */
export function addExamples(
  { operationId, parameters = [], requestBody, responses }: ApiOperation,
  named: NamedSchemas,
): void {
  for (const parameter of parameters)
    if (!isReference(parameter) && !parameter.required) {
      delete parameter.required;
      delete parameter.example;
      delete parameter.examples;
    }
  for (const [name, value] of Object.entries(bodyExamples[operationId] ?? {})) {
    const body = requestBody?.content?.['application/json'];
    if (body) body.examples = { ...body.examples, [name]: { value } };
  }
  const answers = Object.values(responses).map((response) => (isReference(response) ? {} : response));
  for (const [status, response] of Object.entries(responses))
    for (const [type, example] of Object.entries(answerExamples(operationId, status))) {
      const media = isReference(response) ? undefined : response.content?.[type];
      if (media) media.example = example;
    }
  for (const { content = {} } of [requestBody ?? {}, ...answers])
    for (const media of Object.values(content)) completeBody(media, named);
}

/** Completes the example of a body. Octets are shown in base64; those of files to send have none. */
function completeBody(media: Media, named: NamedSchemas): void {
  if (media.examples || media.schema === undefined) return;
  const [octets] = media.schema.examples ?? [];
  if (!isBinary(media.schema)) media.example = exampleOf(media.schema, named, media.example);
  else if (typeof octets === 'string') media.examples = { octets: { summary: 'The octets in base64', value: octets } };
}

const isBinary = (schema: Schema): boolean =>
  'contentMediaType' in schema ||
  schema.format === 'binary' ||
  Object.values(schema.properties ?? {}).some(({ items }) => items && isBinary(items));

/**
 * An example of a schema, put together from those of its parts, so that it always has the members that the schema has.
 * `given` has members that differ; an optional member is left out unless `given` names it. A list has one item. Throws
 * for a part that has no example.
 */
function exampleOf(schema: Schema, named: NamedSchemas, given?: unknown): unknown {
  const { $ref, properties, items, anyOf, oneOf } = schema;
  if (given === null) return null;
  if ($ref !== undefined) {
    // A test may serve only some resources, and then not every schema is there.
    const target = named[$ref.split('/').at(-1) ?? ''];
    return target ? exampleOf(target, named, given) : {};
  }
  const own = schema.examples?.[0];
  if (properties)
    return objectExample(schema, named, { ...(own as object | undefined), ...(given as object | undefined) });
  if (items && Array.isArray(given)) return given.map((item) => exampleOf(items, named, item));
  if (given !== undefined) {
    const [first] = anyOf ?? oneOf ?? [];
    return typeof given === 'object' && first ? exampleOf(first, named, given) : given;
  }
  if (own !== undefined) return own;
  if (schema.enum) return schema.enum[0];
  const [first] = anyOf ?? oneOf ?? [];
  if (first) return exampleOf(first, named);
  if (items) return [exampleOf(items, named)];
  switch (schema.type) {
    case 'boolean':
      return true;
    case 'integer':
      return Math.max(schema.minimum ?? 1, 1);
    case 'object':
      return {};
    default:
      throw new Error(`a schema has no example: ${JSON.stringify(schema)}`);
  }
}

function objectExample({ properties = {}, required = [] }: Schema, named: NamedSchemas, given: object): unknown {
  const members = given as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, schema]) => {
      const isGiven = members[name] !== undefined;
      return isGiven || required.includes(name) ? [[name, exampleOf(schema, named, members[name])]] : [];
    }),
  );
}

const exampleCertificate = exampleOf(
  CertificateSchema as object,
  { 'PublicKey#': PublicKeySchema as object },
  {
    ...plainCertificate,
    notBefore: '2026-11-25T12:00:00.000Z',
    notAfter: '2026-11-26T12:00:00.000Z',
    requestId: '019968c2-e5a4-7c1e-9b1f-3a2b4c5d6e7f',
    orphan: false,
  },
) as CertificateBody;

const exampleExposed =
  exposedForm.head +
  exposedForm.lines({
    username: 'jane@corp.example',
    clusters: [],
    leftAt: '2026-11-25T12:00:00.000Z',
    blocked: {
      username: 'jane@corp.example',
      clusters: null,
      reason: 'cessationOfOperation',
      comment: null,
      until: null,
      blockedAt: '2026-11-25T12:00:00.000Z',
      blockedBy: 'hr-system',
    },
    residualExposure: [
      {
        cluster: 'demo',
        fingerprintSha256: certificateSha256,
        notAfter: '2026-11-26T12:00:00.000Z',
        enforcement: 'none',
        continues: ['everything, until the certificate expires or its bindings are removed'],
      },
    ],
    omitted: false,
  });

/** Examples in other forms than JSON, by operation and media type. */
const otherForms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  listCertificates: Object.fromEntries(
    Object.entries(exportForms).map(([type, { head, lines }]) => [type, head + lines(exampleCertificate)]),
  ),
  listIdentities: { 'text/csv': exampleExposed },
  getCertificate: { 'text/plain': certificateAsText },
  getIssuedCertificate: { 'text/plain': certificateAsText },
  getCertificateAuthority: { 'text/plain': certificateAsText },
  createKubeconfig: { 'application/yaml': kubeconfigYaml },
  renewCertificate: { 'application/yaml': kubeconfigYaml },
  collectKubeconfig: { 'application/yaml': kubeconfigYaml },
  getKubeconfig: { 'application/yaml': kubeconfigOfOwnKey },
  listCertificateSigningRequests: { 'text/plain': clusterCsrTable([exampleCsr]) },
  getCertificateSigningRequest: { 'text/plain': clusterCsrDescription(exampleCsr) },
  evaluatePolicies: { 'text/plain': evaluationAsText },
};

/** Examples of the answers of an operation with this status, by media type, where no schema has them. */
function answerExamples(operationId: string, status: string): Readonly<Record<string, unknown>> {
  const json = jsonExamples[`${operationId} ${status}`] ?? jsonExamples[operationId];
  const document = documentExamples[operationId];
  return {
    ...otherForms[operationId],
    ...(json && { 'application/json': json }),
    ...(document !== undefined && { 'application/json': objectIn(document), 'application/yaml': document }),
  };
}
