// Tests src/callers/client-certificates.ts
import { describe, expect, it } from 'vitest';
import { otherEncodings } from '../../../helpers/other-encodings.js';
import { reservedNames } from '../../../helpers/reserved-names.js';
import {
  readCallersTrust,
  type CallersTrust,
  ClientCertificates,
  type ClientCertificateOptions,
} from '../../../../src/callers/client-certificates.js';
import type { Authentication } from '../../../../src/model/principal.js';
import {
  contextConstructed,
  der,
  extensionId,
  keyPurpose,
  messageOf,
  oid,
  sequence,
  setOf,
  sha256,
  Tag,
  writeExtension,
} from '@kubepass/x509';
import {
  caConstraints,
  makeAuthority,
  makeCertificate,
  makeKey,
  makeList,
  nameOf,
  subjectAltName,
  testNow,
  type CertificateFields,
  type MadeCertificate,
} from '../../../../packages/x509/test/helpers/certificates.js';

const authority = makeAuthority({ subject: [['CN', 'callers-ca']] });
const spiffe = 'spiffe://corp.example/ns/ci/sa/deployer';
const withUris = (...uri: string[]): CertificateFields => ({ extensions: [subjectAltName({ uri })] });
const made = (fields: CertificateFields = {}): MadeCertificate =>
  makeCertificate({ issuer: authority, ...withUris(spiffe), ...fields });

interface Given extends Partial<ClientCertificateOptions> {
  readonly authorities?: readonly MadeCertificate[];
  readonly lists?: readonly { readonly pem: string }[];
  readonly now?: Date;
}

const pemOf = (blocks: readonly { readonly pem: string }[]) => blocks.map(({ pem }) => pem).join('');
const trustOf = (authorities: readonly MadeCertificate[], lists?: readonly { readonly pem: string }[]) =>
  readCallersTrust(pemOf(authorities), lists === undefined ? null : pemOf(lists));

async function wayIn({ authorities = [authority], lists, now = testNow, ...options }: Given = {}) {
  const trust = await trustOf(authorities, lists);
  return new ClientCertificates({
    identity: 'uri',
    usernamePrefix: '',
    othersPrefixes: [],
    trust: () => trust,
    whyNone: () => null,
    roles: [{ names: [spiffe], groups: [], roles: ['requester'] }],
    clock: () => now,
    ...options,
  });
}

const authenticate = async (certificate: MadeCertificate, given: Given = {}): Promise<Authentication> =>
  (await wayIn(given)).authenticate(certificate.der);
const reasonFor = async (certificate: MadeCertificate, given: Given = {}): Promise<string> => {
  const answer = await authenticate(certificate, given);
  return answer.outcome === 'refused' ? answer.reason : answer.outcome;
};

describe('a client certificate', () => {
  it('is a principal with the name of its one URI, the roles of that name, and no groups', async () => {
    const [notBefore, notAfter] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-07-01T00:00:00Z')];
    const certificate = made({ subject: [['O', 'platform-admins']], notBefore, notAfter });
    expect(await authenticate(certificate)).toEqual({
      outcome: 'authenticated',
      principal: {
        name: spiffe,
        groups: [],
        roles: ['requester'],
        method: 'client-certificate',
        createdBy: [],
        credentialId: sha256(certificate.der),
        expiresAt: notAfter,
        vouchedAt: notBefore,
        cluster: null,
      },
    });
  });

  it.each(reservedNames)('is nobody by the reserved name %s', async (name) => {
    const answer = await authenticate(made({ subject: [['CN', name]] }), { identity: 'commonName' });
    expect(answer).toMatchObject({ outcome: 'refused', reason: 'NameNotPermitted' });
  });

  it('may have other alternative names beside the one URI', async () => {
    const extensions = [
      subjectAltName({ uri: [spiffe], dns: ['deployer.corp.example'], ip: [Buffer.of(10, 0, 0, 1)] }),
    ];
    expect(await reasonFor(made({ extensions }))).toBe('authenticated');
  });

  it('is a principal with its one CN where the configuration says so, whatever else is in the subject', async () => {
    const subject = [
      ['C', 'DE'],
      ['O', 'Corp'],
      ['OU', 'CI'],
      ['CN', 'deployer'],
    ] as const;
    const answer = await authenticate(made({ subject }), { identity: 'commonName', usernamePrefix: 'x509:' });
    expect(answer).toMatchObject({ principal: { name: 'x509:deployer', groups: [], roles: [] } });
  });
});

