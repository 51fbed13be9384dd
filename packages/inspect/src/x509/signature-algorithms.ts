import type { AlgorithmContent } from '../model/inspection.js';
import { objectNames } from '@kubepass/x509/openssl-text';
import { Tag } from '@kubepass/x509';
import {
  type AlgorithmIdentifier,
  magnitudeOf,
  type RsaPssParameters,
  rsassaPss,
  signedMagnitude,
} from '@kubepass/x509/tree';
import type { Report } from '../model/observations.js';

export function describeAlgorithm({ oid, parameters }: AlgorithmIdentifier): AlgorithmContent {
  const silent = parameters === null || parameters.tag === Tag.NULL;
  return { name: objectNames.long(oid), oid, parameters: silent ? null : parameters.raw.toString('hex') };
}

/** RFC 5280 4.1.1.2, 5.1.1.2: the algorithm that is signed over is the one outside. */
export function observeAlgorithms(inner: AlgorithmIdentifier, outer: AlgorithmIdentifier, report: Report): void {
  if (inner.raw.equals(outer.raw)) return;
  const [inside, outside] = [describeAlgorithm(inner).name, describeAlgorithm(outer).name];
  report(
    'SignatureAlgorithmsDiffer',
    inside === outside
      ? `the parameters of ${inside} are not the same in the signed part and outside`
      : `the algorithm is ${inside} in the signed part and ${outside} outside`,
  );
}

/** Hashes for which two messages of one digest can be made: RFC 6149, RFC 6150, RFC 6151, RFC 6194. */
const broken = new Set<string | null>(['md2', 'md4', 'md5', 'sha1']);

/** Reports a signature that rests on a broken hash. */
export function observeBrokenHash(algorithm: AlgorithmIdentifier, report: Report): void {
  const { rsaPss } = algorithm;
  const hash = signatureScheme(algorithm)?.hash ?? (rsaPss && hashOf(rsaPss));
  if (broken.has(hash))
    report('WeakSignature', `it is signed with ${hash?.toUpperCase().replace('SHA1', 'SHA-1') ?? ''}`);
}

/** The digests with which Go, and so Kubernetes, checks RSASSA-PSS, and their octets. */
const usablePssHashes: Readonly<Record<string, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/** Reports parameters of RSASSA-PSS with which Go checks no signature (crypto/x509, getSignatureAlgorithmFromAI). */
export function observePssParameters({ oid, rsaPss }: AlgorithmIdentifier, report: Report): void {
  const problem = oid === rsassaPss ? whyUnusable(rsaPss) : null;
  if (problem !== null) report('RsaPssParametersUnusable', `the parameters of RSASSA-PSS: ${problem}`);
}

function whyUnusable(parameters: RsaPssParameters | null): string | null {
  if (parameters === null) return 'they are missing, or cannot be read';
  const { mask, saltLength, trailerField } = parameters;
  const hash = hashOf(parameters);
  const size = usablePssHashes[hash ?? ''];
  if (size === undefined) return `the hash is ${hash ?? 'not known'}, not SHA-256, SHA-384 or SHA-512`;
  if (hashes[mask?.hash ?? SHA1] !== hash) return 'the mask is not made by MGF1 with the same hash';
  const salt = saltLength ? magnitudeOf(signedMagnitude(saltLength).octets) : 20n;
  if (salt !== BigInt(size)) return `the salt is not ${size} octets long, as the digest is`;
  return trailerField && magnitudeOf(signedMagnitude(trailerField).octets) !== 1n ? 'the trailer field is not 1' : null;
}

export type SignatureKind = 'rsa' | 'rsa-pss' | 'ec' | 'dsa' | 'ed25519' | 'ed448';

/** The work of a signature algorithm. */
export interface SignatureScheme {
  readonly kind: SignatureKind;
  /** As Node's crypto names it; null where the algorithm hashes by itself. */
  readonly hash: string | null;
  /** The salt of RSASSA-PSS, in octets. */
  readonly saltLength: number | null;
}

