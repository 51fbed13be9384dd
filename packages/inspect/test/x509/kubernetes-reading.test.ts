// Tests packages/inspect/src/x509/kubernetes-role.ts
import { describe, expect, it } from 'vitest';

import { basicConstraintsExtension, extKeyUsageExtension, keyPurpose, Tag } from '@kubepass/x509';
import { rawCertificate, rawName, string } from './build.js';
import { readCertificate } from './decoding.js';

const [CN, O, UID] = ['2.5.4.3', '2.5.4.10', '1.3.6.1.4.1.57683.2'];
const utf8 = (text: string): Buffer => string(Tag.UTF8_STRING, text);
const readingOf = (subject: Buffer, ...extensions: Buffer[]) =>
  readCertificate(rawCertificate({ subject, extensions: extensions.length > 0 ? extensions : null })).content;

const jane = rawName([[CN, utf8('jane')]]);

describe('kubernetesReading', () => {
  it('reads the last CN, every O in order, and the uid, as an API server does', () => {
    const subject = rawName(
      [
        [O, utf8('b')],
        [O, utf8('a')],
      ],
      [[CN, utf8('first')]],
      [[O, utf8('c')]],
      [[CN, utf8('last')]],
      [[UID, utf8('1234')]],
    );
    const { kubernetes, fingerprintSha256 } = readingOf(subject);
    expect(kubernetes).toEqual({
      username: 'last',
      groups: ['b', 'a', 'c'],
      uid: '1234',
      credentialId: `X509SHA256=${fingerprintSha256}`,
    });
  });

  it('has no uid where there are two', () => {
    const subject = rawName([[CN, utf8('jane')]], [[UID, utf8('1')]], [[UID, utf8('2')]]);
    expect(readingOf(subject).kubernetes?.uid).toBeNull();
  });

  it.each([
    ['for clients', [extKeyUsageExtension([keyPurpose.clientAuth])], true],
    ['for clients and servers', [extKeyUsageExtension([keyPurpose.serverAuth, keyPurpose.clientAuth])], true],
    ['for anything', [extKeyUsageExtension(['2.5.29.37.0'])], true],
    ['without a purpose', [], true],
    ['for servers', [extKeyUsageExtension([keyPurpose.serverAuth])], false],
    ['of a CA', [basicConstraintsExtension(true)], false],
  ])('of a certificate %s', (_, extensions, expected) => {
    expect(readingOf(jane, ...extensions).kubernetes !== null).toBe(expected);
  });

  it('is nobody without a CN', () => {
    expect(readingOf(rawName([[O, utf8('dev')]])).kubernetes).toBeNull();
    expect(readingOf(rawName([[CN, utf8('')]])).kubernetes).toBeNull();
  });
});
