import multipart from '@fastify/multipart';
import { Type, type TSchema } from 'typebox';
import { codeOf } from '@kubepass/x509';
import { certificatePem } from '../http/schemas/example-certificate.js';
import { pointerTo, unknownProperty } from '../http/problems/schema-errors.js';
import { problem, ProblemError } from '../http/problems/problem.js';
import { objectOf, textOf } from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import type { FastifyRequest } from 'fastify';
import type { Upload, UploadPart } from '@kubepass/inspect';
import type { FieldError } from '../model/outcome.js';
import { type BodyParser, jsonBodyParser } from '../http/hooks/request-input.js';
import { RefusalError } from '../http/problems/refusal-to-problem.js';

/** Octets of all parts together. */
export const maxUploadOctets = 1024 * 1024;

/** Octets of a body: the parts, and the JSON or multipart around them. */
export const maxBodyOctets = maxUploadOctets + 64 * 1024;

const maxParts = 200;

/** Characters. */
const maxPasswordLength = 1024;
const maxNameLength = 255;

/** Media types whose body is the file to inspect. Its type is recognised by its content, not by the media type. */
export const rawMediaTypes = [
  'application/octet-stream',
  'text/plain',
  'application/x-pem-file',
  'application/pem-certificate-chain',
  'application/pkix-cert',
  'application/x-x509-ca-cert',
  'application/pkcs8',
  'application/pkcs10',
  'application/pkcs7-mime',
  'application/x-pkcs7-certificates',
  'application/x-pkcs12',
  'application/pkix-crl',
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
  'application/gzip',
  'application/x-gzip',
  'application/x-tar',
  // `curl --data-binary` sends this for everything.
  'application/x-www-form-urlencoded',
] as const;

export const octets = (description: string, minLength = 0) =>
  Type.String({ format: 'binary', minLength, maxLength: maxUploadOctets, description });

const password = Type.String({
  maxLength: maxPasswordLength,
  description: 'Decrypts what is encrypted in this upload. It is used for nothing else and not kept.',
});

/** The schemas of the bodies, by media type. */
export const uploadBodies: Readonly<Record<string, TSchema>> = {
  'multipart/form-data': Type.Object(
    {
      // The examples are empty, because "Try it out" sends them.
      file: Type.Optional(
        Type.Array(octets('One file.'), { maxItems: maxParts, description: 'Files.', examples: [[]] }),
      ),
      password: Type.Optional({ ...password, examples: [''] }),
    },
    {
      description: 'One or more files.',
      minProperties: 1,
      additionalProperties: octets('A file: the names of parts do not matter.'),
    },
  ),
  'application/json': objectOf('One text.', {
    content: textOf('PEM, base64 of DER, a kubeconfig, a manifest.', certificatePem, { maxLength: maxUploadOctets }),
    password: Type.Optional(password),
    name: Type.Optional(textOf('A name to show for it.', 'pki/ca.crt', { maxLength: maxNameLength })),
  }),
  ...Object.fromEntries(rawMediaTypes.map((type) => [type, octets('The octets themselves.', 1)])),
};

/** Makes a scope accept uploads as multipart, as JSON, or as the octets themselves, and sets `request.upload`. */
export async function readUploads(scope: App): Promise<void> {
  scope.decorateRequest('upload', null);
  scope.removeContentTypeParser('application/json');
  const parser = jsonBodyParser(scope, jsonBounds, 'ignore');
  scope.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, parser);
  const takeOctets: BodyParser = (request, body, done) => {
    request.upload = { parts: [{ name: null, bytes: body }], password: null };
    done(null, undefined);
  };
  scope.addContentTypeParser<Buffer>([...rawMediaTypes], { parseAs: 'buffer' }, takeOctets);
  // RFC 9110 8.3: a recipient may examine a body without Content-Type to find out its type.
  scope.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, takeOctets);
  await scope.register(multipart, multipartOptions);
  scope.addHook('onRequest', ({ headers, mediaType }, _reply, done) => {
    const isKnown = headers['content-type'] === undefined || scope.hasContentTypeParser(mediaType ?? '?');
    done(isKnown ? undefined : unsupported());
  });
  scope.addHook('preHandler', async (request) => {
    if (request.isMultipart()) request.upload = await readMultipartUpload(request);
    else if (request.body !== undefined) request.upload = readJsonUpload(request.body);
  });
}

/** Objects and lists within one another, and values. More of them are refused before the body is parsed. */
const jsonBounds = { maxDepth: 10, maxValues: 50 };

/**
 * The members of a JSON body, all of them texts, with their most characters. The content is bounded as all uploads are.
 */
const longestMembers = { content: Infinity, password: maxPasswordLength, name: maxNameLength };