describe('a client certificate is refused', () => {
  const rdn = (...values: readonly (readonly [string, number, string])[]) =>
    setOf(...values.map(([type, tag, value]) => sequence(oid(type), der(tag, Buffer.from(value, 'latin1')))));
  const cn = '2.5.4.3';
  const uriAs = (tag: number) =>
    writeExtension(extensionId.subjectAltName, false, sequence(der(tag, Buffer.from(spiffe))));
  const otherAuthority = makeAuthority({ subject: [['CN', 'callers-ca']] });
  const intermediate = makeAuthority({ subject: [['CN', 'another-ca']], issuer: authority });

  const byUri: Readonly<Record<string, readonly [CertificateFields, string]>> = {
    'before its time': [{ notBefore: new Date(testNow.getTime() + 1_000) }, 'CertificateNotYetValid'],
    'after its time': [{ notAfter: new Date(testNow.getTime() - 1_000) }, 'CertificateExpired'],
    'without a key purpose': [{ extKeyUsage: null }, 'CertificateNotForClients'],
    'for servers alone': [{ extKeyUsage: [keyPurpose.serverAuth] }, 'CertificateNotForClients'],
    'for any purpose, which names none': [{ extKeyUsage: ['2.5.29.37.0'] }, 'CertificateNotForClients'],
    'as one of a CA': [{ basicConstraints: caConstraints(true) }, 'CertificateIsAuthority'],
    'as one that may sign certificates': [{ keyUsage: ['digitalSignature', 'keyCertSign'] }, 'CertificateIsAuthority'],
    'without alternative names': [{ extensions: [] }, 'NameMissing'],
    'without a URI': [{ extensions: [subjectAltName({ dns: ['a.example'], email: ['a@b.example'] })] }, 'NameMissing'],
    'with two URIs': [withUris(spiffe, 'spiffe://corp.example/admin'), 'NameAmbiguous'],
    'with the same URI twice': [withUris(spiffe, spiffe), 'NameAmbiguous'],
    'with a URI in a form that only some read': [
      { extensions: [uriAs(contextConstructed(6))] },
      'CertificateMalformed',
    ],
    'with alternative names twice': [
      { extensions: [subjectAltName({ uri: [spiffe] }), subjectAltName({ uri: [spiffe] })] },
      'CertificateMalformed',
    ],
    'with names that end early': [
      { extensions: [writeExtension(extensionId.subjectAltName, false, Buffer.of(0x30, 5, 0x86, 9))] },
      'CertificateMalformed',
    ],
    'with a name of Kubernetes': [withUris('system:serviceaccount:ci:deployer'), 'NameNotPermitted'],
    'with one in capitals': [withUris('System:masters'), 'NameNotPermitted'],
    'with a NUL': [withUris('spiffe://corp.example/a\0'), 'NameNotPermitted'],
    'with a query': [withUris('spiffe://corp.example/a?b=c'), 'NameNotPermitted'],
    'with an empty URI': [withUris(''), 'NameNotPermitted'],
    'with a name of 254 characters': [withUris(`spiffe://${'a'.repeat(245)}`), 'NameNotPermitted'],
    'of another CA with the same name': [{ issuer: otherAuthority }, 'CertificateUntrusted'],
    'of a CA in between': [{ issuer: intermediate }, 'CertificateUntrusted'],
    'with a signature of nobody': [{ forged: true }, 'CertificateUntrusted'],
  };
  it.each(Object.entries(byUri))('%s', async (_what, [fields, reason]) => {
    expect(await reasonFor(made(fields))).toBe(reason);
  });

  const byCommonName: Readonly<Record<string, readonly [Buffer, string]>> = {
    'with no CN': [nameOf([['O', 'Corp']]), 'NameMissing'],
    'with an empty subject': [sequence(), 'NameMissing'],
    'with two CNs': [nameOf([...(['jane', 'admin'] as const).map((name) => ['CN', name] as const)]), 'NameAmbiguous'],
    'with the same CN twice': [
      nameOf([...(['jane', 'jane'] as const).map((name) => ['CN', name] as const)]),
      'NameAmbiguous',
    ],
    'with two CNs in one RDN': [
      sequence(rdn([cn, Tag.UTF8_STRING, 'jane'], [cn, Tag.UTF8_STRING, 'admin'])),
      'NameAmbiguous',
    ],
    'with an RDN of several values': [
      sequence(rdn([cn, Tag.UTF8_STRING, 'jane'], ['2.5.4.10', Tag.UTF8_STRING, 'Corp'])),
      'NameAmbiguous',
    ],
    'with a CN in two octets a character': [sequence(rdn([cn, Tag.BMP_STRING, '\0j\0a'])), 'CertificateMalformed'],
    'with a CN in T.61': [sequence(rdn([cn, Tag.T61_STRING, 'jane'])), 'CertificateMalformed'],
    'with a CN that is no UTF-8': [sequence(rdn([cn, Tag.UTF8_STRING, '\xff\xfe'])), 'CertificateMalformed'],
    'with a NUL in its CN': [nameOf([['CN', 'admin\0.example']]), 'NameNotPermitted'],
    'with a CN of Kubernetes': [nameOf([['CN', 'system:masters']]), 'NameNotPermitted'],
    'with a CN that ends with a space': [nameOf([['CN', 'admin ']]), 'NameNotPermitted'],
    'with a name in its CN that looks like another': [nameOf([['CN', 'аdmin']]), 'NameNotPermitted'],
  };
  it.each(Object.entries(byCommonName))('%s', async (_what, [subject, reason]) => {
    expect(await reasonFor(made({ subject }), { identity: 'commonName' })).toBe(reason);
  });

  it('where its name begins as those of another way in do', async () => {
    const subject = [['CN', 'Corp:jane']] as const;
    const given = { identity: 'commonName', othersPrefixes: ['', 'corp:'] } as const;
    expect(await reasonFor(made({ subject }), given)).toBe('NameNotPermitted');
    expect(await reasonFor(made({ subject: [['CN', 'jane']] }), given)).toBe('authenticated');
    // The whole name counts, with the prefix.
    expect(await reasonFor(made({ subject: [['CN', 'tem:masters']] }), { ...given, usernamePrefix: 'sys' })).toBe(
      'NameNotPermitted',
    );
  });

  it('where it is no certificate', async () => {
    const { der: good } = made();
    const way = await wayIn();
    const spoiled = [Buffer.alloc(0), Buffer.from('hello'), good.subarray(0, -1), Buffer.concat([good, Buffer.of(0)])];
    for (const octets of spoiled)
      expect(await way.authenticate(octets)).toMatchObject({ reason: 'CertificateMalformed' });
  });

  it('once its CA is not among those in force, or has ended', async () => {
    let trust = await trustOf([authority]);
    const way = await wayIn({ trust: () => trust });
    const certificate = made();
    expect(await way.authenticate(certificate.der)).toMatchObject({ outcome: 'authenticated' });
    trust = await trustOf([otherAuthority]);
    expect(await way.authenticate(certificate.der)).toMatchObject({ reason: 'CertificateUntrusted' });

    const old = makeAuthority({ notAfter: new Date(testNow.getTime() - 1_000) });
    expect(await reasonFor(made({ issuer: old }), { authorities: [old] })).toBe('CertificateUntrusted');
  });

  it('once its time is over, although its connection goes on', async () => {
    let now = testNow;
    const way = await wayIn({ clock: () => now });
    const certificate = made({ notAfter: new Date(testNow.getTime() + 60_000) });
    expect(await way.authenticate(certificate.der)).toMatchObject({ outcome: 'authenticated' });
    now = new Date(testNow.getTime() + 61_000);
    expect(await way.authenticate(certificate.der)).toMatchObject({ reason: 'CertificateExpired' });
  });

  it('while something is wrong with the CAs as such', async () => {
    expect(await reasonFor(made(), { whyNone: () => 'the CA is that of a cluster' })).toBe(
      'CertificateAuthorityShared',
    );
  });
});

