import multipart from '@fastify/multipart';
import { Type, type TSchema } from 'typebox';
import { certificatePem } from '../schemas/example-certificate.js';
import { problem, ProblemError } from '../problems/problem.js';
import { objectOf, textOf } from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';
import { readJsonUpload } from './read-json-upload.js';
import { multipartOptions, readMultipartUpload } from './read-multipart-upload.js';
import { maxNameLength, maxParts, maxPasswordLength, maxUploadOctets } from './upload-limits.js';

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

const octets = (description: string, minLength = 0) =>
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
  scope.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    request.upload = readJsonUpload(body);
    done(null, undefined);
  });
  scope.addContentTypeParser<Buffer>([...rawMediaTypes], { parseAs: 'buffer' }, (request, body, done) => {
    request.upload = { parts: [{ name: null, bytes: body }], password: null };
    done(null, undefined);
  });
  // RFC 9110 8.3: a recipient may examine a body without Content-Type to find out its type.
  scope.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, body, done) => {
    if (request.headers['content-type'] !== undefined) {
      done(unsupported(), undefined);
      return;
    }
    request.upload = { parts: [{ name: null, bytes: body }], password: null };
    done(null, undefined);
  });
  await scope.register(multipart, multipartOptions);
  scope.addHook('preHandler', (request, _reply, done) => {
    if (!request.isMultipart()) {
      done();
      return;
    }
    readMultipartUpload(request).then((upload) => {
      request.upload = upload;
      done();
    }, done);
  });
}

const unsupported = (): ProblemError =>
  new ProblemError(
    problem(
      'unsupported-media-type',
      'send multipart/form-data, application/json, or the octets themselves as application/octet-stream',
    ),
  );
