import type { Upload } from '../../src/model/inspection.js';
import type { DecodedObject } from '../../src/model/decoded.js';
import { type DecodeContext, openBudget } from '../../src/model/budget.js';
import { readUpload } from '../../src/reading/read-upload.js';
import { makeAuthority, makeCertificate, testNow } from '../../../x509/test/helpers/certificates.js';

export const authority = makeAuthority();
export const client = makeCertificate({ issuer: authority });

export const context = (password: string | null = null): DecodeContext => ({
  now: testNow,
  password,
  budget: openBudget(),
});

export const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === 'string' ? Buffer.from(content, 'utf8') : content;

/** An upload of one part that has no name. */
export const upload = (content: string | Uint8Array, name: string | null = null): Upload => ({
  parts: [{ name, bytes: bytesOf(content) }],
  password: null,
});

export const read = (content: string | Uint8Array, name: string | null = null): Promise<readonly DecodedObject[]> =>
  readUpload(upload(content, name), context());

/** `path type` of each. */
export const outline = (objects: readonly DecodedObject[]): readonly string[] =>
  objects.map(({ path, content }) => `${path} ${content.type}`);

/** The observations of reading, without those that every unprotected key has. */
export const codesOf = (objects: readonly DecodedObject[]): readonly string[] =>
  objects
    .flatMap(({ observations }) => observations.map(({ code }) => code))
    .filter((code) => code !== 'PrivateKeyUnprotected');

export const base64 = (content: string | Uint8Array): string => Buffer.from(bytesOf(content)).toString('base64');
