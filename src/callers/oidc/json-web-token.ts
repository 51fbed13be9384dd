import type { KeyObject } from 'node:crypto';
import { quote, readJson } from '@kubepass/inspect/formats';
import { type RefusedAuthentication, refusedFor } from '../../model/principal.js';
import type { CryptoKey } from 'jose';
import { JOSEError } from 'jose/errors';
import { type JWTVerifyOptions, jwtVerify } from 'jose/jwt/verify';

/** A JSON object, as a token states it. Its members are looked at one by one: nothing about them is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A token as it is written. Nobody has vouched for it: the signature is not verified yet. */
export interface JsonWebToken {
  readonly text: string;
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

/** A token has at most 8 KiB, so that these are never reached by one that makes sense. */
const bounds = { maxDepth: 16, maxValues: 4_096, maxDocuments: 1 };

/**
 * Reads a signed token (RFC 7515 section 7.1, RFC 7519) strictly: base64url in its one form, UTF-8, JSON objects that
 * give no member twice. Whatever readers could take differently is refused: the code that verifies a token and
 * the code that uses it must read the same.
 */
export function readJsonWebToken(text: string): JsonWebToken | RefusedAuthentication {
  const parts = text.split('.');
  // RFC 7516 section 7.1: five parts are an encrypted token.
  if (parts.length === 5) return refusedFor('EncryptedToken', 'the token is encrypted (JWE): have it signed alone');
  const [head, body, signature] = parts;
  if (head === undefined || body === undefined || signature === undefined || parts.length !== 3)
    return unreadable('the token has not the three parts of a signed JSON Web Token');
  if (octetsOf(signature) === null) return unreadable('the signature of the token is no base64url');
  const header = readPart(head, 'header');
  if ('outcome' in header) return header;
  const claims = readPart(body, 'payload');
  if ('outcome' in claims) return claims;
  return { text, header: header.object, claims: claims.object };
}

/** An own member of a JSON object; undefined where there is none. */
export const memberOf = (object: JsonObject, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;

/** The audiences (RFC 7519 section 4.1.3); null where they are neither a text nor a list of texts. */
export function audiencesOf({ claims }: JsonWebToken): readonly string[] | null {
  const audience = memberOf(claims, 'aud') ?? [];
  const audiences: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  return audiences.every((one) => typeof one === 'string') ? audiences : null;
}

/** A claim in a message: a text quoted, of everything else only its kind. */
export function told(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === undefined) return 'nothing';
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object';
}

function readPart(part: string, what: 'header' | 'payload'): { readonly object: JsonObject } | RefusedAuthentication {
  const octets = octetsOf(part);
  if (octets === null) return unreadable(`the ${what} of the token is no base64url`);
  let text: string;
  try {
    text = utf8.decode(octets);
  } catch {
    return unreadable(`the ${what} of the token is no UTF-8`);
  }
  const read = readJson(text, bounds);
  if (!read.ok)
    return unreadable(
      `the ${what} of the token ${read.exceeded === null ? 'is no JSON' : 'holds more than a token should'}`,
    );
  const [document] = read.documents;
  if (document === undefined || !isObject(document.value)) return unreadable(`the ${what} of the token is no object`);
  const [duplicate] = document.duplicates;
  if (duplicate !== undefined) {
    const member = told(String(duplicate.place.at(-1) ?? ''));
    return refusedFor('DuplicateMember', `the ${what} of the token gives ${member} twice`);
  }
  return { object: document.value };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The octets; null where the text is not their one form in base64url (RFC 4648 section 3.5). */
function octetsOf(text: string): Buffer | null {
  const octets = Buffer.from(text, 'base64url');
  return octets.toString('base64url') === text ? octets : null;
}

const unreadable = (message: string) => refusedFor('TokenUnreadable', message);

/** JWS algorithms (RFC 7518 section 3.1, RFC 8037) that a public key verifies. */
export type SignatureAlgorithm = `${'RS' | 'PS'}${256 | 384 | 512}` | `ES${256 | 384 | 512}` | 'EdDSA';

/** A public key; `jose` holds keys for signatures in the form of WebCrypto. */
export type VerifyingKey = CryptoKey | KeyObject;

/** The one algorithm of the signature, and the claims that `jose` compares. */
type VerificationRules = Omit<JWTVerifyOptions, 'algorithms' | 'crit'> & {
  readonly algorithm: SignatureAlgorithm;
};

/** Providers do not give one name to more keys than these. */
const mostTried = 4;

/** Whether `jose` verifies the token with one of the keys (RFC 7515 section 5.2, RFC 7519 section 7.2). */
export async function isVerifiedByOne(
  token: string,
  keys: readonly VerifyingKey[],
  { algorithm, ...rules }: VerificationRules,
): Promise<boolean> {
  for (const key of keys.slice(0, mostTried))
    try {
      await jwtVerify(token, key, { ...rules, algorithms: [algorithm] });
      return true;
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  return false;
}

/** Errors of `jose` about the token, and those about a key that is weak or for another algorithm. */
const isRefusal = (error: unknown): boolean =>
  error instanceof JOSEError || error instanceof TypeError || error instanceof DOMException;
