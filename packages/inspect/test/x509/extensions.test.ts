// Tests packages/inspect/src/x509/describe-extensions.ts, packages/inspect/src/x509/describe-extension-values.ts,
// packages/x509/src/tree/extension-values.ts, packages/x509/src/tree/values.ts
import { describe, expect, it } from 'vitest';

import {
  contextConstructed as constructed,
  contextPrimitive as primitive,
  der,
  oid,
  sequence,
  setOf,
  Tag,
} from '@kubepass/x509';
import type { FindingCode } from '../../src/model/catalogue.js';
import { certificateProfile } from '../../src/x509/describe-extensions.js';
import { nameOf } from '../../../x509/test/helpers/certificates.js';
import { extensionOf, rawCertificate, string } from './build.js';
import { opensslDer, readCertificate } from './decoding.js';

const integer = (...octets: number[]): Buffer => der(Tag.INTEGER, Buffer.from(octets));
const ia5 = (tag: number, text: string): Buffer => der(tag, Buffer.from(text));
const dns = (text: string): Buffer => ia5(primitive(2), text);
const uri = (text: string): Buffer => ia5(primitive(6), text);

/** The description of one extension with this value, critical where it should be. */
function read(id: string, value: Buffer) {
  const isCritical = /^(?:must|should)$/.test(certificateProfile.criticality.get(id) ?? '');
  const extensions = [extensionOf(id, value, ...(isCritical ? [0xff] : []))];
  const { content, codes, messages } = readCertificate(rawCertificate({ extensions }));
  const [extension] = content.extensions;
  return { name: extension?.name, value: extension?.value, hex: extension?.hex, codes, messages };
}

const sct = Buffer.concat([
  Buffer.of(0),
  Buffer.alloc(32, 0xab),
  Buffer.from('000001900000000000000403', 'hex'),
  Buffer.of(0, 2, 0x30, 0),
]);
const sctList = (...timestamps: Buffer[]): Buffer => {
  const list = Buffer.concat(timestamps.map((each) => Buffer.concat([Buffer.of(0, each.length), each])));
  return der(Tag.OCTET_STRING, Buffer.of(0, list.length), list);
};

/** They have a mask that is not contiguous, and a point that is named relative to its issuer. */
const refusedByGo: Readonly<Partial<Record<string, string>>> = {
  nameConstraints: 'MalformedExtension',
  cRLDistributionPoints: 'NotLoadable',
};

