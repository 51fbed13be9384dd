// Tests packages/inspect/src/x509/describe-extensions.ts
import { describe, expect, it } from 'vitest';
import { contextPrimitive, der, oid, sequence, Tag } from '@kubepass/x509';
import { nameOf } from '../../../x509/test/helpers/certificates.js';
import { extensionOf, rawCertificate } from './build.js';
import { readCertificate, readRequest } from './decoding.js';
import { csrFor } from '../../../x509/test/helpers/csr.js';

const criticalityCodes = ['ExtensionWronglyCritical', 'ExtensionNotCritical', 'CriticalityUnusual'];
const dns = der(contextPrimitive(2), Buffer.from('a.example'));

/** RFC 5280 4.2, one value for each extension. */
const values: readonly (readonly [name: string, id: string, value: Buffer, whenCritical: string, otherwise: string])[] =
  [
    ['authorityKeyIdentifier', '2.5.29.35', sequence(der(0x80, Buffer.of(1))), 'ExtensionWronglyCritical', ''],
    ['subjectKeyIdentifier', '2.5.29.14', der(Tag.OCTET_STRING, Buffer.of(1)), 'ExtensionWronglyCritical', ''],
    ['keyUsage', '2.5.29.15', Buffer.from('03020780', 'hex'), '', 'CriticalityUnusual'],
    ['certificatePolicies', '2.5.29.32', sequence(sequence(oid('1.2.3'))), '', ''],
    ['policyMappings', '2.5.29.33', sequence(sequence(oid('1.2.3'), oid('1.2.4'))), '', 'CriticalityUnusual'],
    ['issuerAltName', '2.5.29.18', sequence(dns), 'CriticalityUnusual', ''],
    [
      'subjectDirectoryAttributes',
      '2.5.29.9',
      sequence(sequence(oid('1.2.3'), der(Tag.SET, der(Tag.NULL)))),
      'ExtensionWronglyCritical',
      '',
    ],
    ['nameConstraints', '2.5.29.30', sequence(der(0xa0, sequence(dns))), '', 'ExtensionNotCritical'],
    ['policyConstraints', '2.5.29.36', sequence(der(0x80, Buffer.of(0))), '', 'ExtensionNotCritical'],
    ['extKeyUsage', '2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.2')), '', ''],
    ['cRLDistributionPoints', '2.5.29.31', sequence(sequence()), 'CriticalityUnusual', ''],
    ['inhibitAnyPolicy', '2.5.29.54', der(Tag.INTEGER, Buffer.of(0)), '', 'ExtensionNotCritical'],
    ['freshestCRL', '2.5.29.46', sequence(sequence()), 'ExtensionWronglyCritical', ''],
    [
      'authorityInfoAccess',
      '1.3.6.1.5.5.7.1.1',
      sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), dns)),
      'ExtensionWronglyCritical',
      '',
    ],
    [
      'subjectInfoAccess',
      '1.3.6.1.5.5.7.1.11',
      sequence(sequence(oid('1.3.6.1.5.5.7.48.3'), dns)),
      'ExtensionWronglyCritical',
      '',
    ],
  ];

const found = (codes: readonly string[]): string => codes.filter((code) => criticalityCodes.includes(code)).join();

describe('the critical flag of a certificate', () => {
  it.each(values)('is looked at: %s', (_, id, value, whenCritical, otherwise) => {
    const codes = (...flag: number[]) =>
      found(readCertificate(rawCertificate({ extensions: [extensionOf(id, value, ...flag)] })).codes);
    expect(codes(0xff)).toBe(whenCritical);
    expect(codes()).toBe(otherwise);
  });

  it('of alternative names belongs to an empty subject', () => {
    const codes = (subject: Buffer, ...flag: number[]) =>
      readCertificate(rawCertificate({ subject, extensions: [extensionOf('2.5.29.17', sequence(dns), ...flag)] }))
        .codes;
    expect(codes(sequence(), 0xff)).not.toContain('CriticalityUnusual');
    expect(codes(sequence())).toContain('EmptySubject');
    expect(codes(nameOf([['CN', 'a']]), 0xff)).toContain('CriticalityUnusual');
    expect(codes(nameOf([['CN', 'a']]))).not.toContain('CriticalityUnusual');
  });

  it('is not looked at in a request, because a CA decides on it', async () => {
    const { pem } = await csrFor('jane');
    const request = readRequest(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
    expect(found(request.codes)).toBe('');
  });
});