const schemes = new Map<string, SignatureScheme>();
const enter = (kind: SignatureKind, hash: string | null, ...identifiers: readonly string[]): void => {
  for (const oid of identifiers) schemes.set(oid, { kind, hash, saltLength: null });
};

// RFC 8017 A.2.4, RFC 3279 2.2.1, and the older ones of OIW.
enter('rsa', 'md2', '1.2.840.113549.1.1.2');
enter('rsa', 'md4', '1.2.840.113549.1.1.3');
enter('rsa', 'md5', '1.2.840.113549.1.1.4', '1.3.14.3.2.3');
enter('rsa', 'sha1', '1.2.840.113549.1.1.5', '1.3.14.3.2.15', '1.3.14.3.2.29');
enter('rsa', 'sha224', '1.2.840.113549.1.1.14');
enter('rsa', 'sha256', '1.2.840.113549.1.1.11');
enter('rsa', 'sha384', '1.2.840.113549.1.1.12');
enter('rsa', 'sha512', '1.2.840.113549.1.1.13');
enter('rsa', 'sha512-224', '1.2.840.113549.1.1.15');
enter('rsa', 'sha512-256', '1.2.840.113549.1.1.16');
enter('rsa', 'sha3-224', '2.16.840.1.101.3.4.3.13');
enter('rsa', 'sha3-256', '2.16.840.1.101.3.4.3.14');
enter('rsa', 'sha3-384', '2.16.840.1.101.3.4.3.15');
enter('rsa', 'sha3-512', '2.16.840.1.101.3.4.3.16');
// RFC 5758 3.2, RFC 3279 2.2.3
enter('ec', 'sha1', '1.2.840.10045.4.1');
enter('ec', 'sha224', '1.2.840.10045.4.3.1');
enter('ec', 'sha256', '1.2.840.10045.4.3.2');
enter('ec', 'sha384', '1.2.840.10045.4.3.3');
enter('ec', 'sha512', '1.2.840.10045.4.3.4');
enter('ec', 'sha3-224', '2.16.840.1.101.3.4.3.9');
enter('ec', 'sha3-256', '2.16.840.1.101.3.4.3.10');
enter('ec', 'sha3-384', '2.16.840.1.101.3.4.3.11');
enter('ec', 'sha3-512', '2.16.840.1.101.3.4.3.12');
// RFC 5758 3.1, RFC 3279 2.2.2
enter('dsa', 'sha1', '1.2.840.10040.4.3', '1.3.14.3.2.13', '1.3.14.3.2.27');
enter('dsa', 'sha224', '2.16.840.1.101.3.4.3.1');
enter('dsa', 'sha256', '2.16.840.1.101.3.4.3.2');
// RFC 8410 3
enter('ed25519', null, '1.3.101.112');
enter('ed448', null, '1.3.101.113');

const hashes: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Null for an algorithm that is not known, or with parameters that are not. */
export function signatureScheme({ oid, rsaPss }: AlgorithmIdentifier): SignatureScheme | null {
  if (oid !== rsassaPss) return schemes.get(oid) ?? null;
  return rsaPss && pssScheme(rsaPss);
}

const SHA1 = '1.3.14.3.2.26';

const hashOf = ({ hash }: RsaPssParameters): string | null => hashes[hash ?? SHA1] ?? null;

/** RFC 4055 3.1: each parameter has a default. The mask is known where it is made with the same hash. */
function pssScheme(parameters: RsaPssParameters): SignatureScheme | null {
  const { mask, saltLength, trailerField } = parameters;
  const hash = hashOf(parameters);
  if (hash === null || (mask ? hashes[mask.hash ?? ''] : 'sha1') !== hash) return null;
  if (trailerField && magnitudeOf(signedMagnitude(trailerField).octets) !== 1n) return null;
  const salt = saltLength ? signedMagnitude(saltLength) : DEFAULT_SALT;
  if (salt.negative || salt.octets.length > 2) return null;
  return { kind: 'rsa-pss', hash, saltLength: salt.octets.readUIntBE(0, salt.octets.length) };
}

const DEFAULT_SALT = { negative: false, octets: Buffer.of(20) };