/** Reads `{content, password?, name?}` as strictly as other bodies are read. Throws `RefusalError`. */
function readJsonUpload(body: unknown): Upload {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw wrongFields([{ pointer: '', message: 'must be an object' }]);
  const { content, password = null, name = null } = body as Readonly<Record<string, string | undefined>>;
  const errors = errorsIn(body as Readonly<Record<string, unknown>>);
  if (content === undefined || errors.length > 0) throw wrongFields(errors);
  return { parts: [{ name, bytes: Buffer.from(content, 'utf8') }], password };
}

function errorsIn(members: Readonly<Record<string, unknown>>): readonly FieldError[] {
  const known = Object.keys(longestMembers);
  const errors = Object.keys(members).flatMap((name) =>
    known.includes(name) ? [] : { pointer: pointerTo(name), message: unknownProperty(name, known) },
  );
  for (const [name, most] of Object.entries(longestMembers)) {
    const value = members[name];
    const pointer = `/${name}`;
    if (value === undefined) {
      if (name === 'content') errors.push({ pointer, message: 'is required' });
    } else if (typeof value !== 'string') errors.push({ pointer, message: 'must be a text' });
    else if (value.length > most) errors.push({ pointer, message: `must have at most ${most} characters` });
  }
  return errors;
}

const wrongFields = (errors: readonly FieldError[]) => new RefusalError({ kind: 'invalid-request', errors });

const unsupported = (): ProblemError =>
  new ProblemError(
    problem(
      'unsupported-media-type',
      'send multipart/form-data, application/json, or the octets themselves as application/octet-stream',
    ),
  );

/** The options of the multipart parser. */
const multipartOptions = {
  // A file name may contain folders. It is only shown, never used as a path.
  preservePath: true,
  // Every part but the password is read as octets, because DER would be damaged as text.
  isPartAFile: (fieldName: string | undefined, _mediaType: string | undefined, fileName: string | undefined) =>
    fieldName !== 'password' || fileName !== undefined,
  limits: {
    parts: maxParts + 2,
    files: maxParts + 1,
    // One more than allowed, so that a second password can be reported.
    fields: 2,
    fieldNameSize: 100,
    // Octets of UTF-8.
    fieldSize: maxPasswordLength * 4,
    fileSize: maxUploadOctets + 1,
    headerPairs: 20,
    headerSize: 4096,
  },
  throwFileSizeLimit: false,
};

/** Every part but the one named `password`, each as octets. Throws `ProblemError`. */
async function readMultipartUpload(request: FastifyRequest): Promise<Upload> {
  try {
    return await readParts(request);
  } catch (error) {
    throw error instanceof ProblemError ? error : problemOf(error);
  }
}

async function readParts(request: FastifyRequest): Promise<Upload> {
  const parts: UploadPart[] = [];
  let password: string | null = null;
  let octets = 0;
  for await (const part of request.parts()) {
    if (part.type === 'file') {
      if (parts.length === maxParts) throw tooManyParts();
      const chunks: Buffer[] = [];
      for await (const chunk of part.file as AsyncIterable<Buffer>) {
        octets += chunk.length;
        if (octets > maxUploadOctets) throw tooLarge();
        chunks.push(chunk);
      }
      parts.push({ name: nameOf(part.filename, part.fieldname), bytes: Buffer.concat(chunks) });
    } else {
      if (password !== null) throw invalid('the body gives "password" twice');
      password = passwordIn(part.value, part.valueTruncated);
    }
  }
  return { parts, password };
}

function passwordIn(value: unknown, truncated: boolean): string {
  if (typeof value !== 'string' || truncated || value.length > maxPasswordLength)
    throw invalid(`"password" must be a text of at most ${maxPasswordLength} characters`);
  return value;
}

function nameOf(fileName: string | undefined, fieldName: string): string | null {
  return (fileName || fieldName).slice(0, maxNameLength) || null;
}

const invalid = (detail: string) => new ProblemError(problem('invalid-request', detail));
const tooLarge = () => new ProblemError(problem('content-too-large', 'the parts are larger than 1 MiB together'));
const tooManyParts = () =>
  new ProblemError(
    problem('unacceptable-upload', `the body has more than ${maxParts} parts`, {
      members: { reason: 'TooManyObjects' },
    }),
  );

/** The problem for an error of the multipart parser. The parser's own texts are not shown to callers. */
function problemOf(error: unknown): unknown {
  const code = codeOf(error);
  if (code === 'FST_PARTS_LIMIT' || code === 'FST_FILES_LIMIT') return tooManyParts();
  if (code === 'FST_FIELDS_LIMIT') return invalid('the body gives "password" twice');
  return invalid('the body is not valid multipart/form-data');
}
