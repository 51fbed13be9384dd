import type { FastifyRequest } from 'fastify';
import type { Upload, UploadPart } from '@kubepass/inspect';
import { problem, ProblemError } from '../problems/problem.js';
import { maxBodyOctets, maxNameLength, maxParts, maxPasswordLength, maxUploadOctets } from './upload-limits.js';

/** The options of the multipart parser. */
export const multipartOptions = {
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
export async function readMultipartUpload(request: FastifyRequest): Promise<Upload> {
  const read = readParts(request);
  try {
    return await Promise.race([read, tooLargeAsAWhole(request)]);
  } catch (error) {
    // If the limit on the whole body was reached first, the reader's error is of no interest.
    read.catch(() => undefined);
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

/** Rejects when the whole body becomes too large, because Fastify does not limit multipart bodies. */
function tooLargeAsAWhole({ raw, headers }: FastifyRequest): Promise<never> {
  return new Promise((_resolve, reject) => {
    let octets = 0;
    if (Number(headers['content-length']) > maxBodyOctets) reject(tooLarge());
    raw.on('data', ({ length }: Buffer) => {
      octets += length;
      if (octets > maxBodyOctets) reject(tooLarge());
    });
  });
}

function passwordIn(value: unknown, truncated: boolean): string {
  if (typeof value !== 'string' || truncated || value.length > maxPasswordLength)
    throw invalid(`"password" must be a text of at most ${maxPasswordLength} characters`);
  return value;
}

function nameOf(fileName: string | undefined, fieldName: string): string | null {
  return (fileName || fieldName).slice(0, maxNameLength) || null;
}

/** The rest of the body is not read, so the connection cannot be used again. */
const headers = { connection: 'close' };

const invalid = (detail: string) => new ProblemError(problem('invalid-request', detail, { headers }));
const tooLarge = () =>
  new ProblemError(problem('content-too-large', 'the parts are larger than 1 MiB together', { headers }));
const tooManyParts = () =>
  new ProblemError(
    problem('unacceptable-upload', `the body has more than ${maxParts} parts`, {
      members: { reason: 'TooManyObjects' },
      headers,
    }),
  );

/** The problem for an error of the multipart parser. The parser's own texts are not shown to callers. */
function problemOf(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'FST_PARTS_LIMIT' || code === 'FST_FILES_LIMIT') return tooManyParts();
  if (code === 'FST_FIELDS_LIMIT') return invalid('the body gives "password" twice');
  return invalid('the body is not valid multipart/form-data');
}