describe('revocation', () => {
  const serialNumber = Buffer.from('5a0102030405060708090a0b0c0d0e0f', 'hex');
  const certificate = made({ serialNumber });
  const nothing = makeList(authority, []);

  it('is looked at for every request, in the CRL in force', async () => {
    let trust = await trustOf([authority], [nothing]);
    const way = await wayIn({ trust: () => trust });
    expect(await way.authenticate(certificate.der)).toMatchObject({ outcome: 'authenticated' });
    trust = await trustOf([authority], [makeList(authority, [serialNumber])]);
    expect(await way.authenticate(certificate.der)).toMatchObject({ reason: 'CertificateRevoked' });
    expect(await way.authenticate(made().der)).toMatchObject({ outcome: 'authenticated' });
  });

  it('is that of the serial number, so another encoding of the certificate is refused too', async () => {
    const encodings = otherEncodings(certificate.der);
    const revoking = await wayIn({ lists: [makeList(authority, [serialNumber])] });
    for (const { name, der: other } of encodings)
      expect((await revoking.authenticate(other)).outcome, name).toBe('refused');
    // Some of them are refused for their revocation alone.
    const admitting = await wayIn({ lists: [nothing] });
    const outcomes = await Promise.all(encodings.map(async (one) => (await admitting.authenticate(one.der)).outcome));
    expect(new Set(outcomes)).toEqual(new Set(['authenticated', 'refused']));
  });

  it('is not known once the CRL has ended, which is no fault of the caller; who was revoked stays so', async () => {
    const ended = new Date(testNow.getTime() - 1_000);
    const lists = [makeList(authority, [serialNumber], ended)];
    expect(await authenticate(made(), { lists })).toMatchObject({
      outcome: 'unavailable',
      message: expect.stringMatching(
        /^CrlExpired: the CRL of CN=callers-ca is from .*Z to .*Z: put the next/,
      ) as string,
    });
    expect(await reasonFor(certificate, { lists })).toBe('CertificateRevoked');
    const early = new Date('2025-12-31T00:00:00Z');
    const valid = { notBefore: new Date('2025-06-01T00:00:00Z') };
    expect(await reasonFor(made(valid), { lists: [nothing], now: early })).toBe('unavailable');
  });

  it('is that of the newest CRL', async () => {
    const later = makeList(authority, [serialNumber], undefined, authority.key, new Date('2026-02-01T00:00:00Z'));
    for (const lists of [
      [nothing, later],
      [later, nothing],
    ])
      expect(await reasonFor(certificate, { lists })).toBe('CertificateRevoked');
  });

  it('is also that of the CAs above', async () => {
    const serial = Buffer.from('5b01', 'hex');
    const issuing = makeAuthority({ subject: [['CN', 'issuing-ca']], issuer: authority, serialNumber: serial });
    const authorities = [issuing, authority];
    const below = made({ issuer: issuing });
    const empty = makeList(issuing, []);
    expect(await reasonFor(below, { authorities, lists: [empty, nothing] })).toBe('authenticated');
    expect(await reasonFor(below, { authorities, lists: [empty, makeList(authority, [serial])] })).toBe(
      'CertificateRevoked',
    );
    const ended = makeList(authority, [], new Date(testNow.getTime() - 1_000));
    expect(await reasonFor(below, { authorities, lists: [empty, ended] })).toBe('unavailable');
    // A serial number counts under its own CA alone.
    expect(await reasonFor(below, { authorities, lists: [makeList(issuing, [serial]), nothing] })).toBe(
      'authenticated',
    );
  });
});

