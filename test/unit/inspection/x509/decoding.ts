import { readdirSync, readFileSync } from 'node:fs';

import type { DecodeContext, Decoded, Piece } from '../../../../src/inspection/decoded.js';
import { decodeCertificate } from '../../../../src/inspection/x509/decode-certificate.js';
import { decodeCertificateList } from '../../../../src/inspection/x509/decode-certificate-list.js';
import { decodeCertificationRequest } from '../../../../src/inspection/x509/decode-certification-request.js';
import type { CertificateMaterial, Observation } from '../../../../src/inspection/decoded.js';
import type {
  CertificateContent,
  CertificateListContent,
  CertificationRequestContent,
  ObjectContent,
} from '../../../../src/model/inspection.js';
import { testNow } from '../../../helpers/certificates.js';

export const decodeContext: DecodeContext = {
  now: testNow,
  password: null,
  budget: { spendOctets: () => {}, spendObject: () => {}, mayDerive: () => false, mayVerify: () => true },
};

export const pieceOf = (bytes: Buffer, label: string | null = null, path = 'it'): Piece => ({
  path,
  bytes,
  label,
  headers: {},
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
  const read = readAs('Certificate', decodeCertificate(pieceOf(der, null, path), decodeContext));
  const { material } = read.decoded;
  if (material?.kind !== 'certificate') throw new Error('no material of a certificate');
  return { ...read, material };
};

export const readRequest = (der: Buffer): Read<CertificationRequestContent> =>
  readAs('CertificationRequest', decodeCertificationRequest(pieceOf(der), decodeContext));

export const readList = (der: Buffer): Read<CertificateListContent> =>
  readAs('CertificateList', decodeCertificateList(pieceOf(der), decodeContext));

const fixtures = new URL('../../../fixtures/openssl-3.5/', import.meta.url);

/** Names of the certificates (`.crt`) and requests (`.csr`) that OpenSSL made. */
export const opensslFixtures = (kind: 'crt' | 'csr'): readonly string[] =>
  readdirSync(fixtures)
    .filter((name) => name.endsWith(`.${kind}.pem`))
    .map((name) => name.slice(0, -'.pem'.length));

export const opensslPem = (name: string): string => readFileSync(new URL(`${name}.pem`, fixtures), 'utf8');

export const opensslDer = (name: string): Buffer =>
  Buffer.from(opensslPem(name).replace(/-----[^-]+-----|\s/g, ''), 'base64');

export const opensslText = (name: string): string => readFileSync(new URL(`${name}.txt`, fixtures), 'utf8');
