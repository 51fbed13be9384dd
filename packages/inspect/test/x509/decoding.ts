import { readdirSync, readFileSync } from 'node:fs';

import type { Decoded, Piece, CertificateMaterial, Observation, Signed } from '../../src/model/decoded.js';
import type { DecodeContext } from '../../src/model/budget.js';
import { decodeCertificate } from '../../src/x509/decode-certificate.js';
import { decodeCertificateList } from '../../src/x509/decode-certificate-list.js';
import { decodeCertificationRequest } from '../../src/x509/decode-certification-request.js';
import { malformed } from '../../src/x509/decode-signed-object.js';
import { type SignatureVerdict, verifySigned } from '../../src/x509/verify-signed.js';
import { DerReader } from '@kubepass/x509';
import { normalize, type Normalized, readAlgorithm, readPublicKeyTree } from '@kubepass/x509/tree';
import type {
  CertificateContent,
  CertificateListContent,
  CertificationRequestContent,
  ObjectContent,
} from '../../src/model/inspection.js';
import { testNow } from '../../../x509/test/helpers/certificates.js';

export const decodeContext: DecodeContext = {
  now: testNow,
  password: null,
  budget: {
    spendOctets: () => {},
    spendObject: () => {},
    mayDerive: () => false,
    mayVerify: () => true,
    mayTestModulus: () => true,
  },
};

export const pieceOf = (bytes: Buffer, label: string | null = null, path = 'it'): Piece => ({
  path,
  bytes,
  label,
  headers: {},
});

const decodeAs = (piece: Piece, what: string, decode: (normalized: Normalized) => Decoded): Decoded => {
  const normalized = normalize(piece.bytes);
  return normalized.ok ? decode(normalized) : malformed(piece.bytes.length, what, normalized.problem);
};

export const decodeCertificatePiece = (piece: Piece, context: DecodeContext = decodeContext): Decoded =>
  decodeAs(piece, 'a certificate', (normalized) => decodeCertificate(normalized, piece.path, context));

export const decodeRequestPiece = (piece: Piece, context: DecodeContext = decodeContext): Decoded =>
  decodeAs(piece, 'a certification request', (normalized) => decodeCertificationRequest(normalized, context));

export const decodeListPiece = (piece: Piece): Decoded => decodeAs(piece, 'a certificate list', decodeCertificateList);

/** Verifies with a key in DER. */
export const verifyWith = (signed: Signed, spki: Buffer): SignatureVerdict =>
  verifySigned(signed, readPublicKeyTree(new DerReader(spki)));

/** A signature with its algorithm in DER. */
export const signedWith = (signed: Omit<Signed, 'algorithm'> & { readonly algorithm: Buffer }): Signed => ({
  ...signed,
  algorithm: readAlgorithm(new DerReader(signed.algorithm), 'the signature algorithm'),
});

export interface Read<Content extends ObjectContent> {
  readonly content: Content;
  readonly decoded: Decoded;
  readonly observations: readonly Observation[];
  readonly codes: readonly string[];
  /** The messages of a code. */
  messages(code: Observation['code']): readonly string[];
}

function readAs<Type extends ObjectContent['type']>(type: Type, decoded: Decoded) {
  const { content, observations } = decoded;
  if (content.type !== type) throw new Error(`${content.type}: ${JSON.stringify(observations)}`);
  return {
    content: content as Extract<ObjectContent, { type: Type }>,
    decoded,
    observations,
    codes: observations.map(({ code }) => code),
    messages: (code: Observation['code']) =>
      observations.filter((each) => each.code === code).map(({ message }) => message),
  };
}

export const readCertificate = (
  der: Buffer,
  path = 'it',
): Read<CertificateContent> & { material: CertificateMaterial } => {
  const read = readAs('Certificate', decodeCertificatePiece(pieceOf(der, null, path)));
  const { material } = read.decoded;
  if (material?.kind !== 'certificate') throw new Error('no material of a certificate');
  return { ...read, material };
};

export const readRequest = (der: Buffer): Read<CertificationRequestContent> =>
  readAs('CertificationRequest', decodeRequestPiece(pieceOf(der)));

export const readList = (der: Buffer): Read<CertificateListContent> =>
  readAs('CertificateList', decodeListPiece(pieceOf(der)));

const fixtures = new URL('../../../x509/test/fixtures/openssl-3.5/', import.meta.url);

/** Names of the certificates (`.crt`) and requests (`.csr`) that OpenSSL made. */
export const opensslFixtures = (kind: 'crt' | 'csr'): readonly string[] =>
  readdirSync(fixtures)
    .filter((name) => name.endsWith(`.${kind}.pem`))
    .map((name) => name.slice(0, -'.pem'.length));

export const opensslPem = (name: string): string => readFileSync(new URL(`${name}.pem`, fixtures), 'utf8');

export const opensslDer = (name: string): Buffer =>
  Buffer.from(opensslPem(name).replace(/-----[^-]+-----|\s/g, ''), 'base64');

export const opensslText = (name: string): string => readFileSync(new URL(`${name}.txt`, fixtures), 'utf8');
