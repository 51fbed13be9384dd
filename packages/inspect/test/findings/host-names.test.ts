// Tests packages/inspect/src/findings/checks/host-names.ts
import { describe, expect, it } from 'vitest';
import { hostNamesOf, whyUnmatchable } from '../../src/findings/checks/host-names.js';
import { keyPurpose } from '@kubepass/x509';
import { makeAuthority, makeCertificate, subjectAltName } from '../../../x509/test/helpers/certificates.js';
import { inspectFiles, kubeconfigOf } from '../inspected.js';

// `npm run test:oracles` holds both functions against Go.

describe('a DNS name', () => {
  it.each([
    'web',
    'web.corp.example',
    'WEB.Corp.Example',
    '*.corp.example',
    '_web.corp.example',
    'xn--bcher-kva.example',
    '1.example',
    'a-.example',
    `${'a'.repeat(63)}.example`,
  ])('can be matched: %s', (name) => {
    expect(whyUnmatchable(name)).toBeNull();
  });

  it.each([
    ['', 'is empty'],
    ['10.0.0.1', 'is an address'],
    ['::1', 'is an address'],
    ['web.corp.example:443', 'has a port'],
    ['web:corp', 'has a colon'],
    ['web corp', 'has blanks'],
    ['https://web.corp.example', 'is a URL'],
    ['.corp.example', 'begins with a dot'],
    ['web.corp.example.', 'ends with a dot'],
    ['*', 'is a wildcard for everything'],
    ['web.*.example', 'has a wildcard'],
    ['w*.corp.example', 'has a wildcard'],
    ['*.*.example', 'has a wildcard'],
    ['web..example', 'has an empty label'],
    [`${'a'.repeat(64)}.example`, 'more than 63'],
    [Array.from({ length: 64 }, () => 'abc').join('.'), 'more than 253'],
    ['-web.corp.example', 'has characters'],
    ['bücher.example', 'has characters'],
    ['a\u0000.example', 'has characters'],
  ])('cannot be matched: %s', (name, reason) => {
    expect(whyUnmatchable(name)).toContain(reason);
  });
});

describe('the names of a certificate', () => {
  const names = (dns: readonly string[], ip: readonly string[] = []) =>
    hostNamesOf({ dns, ip, email: [], uri: [], others: 0 });

  it.each<[string, readonly string[], readonly string[], boolean]>([
    ['web.example', ['web.example'], [], true],
    ['WEB.example.', ['web.Example'], [], true],
    ['a.web.example', ['*.web.example'], [], true],
    ['a.b.web.example', ['*.web.example'], [], false],
    ['web.example', ['*.web.example'], [], false],
    ['web.example', ['web.example.'], [], false],
    ['10.0.0.1', ['10.0.0.1'], [], false],
    ['10.0.0.1', [], ['10.0.0.1'], true],
    ['[fd00:0::1]', [], ['fd00::1'], true],
    ['::ffff:10.0.0.1', [], ['10.0.0.1'], true],
    ['10.0.0.01', [], ['10.0.0.1'], false],
    ['a_b.example', ['a_b.example'], [], true],
    ['*.example', ['*.example'], [], true],
    ['', [''], [], false],
  ])('hold %s or do not', (host, dns, ip, expected) => {
    expect(names(dns, ip).has(host)).toBe(expected);
  });
});

describe('names that no client matches', () => {
  const ca = makeAuthority();
  const codes = async (extKeyUsage: readonly string[], dns: readonly string[], ip: readonly Buffer[] = []) => {
    const { pem } = makeCertificate({ issuer: ca, extKeyUsage, extensions: [subjectAltName({ dns, ip })] });
    return (await inspectFiles({ 'x.crt': pem, 'ca.crt': ca.pem })).codes('x.crt');
  };
  const { clientAuth, serverAuth } = keyPurpose;

  it('are told of what is for servers, whatever else it is for', async () => {
    expect(await codes([serverAuth], ['10.0.0.1'])).toEqual(['DnsNameUnmatchable']);
    expect(await codes([serverAuth, clientAuth], ['a b', 'b:1'])).toEqual(['DnsNameUnmatchable', 'DnsNameUnmatchable']);
    expect(await codes([clientAuth], ['10.0.0.1'])).toEqual(['SubjectAltNameInUserCertificate']);
  });

  it('do no harm where they are addresses that are there as addresses, too', async () => {
    expect(await codes([serverAuth], ['10.0.0.1', 'web.example'], [Buffer.of(10, 0, 0, 1)])).toEqual([
      'AddressAsDnsName',
    ]);
    expect(await codes([serverAuth], ['10.0.0.1'], [Buffer.of(10, 0, 0, 2)])).toEqual(['DnsNameUnmatchable']);
  });

  it('are missed altogether where a certificate is for servers and clients', async () => {
    const both = makeCertificate({ issuer: ca, extKeyUsage: [serverAuth, clientAuth] });
    const alone = await inspectFiles({ 'x.crt': both.pem, 'ca.crt': ca.pem });
    expect(alone.codes('x.crt')).toEqual(['ServerPurposeWithoutName']);
    // A kubeconfig shows it to a server, which reads no names.
    const config = kubeconfigOf({ authority: ca.pem, certificate: both.pem, key: both.key.pem });
    const { codes: inConfig } = await inspectFiles({ config });
    expect(inConfig('config#users[0].user.client-certificate-data')).toEqual([]);
  });
});