describe('extensions that are decoded', () => {
  it.each<[string, string, Buffer, unknown]>([
    ['keyUsage', '2.5.29.15', Buffer.from('0303070280', 'hex'), ['cRLSign', 'decipherOnly']],
    ['basicConstraints', '2.5.29.19', sequence(), { ca: false, pathLenConstraint: null }],
    [
      'basicConstraints',
      '2.5.29.19',
      sequence(der(Tag.BOOLEAN, Buffer.of(0xff)), integer(3)),
      { ca: true, pathLenConstraint: 3 },
    ],
    ['extKeyUsage', '2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.2.3')), ['serverAuth', '1.2.3']],
    ['subjectKeyIdentifier', '2.5.29.14', der(Tag.OCTET_STRING, Buffer.of(0xab, 1)), 'ab01'],
    [
      'authorityKeyIdentifier',
      '2.5.29.35',
      sequence(der(primitive(0), Buffer.of(1, 2))),
      { keyIdentifier: '0102', authorityCertIssuer: [], authorityCertSerialNumber: null },
    ],
    [
      'privateKeyUsagePeriod',
      '2.5.29.16',
      sequence(ia5(primitive(0), '20260101000000Z')),
      { notBefore: '2026-01-01T00:00:00Z', notAfter: null },
    ],
    ['issuerAltName', '2.5.29.18', sequence(dns('a')), [{ type: 'dNSName', value: 'a', hex: null }]],
    [
      'nameConstraints',
      '2.5.29.30',
      sequence(
        der(constructed(0), sequence(der(primitive(7), Buffer.from('0a000000ff00ff00', 'hex')))),
        der(
          constructed(1),
          sequence(der(primitive(7), Buffer.from(`fd${'00'.repeat(15)}ff${'00'.repeat(15)}`, 'hex'))),
        ),
      ),
      {
        permittedSubtrees: [{ type: 'iPAddress', value: '10.0.0.0/255.0.255.0', hex: null }],
        excludedSubtrees: [{ type: 'iPAddress', value: 'fd00::/8', hex: null }],
      },
    ],
    [
      'cRLDistributionPoints',
      '2.5.29.31',
      sequence(
        sequence(der(constructed(0), der(constructed(0), uri('http://a'))), der(primitive(1), Buffer.of(6, 0x40))),
        sequence(der(constructed(0), der(constructed(1), sequence(oid('2.5.4.3'), string(12, 'x'))))),
      ),
      [
        {
          distributionPoint: { fullName: [{ type: 'uniformResourceIdentifier', value: 'http://a', hex: null }] },
          reasons: ['keyCompromise'],
          cRLIssuer: [],
        },
        {
          distributionPoint: {
            nameRelativeToCRLIssuer: [{ type: 'CN', oid: '2.5.4.3', value: 'x', stringType: 'UTF8String', hex: null }],
          },
          reasons: null,
          cRLIssuer: [],
        },
      ],
    ],
    ['freshestCRL', '2.5.29.46', sequence(sequence()), [{ distributionPoint: null, reasons: null, cRLIssuer: [] }]],
    [
      'certificatePolicies',
      '2.5.29.32',
      sequence(
        sequence(
          oid('1.2.3'),
          sequence(
            sequence(oid('1.3.6.1.5.5.7.2.1'), ia5(Tag.IA5_STRING, 'http://cps')),
            sequence(
              oid('1.3.6.1.5.5.7.2.2'),
              sequence(
                sequence(string(12, 'Org'), sequence(integer(1), integer(2))),
                string(Tag.BMP_STRING, Buffer.from('\0n\0o')),
              ),
            ),
            sequence(oid('1.2.4'), der(Tag.NULL)),
          ),
        ),
      ),
      [
        {
          policyIdentifier: '1.2.3',
          name: null,
          policyQualifiers: [
            { type: 'cPSuri', value: 'http://cps' },
            { type: 'userNotice', noticeRef: { organization: 'Org', noticeNumbers: ['1', '2'] }, explicitText: 'no' },
            { type: '1.2.4', hex: '0500' },
          ],
        },
      ],
    ],
    [
      'policyMappings',
      '2.5.29.33',
      sequence(sequence(oid('1.2'), oid('1.3'))),
      [{ issuerDomainPolicy: '1.2', subjectDomainPolicy: '1.3' }],
    ],
    [
      'policyConstraints',
      '2.5.29.36',
      sequence(der(primitive(1), Buffer.of(0))),
      { requireExplicitPolicy: null, inhibitPolicyMapping: 0 },
    ],
    ['inhibitAnyPolicy', '2.5.29.54', integer(5), 5],
    [
      'subjectDirectoryAttributes',
      '2.5.29.9',
      sequence(sequence(oid('2.5.4.6'), setOf(string(Tag.PRINTABLE_STRING, 'KR'), integer(1)))),
      [
        {
          type: 'C',
          oid: '2.5.4.6',
          values: [
            { value: null, hex: '020101' },
            { value: 'KR', hex: null },
          ],
        },
      ],
    ],
    [
      'authorityInfoAccess',
      '1.3.6.1.5.5.7.1.1',
      sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), uri('http://o'))),
      [{ accessMethod: 'OCSP', accessLocation: { type: 'uniformResourceIdentifier', value: 'http://o', hex: null } }],
    ],
    [
      'subjectInfoAccess',
      '1.3.6.1.5.5.7.1.11',
      sequence(sequence(oid('1.3.6.1.5.5.7.48.5'), uri('http://r'))),
      [
        {
          accessMethod: 'caRepository',
          accessLocation: { type: 'uniformResourceIdentifier', value: 'http://r', hex: null },
        },
      ],
    ],
    [
      'signedCertificateTimestampList',
      '1.3.6.1.4.1.11129.2.4.2',
      sctList(sct),
      [
        {
          version: 1,
          logId: 'ab'.repeat(32),
          timestamp: '2024-06-10T02:35:18.400Z',
          extensions: '',
          hashAlgorithm: 'sha256',
          signatureAlgorithm: 'ecdsa',
          signature: '3000',
        },
      ],
    ],
    ['precertificatePoison', '1.3.6.1.4.1.11129.2.4.3', der(Tag.NULL), true],
    ['ocspNoCheck', '1.3.6.1.5.5.7.48.1.5', der(Tag.NULL), true],
    ['tlsFeature', '1.3.6.1.5.5.7.1.24', sequence(integer(5), integer(9)), ['status_request', 9]],
    ['netscapeComment', '2.16.840.1.113730.1.13', ia5(Tag.IA5_STRING, 'made by hand'), 'made by hand'],
    ['netscapeCertType', '2.16.840.1.113730.1.1', Buffer.from('030206c0', 'hex'), ['sslClient', 'sslServer']],
    ['cRLNumber', '2.5.29.20', integer(0x7f, 1, 2, 3, 4, 5, 6, 7, 8), String(0x7f0102030405060708n)],
    ['invalidityDate', '2.5.29.24', ia5(Tag.GENERALIZED_TIME, '20260101000000Z'), '2026-01-01T00:00:00Z'],
    ['reasonCode', '2.5.29.21', Buffer.of(0x0a, 1, 4), 'superseded'],
    [
      'issuingDistributionPoint',
      '2.5.29.28',
      sequence(der(primitive(2), Buffer.of(0xff))),
      {
        distributionPoint: null,
        onlyContainsUserCerts: false,
        onlyContainsCACerts: true,
        onlySomeReasons: null,
        indirectCRL: false,
        onlyContainsAttributeCerts: false,
      },
    ],
    [
      'certificateIssuer',
      '2.5.29.29',
      sequence(der(constructed(4), nameOf([['CN', 'ca']]))),
      [{ type: 'directoryName', value: 'CN=ca', hex: null }],
    ],
  ])('%s', (name, id, value, expected) => {
    const refused = refusedByGo[name];
    expect(read(id, value)).toMatchObject({ name, value: expected, hex: null, codes: refused ? [refused] : [] });
  });

  it('reads every kind of general name', () => {
    const names = sequence(
      der(constructed(0), oid('1.2.3'), der(constructed(0), integer(1))),
      ia5(primitive(1), 'j@a.example'),
      der(constructed(3), integer(1)),
      der(constructed(5), der(constructed(1), string(12, 'party'))),
      der(primitive(7), Buffer.of(10, 0, 0, 1)),
      der(primitive(8), Buffer.of(0x2a, 3)),
    );
    expect(read('2.5.29.17', names).value).toEqual([
      { type: 'otherName', typeId: '1.2.3', value: null, hex: '020101' },
      { type: 'rfc822Name', value: 'j@a.example', hex: null },
      { type: 'x400Address', value: null, hex: 'a303020101' },
      { type: 'ediPartyName', value: null, hex: 'a509a1070c057061727479' },
      { type: 'iPAddress', value: '10.0.0.1', hex: null },
      { type: 'registeredID', value: '1.2.3', hex: null },
    ]);
  });

  it('hands on the facts that comparisons need', () => {
    const { material } = readCertificate(opensslDer('ext-aki-full.crt'));
    const { authorityKeyIdentifier, subject, subjectKeyIdentifier } = material;
    expect(authorityKeyIdentifier?.issuer).toEqual(subject);
    expect(authorityKeyIdentifier?.keyIdentifier).toEqual(subjectKeyIdentifier);
    expect(readCertificate(opensslDer('ext-san-all.crt')).material.subjectAltNames).toEqual({
      dns: ['a.example', '*.b.example'],
      ip: ['192.0.2.1', '2001:db8::2'],
      email: ['j@example.com'],
      uri: ['https://example.com/x?y=1'],
      others: 4,
    });
  });
});