describe('the CAs of callers', () => {
  const failure = (pem: string, lists: string | null = null): Promise<string> =>
    readCallersTrust(pem, lists).then((_trust: CallersTrust) => 'accepted', messageOf);

  it('are certificates of CAs and nothing else', async () => {
    expect(await failure('')).toBe('no PEM block "CERTIFICATE" is found');
    expect(await failure(authority.key.pem)).toContain('a PEM label is "PRIVATE KEY", not "CERTIFICATE"');
    expect(await failure(made().pem)).toBe('CN=jane is no CA: it has no basicConstraints with cA TRUE');
    const plain = makeAuthority({ version: 1 });
    expect(await failure(plain.pem)).toContain('is no CA');
    const cannotSign = makeAuthority({ keyUsage: ['digitalSignature'] });
    expect(await failure(cannotSign.pem)).toContain('may not sign certificates: its keyUsage has no keyCertSign');
    const notDer = authority.pem.replace(/\n[A-Za-z0-9+/]{64}\n/, '\n');
    expect(await failure(notDer)).not.toBe('accepted');
  });

  it('have a CRL each, which each has signed', async () => {
    const other = makeAuthority({ subject: [['CN', 'other-ca']] });
    const sameName = makeAuthority({ subject: [['CN', 'callers-ca']] });
    expect(await failure(authority.pem, makeList(authority, []).pem)).toBe('accepted');
    expect(await failure(authority.pem, '')).toBe('no PEM block "X509 CRL" is found');
    const none = 'there is no CRL that CN=callers-ca has signed';
    expect(await failure(authority.pem, makeList(other, []).pem)).toBe(none);
    expect(await failure(authority.pem, makeList(sameName, []).pem)).toBe(none);
    expect(await failure(authority.pem, makeList(authority, [], undefined, makeKey()).pem)).toBe(none);
    expect(await failure(authority.pem + other.pem, makeList(authority, []).pem)).toBe(
      'there is no CRL that CN=other-ca has signed',
    );
    expect(await failure(authority.pem, makeList(authority, []).pem + makeList(other, []).pem)).toBe(
      'a CRL of CN=other-ca was signed by none of the CAs',
    );
    const mayNot = makeAuthority({ keyUsage: ['keyCertSign'] });
    expect(await failure(mayNot.pem, makeList(mayNot, []).pem)).toBe('there is no CRL that CN=test-ca has signed');
  });

  it('may have signed each other', async () => {
    const [one, two] = [makeKey(), makeKey()];
    const first = makeAuthority({ subject: [['CN', 'one']], key: one });
    const second = makeAuthority({ subject: [['CN', 'two']], key: two });
    const crossed = [
      makeAuthority({ subject: [['CN', 'one']], key: one, issuer: second }),
      makeAuthority({ subject: [['CN', 'two']], key: two, issuer: first }),
    ];
    const trust = await trustOf([first, second, ...crossed]);
    expect(trust.authorities.map((each) => trust.above(each).length)).toEqual([3, 3, 3, 3]);
  });
});
