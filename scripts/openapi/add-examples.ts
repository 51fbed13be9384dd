import { exampleOf, type NamedSchemas, type Schema } from './example-of.js';
import { answerExamples } from './examples.js';
import { bodyExamples } from './json-examples.js';
import { type ApiOperation, isReference, type Media } from './open-api.js';

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
    for (const media of Object.values(content)) complete(media, named);
}

/** Completes the example of a body. Octets are shown in base64; those of files to send have none. */
function complete(media: Media, named: NamedSchemas): void {
  if (media.examples || media.schema === undefined) return;
  const [octets] = media.schema.examples ?? [];
  if (!isBinary(media.schema)) media.example = exampleOf(media.schema, named, media.example);
  else if (typeof octets === 'string') media.examples = { octets: { summary: 'The octets in base64', value: octets } };
}

const isBinary = (schema: Schema): boolean =>
  'contentMediaType' in schema ||
  schema.format === 'binary' ||
  Object.values(schema.properties ?? {}).some(({ items }) => items && isBinary(items));