describe('extensions that are malformed', () => {
  it.each<[string, string, Buffer]>([
    ['of another type', '2.5.29.15', integer(1)],
    ['with no bits', '2.5.29.15', Buffer.from('0300', 'hex')],
    ['cut off', '2.5.29.19', Buffer.from('3003', 'hex')],
    ['with a negative path length', '2.5.29.19', sequence(der(Tag.BOOLEAN, Buffer.of(0xff)), integer(0xff))],
    ['with a huge path length', '2.5.29.19', sequence(der(Tag.BOOLEAN, Buffer.of(0xff)), integer(1, 2, 3, 4, 5, 6, 7))],
    ['with a name of no kind', '2.5.29.17', sequence(der(primitive(9)))],
    ['that is empty', '2.5.29.17', Buffer.alloc(0)],
    ['with a time that is none', '2.5.29.16', sequence(ia5(primitive(0), 'now'))],
    ['with timestamps that are cut off', '1.3.6.1.4.1.11129.2.4.2', sctList(sct.subarray(0, 40))],
    ['with timestamps that overlap', '1.3.6.1.4.1.11129.2.4.2', der(Tag.OCTET_STRING, Buffer.of(0, 9, 0, 1))],
    [
      'with a policy text that is a number',
      '2.5.29.32',
      sequence(sequence(oid('1.2.3'), sequence(sequence(oid('1.3.6.1.5.5.7.2.2'), sequence(integer(1)))))),
    ],
    ['with half a mapping', '2.5.29.33', sequence(sequence(oid('1.2')))],
  ])('are shown octet by octet: %s', (_, id, value) => {
    const result = read(id, value);
    expect(result).toMatchObject({ value: null, hex: value.toString('hex') });
    expect(result.codes).toContain('MalformedExtension');
  });

  it.each<[string, string, Buffer]>([
    ['no usage', '2.5.29.15', Buffer.from('030100', 'hex')],
    ['a usage without a name', '2.5.29.15', Buffer.from('0303048010', 'hex')],
    ['no purpose', '2.5.29.37', sequence()],
    ['no alternative name', '2.5.29.17', sequence()],
    ['an empty key identifier', '2.5.29.14', der(Tag.OCTET_STRING)],
    ['a serial number without its issuer', '2.5.29.35', sequence(der(primitive(2), Buffer.of(1)))],
    ['constraints of nothing', '2.5.29.30', sequence()],
    [
      'a mask of a wrong length',
      '2.5.29.30',
      sequence(der(constructed(0), sequence(der(primitive(7), Buffer.alloc(5))))),
    ],
    [
      'a subtree with a minimum',
      '2.5.29.30',
      sequence(der(constructed(0), sequence(dns('a'), der(primitive(0), Buffer.of(1))))),
    ],
    ['policy constraints of nothing', '2.5.29.36', sequence()],
    ['NULL with something inside', '1.3.6.1.5.5.7.48.1.5', Buffer.of(5, 1, 0)],
    ['a period of nothing', '2.5.29.16', sequence()],
  ])('are shown as far as they go: %s', (_, id, value) => {
    const result = read(id, value);
    expect(result.value).not.toBeNull();
    expect(result.codes).toEqual(['MalformedExtension']);
  });

  it.each<[string, string, Buffer, FindingCode]>([
    ['zeros at the end of named bits', '2.5.29.15', Buffer.from('03020080', 'hex'), 'EncodingUnusual'],
    ['cA FALSE written out', '2.5.29.19', sequence(der(Tag.BOOLEAN, Buffer.of(0))), 'EncodingUnusual'],
    ['an indefinite length', '2.5.29.19', Buffer.from('30800000', 'hex'), 'NonDerEncoding'],
  ])('are read where they are only not DER: %s', (_, id, value, code) => {
    const result = read(id, value);
    expect(result.value).not.toBeNull();
    expect(result.codes).toEqual([code]);
  });
});
