// Tests packages/inspect/src/x509/decode-certification-request.ts
import { describe, expect, it } from 'vitest';

import {
  basicConstraintsExtension,
  der,
  extKeyUsageExtension,
  keyPurpose,
  keyUsageExtension,
  onlyElement,
  sequence,
  Tag,
} from '@kubepass/x509';
import { makeKey, nameOf } from '../../../x509/test/helpers/certificates.js';
import { readCsrFixture, refusedCsrs } from '../../../x509/test/fixtures/csr/index.js';
import { algorithmOf, attributeOf, extensionOf, rawName, rawRequest, string, testKey } from './build.js';
import { decodeContext, decodeRequestPiece, pieceOf, readRequest } from './decoding.js';

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const MICROSOFT_EXTENSION_REQUEST = '1.3.6.1.4.1.311.2.1.14';
const CHALLENGE_PASSWORD = '1.2.840.113549.1.9.7';
const asking = (...extensions: Buffer[]): Buffer => attributeOf(EXTENSION_REQUEST, sequence(...extensions));

describe('decodeCertificationRequest', () => {
  it('says nothing of a request that is in order', () => {
    const subject = nameOf([
      ['O', 'dev'],
      ['CN', 'jane'],
    ]);
    const { content, decoded, observations } = readRequest(rawRequest({ subject }));
    expect(observations).toEqual([]);
    expect(content).toMatchObject({
      version: 1,
      subject: { text: 'CN=jane,O=dev' },
      publicKey: { algorithm: 'ECDSA-P256' },
      extensions: [],
      attributes: [],
      signatureAlgorithm: { name: 'ecdsa-with-SHA256', parameters: null },
      signatureValid: true,
      kubernetes: { username: 'jane', groups: ['dev'], uid: null },
    });
    expect(decoded.material).toMatchObject({
      kind: 'request',
      tree: { subject: { raw: subject }, publicKey: { raw: testKey.spki } },
    });
  });

  it('shows what it asks for', () => {
    const attributes = [
      asking(keyUsageExtension(['digitalSignature']), extKeyUsageExtension([keyPurpose.clientAuth])),
      attributeOf('1.2.3.4', der(Tag.NULL)),
    ];
    const { content, codes } = readRequest(rawRequest({ attributes }));
    expect(content.extensions.map(({ name, value }) => [name, value])).toEqual([
      ['keyUsage', ['digitalSignature']],
      ['extKeyUsage', ['clientAuth']],
    ]);
    expect(content.attributes).toEqual(['1.2.3.4']);
    expect(codes).toEqual(['RequestNotAcceptable']);
  });

  it("reads Microsoft's attribute, too", () => {
    const attributes = [attributeOf(MICROSOFT_EXTENSION_REQUEST, sequence(keyUsageExtension(['digitalSignature'])))];
    expect(readRequest(rawRequest({ attributes })).content.extensions).toHaveLength(1);
  });

  it('finds a signature that is not of its own key', () => {
    const { content, messages } = readRequest(rawRequest({ spki: makeKey().spki }));
    expect(content.signatureValid).toBe(false);
    expect(messages('SignatureInvalid')).toEqual(['the request is not signed by the key that it names']);
  });

  it('leaves open what it cannot check', () => {
    const { content, codes } = readRequest(rawRequest({ algorithm: algorithmOf('1.2.3.4') }));
    expect(content.signatureValid).toBeNull();
    expect(codes).toEqual(['RequestNotAcceptable']);
  });

  it.each([
    [
      'a challenge password',
      { attributes: [attributeOf(CHALLENGE_PASSWORD, string(12, 'secret'))] },
      ['ChallengePassword', 'RequestNotAcceptable'],
    ],
    ['another version', { version: der(Tag.INTEGER, Buffer.of(2)) }, ['VersionContradictory', 'RequestNotAcceptable']],
    ['no attributes field', { attributes: null }, ['NotLoadable', 'RequestNotAcceptable']],
    ['an empty subject', { subject: rawName() }, ['EmptySubject', 'RequestNotAcceptable']],
    [
      'two requests for extensions',
      { attributes: [asking(keyUsageExtension(['digitalSignature'])), asking(basicConstraintsExtension(false))] },
      ['DuplicateExtension', 'RequestNotAcceptable'],
    ],
    [
      'an extension twice',
      { attributes: [asking(basicConstraintsExtension(false), basicConstraintsExtension(false))] },
      ['DuplicateExtension', 'RequestNotAcceptable'],
    ],
    [
      'extensions that are none',
      { attributes: [attributeOf(EXTENSION_REQUEST, der(Tag.NULL))] },
      ['MalformedExtension', 'RequestNotAcceptable'],
    ],
    [
      'an unknown critical extension',
      { attributes: [asking(extensionOf('1.2.3.4', Buffer.of(5, 0), 0xff))] },
      ['UnknownCriticalExtension', 'RequestNotAcceptable'],
    ],
    ['a CA', { attributes: [asking(basicConstraintsExtension(true))] }, ['RequestNotAcceptable']],
    [
      'SHA-1',
      { algorithm: algorithmOf('1.2.840.10045.4.1') },
      ['WeakSignature', 'SignatureInvalid', 'RequestNotAcceptable'],
    ],
  ] as const)('reports %s', (_, fields, expected) => {
    expect(readRequest(rawRequest(fields)).codes).toEqual(expected);
  });

  it('never shows a challenge password', () => {
    const decoded = decodeRequestPiece(
      pieceOf(rawRequest({ attributes: [attributeOf(CHALLENGE_PASSWORD, string(12, 'open sesame'))] })),
      decodeContext,
    );
    expect(JSON.stringify({ ...decoded, material: null })).not.toContain('sesame');
  });

  it('says why this service would not take it, in the words of the strict reader', () => {
    const { messages } = readRequest(rawRequest({ attributes: [asking(basicConstraintsExtension(true))] }));
    expect(messages('RequestNotAcceptable')).toEqual([
      'the CSR requests a CA certificate (CertificateAuthorityNotAllowed)',
    ]);
  });

  it('says every reason at once', () => {
    const { messages } = readRequest(
      rawRequest({
        subject: nameOf([
          ['C', 'DE'],
          ['CN', 'jane'],
          ['OU', 'dev'],
        ]),
        attributes: [
          attributeOf(CHALLENGE_PASSWORD, string(12, 'secret')),
          asking(basicConstraintsExtension(true), keyUsageExtension(['keyCertSign'])),
        ],
      }),
    );
    expect(messages('RequestNotAcceptable')).toEqual([
      'the subject has an attribute C (2.5.4.6); only CN and O may be (SubjectAttributeNotAllowed); ' +
        'the subject has an attribute OU (2.5.4.11); only CN and O may be (SubjectAttributeNotAllowed); ' +
        'the CSR has the attribute challengePassword; only extensionRequest may be (AttributeNotAllowed); ' +
        'the CSR requests a CA certificate (CertificateAuthorityNotAllowed); ' +
        'the CSR requests key usage keyCertSign (KeyUsageNotAllowed)',
    ]);
  });

  it('reads one in BER', () => {
    const { content: inside } = onlyElement(rawRequest(), 'the request');
    const inBer = Buffer.concat([Buffer.of(0x30, 0x80), inside, Buffer.alloc(2)]);
    const { content, codes } = readRequest(inBer);
    expect(content.signatureValid).toBe(true);
    expect(codes).toEqual(['NonDerEncoding', 'RequestNotAcceptable']);
  });

  it('is nobody for a request of a server', () => {
    const attributes = [asking(extKeyUsageExtension([keyPurpose.serverAuth]))];
    expect(readRequest(rawRequest({ attributes })).content.kubernetes).toBeNull();
  });

  // That a modulus is prime is found when all objects have been read.
  const refusedDer = Object.keys(refusedCsrs).filter((file) => file.endsWith('.der') && !file.includes('prime'));
  it.each(refusedDer)('has something to say about what the strict reader refuses: %s', (file) => {
    const { observations } = decodeRequestPiece(pieceOf(readCsrFixture(file)), decodeContext);
    expect(observations).not.toEqual([]);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['half of one', rawRequest().subarray(0, 60)],
    ['one without a key', rawRequest({ spki: der(Tag.NULL) })],
  ])('takes %s for no request', (_, bytes) => {
    const decoded = decodeRequestPiece(pieceOf(bytes), decodeContext);
    expect(decoded.content.type).toBe('Unknown');
    expect(decoded.observations.map(({ code }) => code)).toEqual(['MalformedObject']);
  });
});
