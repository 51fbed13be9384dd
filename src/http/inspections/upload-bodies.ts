import multipart from '@fastify/multipart';
import { problem, ProblemError } from '../problems/problem.js';
import type { App } from '../types.js';
import { rawMediaTypes } from './raw-media-types.js';
import { readJsonUpload } from './read-json-upload.js';
import { multipartOptions, readMultipartUpload } from './read-multipart-upload.js';

/** Has a scope take uploads: multipart, JSON, and the octets themselves; each ends up as `request.upload`. */
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
  // RFC 9110 8.3: without a Content-Type the octets may be taken for what they are.
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
