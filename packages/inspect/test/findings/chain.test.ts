// Tests packages/inspect/src/findings/checks/chain.ts, packages/inspect/src/findings/checks/name-constraints.ts,
// packages/inspect/src/relations/find-issuers.ts
import { expect, it, describe } from 'vitest';
import {
  contextConstructed,
  der,
  extKeyUsageExtension,
  keyPurpose,
  oid,
  sequence,
  Tag,
  writeExtension,
} from '@kubepass/x509';
import { readCertificateTree } from '@kubepass/x509/tree';
import {
  makeAuthority,
  makeCertificate,
  makeKey,
  makeList,
  nameConstraints,
  nameOf,
  pathLength,
  subjectAltName,
  type AlternativeNames,
  type CertificateFields,
  type MadeCertificate,
} from '../../../x509/test/helpers/certificates.js';
import { inspectFiles, knownCluster } from '../inspected.js';

const ca = makeAuthority();

async function codesOf(fields: CertificateFields, issuer = ca) {
  const leaf = makeCertificate({ issuer, ...fields });
  return (await inspectFiles({ 'leaf.crt': leaf.pem, 'ca.crt': issuer.pem })).codes('leaf.crt');
}

it('finds nothing about a certificate and a CA that are in order', async () => {
  expect(await codesOf({})).toEqual([]);
  expect((await inspectFiles({ 'ca.crt': ca.pem })).findings).toEqual([]);
});

const own = Buffer.alloc(20, 7);
/** The successor of a CA: another key, the same name, and no authority key identifier. */
const rolledOverFrom = (issuer: MadeCertificate): MadeCertificate =>
  makeAuthority({ issuer, subject: issuer.subject, authorityKeyIdentifier: null });
const absent = makeAuthority({ subject: [['CN', 'absent']] });

describe('the signature', () => {
  it('is missed where the CA is neither in the upload nor ours', async () => {
    const files = { 'leaf.crt': makeCertificate({ issuer: ca }).pem };
    expect((await inspectFiles(files)).codes('leaf.crt')).toEqual(['IssuerMissing']);
    const clusters = [knownCluster('dev', 'https://10.0.0.1:6443', [], [ca.der])];
    expect((await inspectFiles(files, { clusters })).codes('leaf.crt')).toEqual([]);
  });

  it('is not the one of a certificate that was changed', async () => {
    expect(await codesOf({ forged: true })).toContain('SignatureInvalid');
  });

  it('is not the one of a root that was changed and says that its own key signed it', async () => {
    const changed = makeAuthority({ forged: true, subjectKeyIdentifier: own, authorityKeyIdentifier: own });
    expect((await inspectFiles({ 'ca.crt': changed.pem })).codes('ca.crt')).toContain('SignatureInvalid');
  });

  it('is missed where an older CA of the same name made it, or it was changed: the two look the same', async () => {
    for (const each of [rolledOverFrom(makeAuthority()), makeAuthority({ forged: true })])
      for (const others of [{}, { 'a.crt': ca.pem }, { 'a.crt': ca.pem, 'b.crt': makeAuthority().pem }]) {
        const { codes, finding } = await inspectFiles({ 'new.crt': each.pem, ...others });
        expect(codes('new.crt')).not.toContain('SignatureInvalid');
        expect(finding('IssuerMissing', 'new.crt')?.message).toContain('bring the older certificate of that CA');
      }
  });

  it('accuses nobody where CAs of two clusters have one name', async () => {
    const leaf = makeCertificate({ issuer: ca });
    const { codes } = await inspectFiles({ 'leaf.crt': leaf.pem, 'ca.crt': makeAuthority().pem });
    expect(codes('leaf.crt')).toEqual(['IssuerMissing']);
  });

  /** By issuer and serial number, as older software writes it. */
  const bySerialNumber = ({ der: octets }: MadeCertificate): Buffer => {
    const { issuer, serialNumber } = readCertificateTree(octets);
    return writeExtension(
      '2.5.29.35',
      false,
      sequence(der(contextConstructed(1), der(contextConstructed(4), issuer.raw)), der(0x82, serialNumber.content)),
    );
  };
  const nameless = makeAuthority({ subject: [], subjectKeyIdentifier: null });
  const bare = makeAuthority({ subjectKeyIdentifier: null });
  const copied = makeCertificate({ issuer: absent, authorityKeyIdentifier: ca.keyIdentifier });
  const older = { issuer: ca, subject: ca.subject } as const;
  const ofTheName = makeCertificate({ ...older, authorityKeyIdentifier: null });
  const renewed = makeAuthority({ ...older });
  const rolledOver = rolledOverFrom(ca);
  const misnamed = makeCertificate({ issuer: absent, subjectKeyIdentifier: own, authorityKeyIdentifier: own });
  const oldStyle = makeCertificate({
    issuer: bare,
    authorityKeyIdentifier: null,
    extensions: [bySerialNumber(bare)],
    forged: true,
  });
  const unnamed = makeCertificate({
    issuer: nameless,
    subject: [],
    extensions: [subjectAltName({ dns: ['a.example'] })],
  });

  it.each<[string, MadeCertificate, Readonly<Record<string, MadeCertificate>>, string]>([
    ['names its own key in the place of that of its issuer', misnamed, {}, 'key identifier is that of its own key'],
    ['has the key identifier of another CA, copied', copied, { ca }, 'key identifier is that of ca.crt'],
    ['has the name of its CA', ofTheName, {}, 'it bears that name'],
    ['is the renewed CA that the older one signed', renewed, {}, 'self-issued, and signed with another key'],
    [
      'is the renewed CA, and does not identify the older one',
      rolledOver,
      {},
      'bring the older certificate of that CA',
    ],
    ['names nobody, and is itself nobody', unnamed, {}, 'it bears that name'],
    ['names nobody beside one without a name', unnamed, { other: makeAuthority({ subject: [] }) }, 'is not here'],
    [
      'names a serial number that the CA of that name has not',
      oldStyle,
      { other: makeAuthority({ subjectKeyIdentifier: null }) },
      'other.crt bears',
    ],
  ])('accuses nobody where the CA is absent, and the certificate %s', async (_, leaf, others, message) => {
    const files = Object.fromEntries(Object.entries(others).map(([name, { pem }]) => [`${name}.crt`, pem]));
    const { codes, finding } = await inspectFiles({ 'leaf.crt': leaf.pem, ...files });
    expect(codes('leaf.crt')).not.toContain('SignatureInvalid');
    expect(finding('IssuerMissing', 'leaf.crt')?.message).toContain(message);
  });

  it.each<[string, MadeCertificate, MadeCertificate]>([
    ['names its own key in the place of that of its issuer', misnamed, absent],
    ['has the key identifier of another CA, copied', copied, absent],
    ['has the name of its CA', ofTheName, ca],
    ['is the renewed CA that the older one signed', renewed, ca],
    ['is the renewed CA, and does not identify the older one', rolledOver, ca],
    ['names nobody', unnamed, nameless],
  ])('is found where the CA is here, and the certificate %s', async (_, leaf, issuer) => {
    const { codes, related } = await inspectFiles({ 'leaf.crt': leaf.pem, 'ca.crt': issuer.pem });
    expect(codes('leaf.crt')).not.toContain('IssuerMissing');
    expect(related).toContain('leaf.crt SignedBy ca.crt');
  });

  it.each<[string, MadeCertificate, readonly MadeCertificate[]]>([
    ['says by name and key identifier', makeCertificate({ issuer: ca, forged: true }), [ca]],
    [
      'says by name and key identifier, and a CA of another name has it',
      copied,
      [makeAuthority({ subject: [['CN', 'absent']], subjectKeyIdentifier: ca.keyIdentifier })],
    ],
    ['says by issuer and serial number', oldStyle, [bare]],
    [
      'says by issuer and serial number, beside another CA of that name',
      oldStyle,
      [makeAuthority({ subjectKeyIdentifier: null }), bare],
    ],
    [
      'says of itself by name and key identifier',
      makeCertificate({
        issuer: ca,
        issuerName: nameOf([['CN', 'jane']]),
        subjectKeyIdentifier: own,
        authorityKeyIdentifier: own,
      }),
      [],
    ],
  ])('accuses a certificate that was not signed by whom it %s', async (_, leaf, others) => {
    const files = Object.fromEntries(others.map(({ pem }, i) => [`ca${i}.crt`, pem]));
    const { codes } = await inspectFiles({ 'leaf.crt': leaf.pem, ...files });
    expect(codes('leaf.crt')).toContain('SignatureInvalid');
  });

  it('is held against a CA of a cluster by name and key identifier, and never by name alone', async () => {
    const forged = async (issuer: MadeCertificate) => {
      const clusters = [knownCluster('dev', 'https://10.0.0.1:6443', [issuer.der])];
      const { codes } = await inspectFiles({ 'leaf.crt': makeCertificate({ issuer, forged: true }).pem }, { clusters });
      return codes('leaf.crt');
    };
    expect(await forged(ca)).toEqual(['SignatureInvalid']);
    expect(await forged(bare)).toEqual(['IssuerMissing', 'AuthorityKeyIdentifierMissing']);
  });

  it('is held against the only CA of that name where there are no key identifiers', async () => {
    const old = makeAuthority({ subjectKeyIdentifier: null });
    expect(await codesOf({ forged: true }, old)).toContain('SignatureInvalid');
    expect(await codesOf({}, old)).not.toContain('SignatureInvalid');
  });
});

describe('the CA', () => {
  it('must be one', async () => {
    const leaf = makeCertificate({
      issuer: ca,
      subjectKeyIdentifier: Buffer.alloc(20, 3),
      keyUsage: ['digitalSignature'],
    });
    expect(await codesOf({ subject: [['CN', 'below']] }, leaf)).toContain('IssuerNotCa');
  });

  it('must be allowed to sign certificates', async () => {
    const mute = makeAuthority({ keyUsage: ['digitalSignature', 'cRLSign'] });
    expect(await codesOf({}, mute)).toContain('IssuerMayNotSign');
  });

  it('must be named as it names itself, octet for octet', async () => {
    expect(await codesOf({ issuerName: nameOf([['CN', 'else']]) })).toContain('IssuerNameWrong');
    const printable = nameOf([['CN', 'test-ca']], Tag.PRINTABLE_STRING);
    const leaf = makeCertificate({ issuer: ca, issuerName: printable });
    const { finding } = await inspectFiles({ 'leaf.crt': leaf.pem, 'ca.crt': ca.pem });
    expect(finding('IssuerNameWrong')?.message).toContain('encoded differently');
  });

  it('must be the one that the authority key identifier is of', async () => {
    expect(await codesOf({ authorityKeyIdentifier: Buffer.alloc(20, 9) })).toContain('AuthorityKeyIdentifierWrong');
    const own = makeAuthority({ authorityKeyIdentifier: Buffer.alloc(20, 9) });
    expect((await inspectFiles({ 'ca.crt': own.pem })).codes('ca.crt')).toContain('AuthorityKeyIdentifierWrong');
  });

  it('may allow no further CA below it', async () => {
    const root = makeAuthority({ subject: [['CN', 'root']], basicConstraints: pathLength(0) });
    const between = makeAuthority({ subject: [['CN', 'between']], issuer: root });
    const files = {
      'leaf.crt': makeCertificate({ issuer: between }).pem,
      'direct.crt': makeCertificate({ issuer: root }).pem,
      'between.crt': between.pem,
      'root.crt': root.pem,
    };
    const { codes, finding } = await inspectFiles(files);
    expect(finding('PathLengthExceeded')?.object).toBe('leaf.crt');
    expect(codes('direct.crt')).not.toContain('PathLengthExceeded');
  });

  it('may allow none of the extended key usages', async () => {
    const servers = makeAuthority({ extKeyUsage: [keyPurpose.serverAuth] });
    expect(await codesOf({}, servers)).toContain('ExtendedKeyUsageUnsuitable');
    expect(await codesOf({ extKeyUsage: [keyPurpose.serverAuth, keyPurpose.clientAuth] }, servers)).not.toContain(
      'ExtendedKeyUsageUnsuitable',
    );
    expect(extKeyUsageExtension([])).toBeDefined();
  });

  it('gives no serial number twice', async () => {
    const serialNumber = Buffer.alloc(16, 0x33);
    const files = {
      'a.crt': makeCertificate({ issuer: ca, serialNumber }).pem,
      'b.crt': makeCertificate({ issuer: ca, serialNumber, subject: [['CN', 'joe']] }).pem,
      'other-ca.crt': makeCertificate({ issuer: makeAuthority(), serialNumber }).pem,
      'ca.crt': ca.pem,
    };
    const { findings } = await inspectFiles(files);
    expect(findings.filter(({ code }) => code === 'DuplicateSerialNumber').map(({ object }) => object)).toEqual([
      'b.crt',
    ]);
  });

  it('may have revoked it', async () => {
    const serialNumber = Buffer.alloc(16, 0x44);
    const leaf = makeCertificate({ issuer: ca, serialNumber }).pem;
    const files = { 'leaf.crt': leaf, 'ca.crt': ca.pem };
    const revoked = await inspectFiles({ ...files, 'crl.pem': makeList(ca, [serialNumber]).pem });
    expect(revoked.codes('leaf.crt')).toEqual(['RevokedCertificate']);
    const other = await inspectFiles({ ...files, 'crl.pem': makeList(ca, [Buffer.alloc(16, 0x45)]).pem });
    expect(other.codes('leaf.crt')).toEqual([]);
    expect(other.codes('crl.pem')).toEqual(['ListNotConsulted']);
  });
});

describe('a certificate list', () => {
  it('is out of date after its time', async () => {
    const list = makeList(ca, [], new Date('2026-02-01T00:00:00Z'));
    const { codes } = await inspectFiles({ 'crl.pem': list.pem, 'ca.crt': ca.pem });
    expect(codes('crl.pem')).toEqual(['ListExpired', 'ListNotConsulted']);
  });

  it('is not that of its CA where another key signed it', async () => {
    const list = makeList(ca, [], undefined, makeKey());
    const { codes } = await inspectFiles({ 'crl.pem': list.pem, 'ca.crt': ca.pem });
    expect(codes('crl.pem')).toContain('SignatureInvalid');
  });

  it('is not accused where a CA of another name has its key identifier', async () => {
    const { codes } = await inspectFiles({
      'crl.pem': makeList({ ...absent, keyIdentifier: ca.keyIdentifier }, []).pem,
      'ca.crt': ca.pem,
    });
    expect(codes('crl.pem')).toEqual(['IssuerMissing', 'ListNotConsulted']);
  });

  it('is of a CA that may sign lists, as one of its certificates says', async () => {
    const identity = { subject: [['CN', 'lists']], key: makeKey(), subjectKeyIdentifier: Buffer.alloc(20, 5) } as const;
    const without = makeAuthority({ ...identity, keyUsage: ['keyCertSign'] });
    const list = { 'crl.pem': makeList(without, []).pem, 'ca.crt': without.pem };
    const { finding } = await inspectFiles(list);
    expect(finding('IssuerMayNotSign')).toMatchObject({
      object: 'crl.pem',
      message: 'ca.crt, which signed it, has a key usage without cRLSign.',
    });
    for (const keyUsage of [['cRLSign'], null] as const) {
      const { codes } = await inspectFiles({ ...list, 'other.crt': makeAuthority({ ...identity, keyUsage }).pem });
      expect(codes('crl.pem')).toEqual(['ListNotConsulted']);
    }
  });

  it('names the key that signed it', async () => {
    const bare = makeAuthority({ subjectKeyIdentifier: null });
    const { finding } = await inspectFiles({ 'crl.pem': makeList(bare, []).pem });
    expect(finding('ListIncomplete')?.message).toBe('It has no authority key identifier.');
    const empty = await inspectFiles({ 'crl.pem': makeList({ ...ca, keyIdentifier: Buffer.alloc(0) }, []).pem });
    expect(empty.finding('ListIncomplete')?.message).toBe('It has no key in its authority key identifier.');
  });
});

describe('CAs that sign each other', () => {
  const [a, b] = [makeAuthority({ subject: [['CN', 'a']] }), makeAuthority({ subject: [['CN', 'b']] })];
  const cross = (of: MadeCertificate, by: MadeCertificate): MadeCertificate =>
    makeAuthority({ subject: of.subject, key: of.key, subjectKeyIdentifier: of.keyIdentifier, issuer: by });
  const circle = { 'a.crt': cross(a, b).pem, 'b.crt': cross(b, a).pem, 'leaf.crt': makeCertificate({ issuer: a }).pem };
  const withoutRoot = async (
    files: Readonly<Record<string, string>>,
    clusters: Parameters<typeof inspectFiles>[1] = {},
  ): Promise<readonly string[]> => {
    const { findings } = await inspectFiles(files, clusters);
    return findings.flatMap(({ code, object }) => (code === 'NoRootAbove' ? [object] : []));
  };

  it('are found where no root is with them', async () => {
    expect(await withoutRoot(circle)).toEqual(['a.crt', 'b.crt']);
    const below = makeAuthority({ issuer: b, subject: [['CN', 'below']] });
    const more = { 'below.crt': below.pem, 'user.crt': makeCertificate({ issuer: below }).pem };
    expect(await withoutRoot({ ...circle, ...more })).toEqual(['a.crt', 'b.crt', 'below.crt']);
  });

  it('are in order with a root, with a CA of ours, and with a CA above that is not here', async () => {
    expect(await withoutRoot({ ...circle, 'root.crt': a.pem })).toEqual([]);
    expect(await withoutRoot(circle, { clusters: [knownCluster('dev', 'https://10.0.0.1:6443', [b.der])] })).toEqual(
      [],
    );
    expect(await withoutRoot({ ...circle, 'other.crt': cross(b, absent).pem })).toEqual([]);
  });
});

describe('name constraints', () => {
  const address = (text: string): Buffer => Buffer.from(text.split('.').map(Number));
  const corp = nameOf([['O', 'Corp']]);
  const user = [['CN', 'jane']] as const;
  /** `id-on-userPrincipalName`. */
  const otherName = der(
    contextConstructed(0),
    oid('1.3.6.1.4.1.311.20.2.3'),
    der(contextConstructed(0), der(Tag.UTF8_STRING, Buffer.from('jane'))),
  );

  it.each<[string, AlternativeNames, AlternativeNames, AlternativeNames, boolean]>([
    ['a host under a permitted domain', { dns: ['corp.example'] }, {}, { dns: ['a.Corp.example'] }, false],
    ['the permitted domain itself', { dns: ['corp.example'] }, {}, { dns: ['corp.example'] }, false],
    ['a host that only ends alike', { dns: ['corp.example'] }, {}, { dns: ['notcorp.example'] }, true],
    [
      'the domain where only what is under it is permitted',
      { dns: ['.corp.example'] },
      {},
      { dns: ['corp.example'] },
      true,
    ],
    ['a name of a kind that is not constrained', { dns: ['corp.example'] }, {}, { email: ['a@b.example'] }, false],
    ['an excluded host', {}, { dns: ['bad.example'] }, { dns: ['x.bad.example'] }, true],
    ['a wildcard that covers an excluded host', {}, { dns: ['a.bad.example'] }, { dns: ['*.bad.example'] }, true],
    [
      'an address within',
      { ip: [Buffer.concat([address('10.0.0.0'), address('255.0.0.0')])] },
      {},
      { ip: [address('10.1.2.3')] },
      false,
    ],
    [
      'an address outside',
      { ip: [Buffer.concat([address('10.0.0.0'), address('255.0.0.0')])] },
      {},
      { ip: [address('11.1.2.3')] },
      true,
    ],
    [
      'an address of another family',
      { ip: [Buffer.concat([address('10.0.0.0'), address('255.0.0.0')])] },
      {},
      { ip: [Buffer.alloc(16)] },
      true,
    ],
    ['a mailbox of a permitted host', { email: ['corp.example'] }, {}, { email: ['Jane@CORP.example'] }, false],
    ['a mailbox of a host below it', { email: ['corp.example'] }, {}, { email: ['jane@mail.corp.example'] }, true],
    [
      'a mailbox of a host below, which is permitted',
      { email: ['.corp.example'] },
      {},
      { email: ['jane@mail.corp.example'] },
      false,
    ],
    ['the very mailbox', { email: ['jane@corp.example'] }, {}, { email: ['jane@Corp.example'] }, false],
    ['another mailbox there', { email: ['jane@corp.example'] }, {}, { email: ['Jane@corp.example'] }, true],
    ['a URI of a permitted host', { uri: ['corp.example'] }, {}, { uri: ['https://u@corp.example:8443/x?y'] }, false],
    ['a URI of another host', { uri: ['.corp.example'] }, {}, { uri: ['spiffe://corp.example/x'] }, true],
    ['a URI without a host', { uri: ['corp.example'] }, {}, { uri: ['urn:a:b'] }, true],
    ['a URI of an address', { uri: ['.example'] }, {}, { uri: ['https://10.0.0.1/'] }, true],
    [
      'a mailbox of a host below the excluded one',
      {},
      { email: ['corp.example'] },
      { email: ['j@a.corp.example'] },
      true,
    ],
    [
      'a mailbox below which hosts are excluded',
      {},
      { email: ['.corp.example'] },
      { email: ['j@corp.example'] },
      false,
    ],
    ['an excluded mailbox in quotes', {}, { email: ['jane@corp.example'] }, { email: ['"ja\\ne"@corp.example'] }, true],
    ['a URI below the excluded host', {}, { uri: ['corp.example'] }, { uri: ['https://a.corp.example'] }, true],
    ['a wildcard beside what is excluded', {}, { dns: ['.corp.example'] }, { dns: ['*.example'] }, false],
    ['no mailbox, whatever is constrained', {}, { dns: ['bad.example'] }, { email: ['jane'] }, true],
    ['a mailbox with two dots', {}, { dns: ['bad.example'] }, { email: ['ja..ne@corp.example'] }, true],
    ['a mailbox with two dots in quotes', {}, { dns: ['bad.example'] }, { email: ['"ja..ne"@corp.example'] }, false],
    ['a host with a dot at its end', { dns: ['corp.example'] }, {}, { dns: ['a.corp.example.'] }, true],
    ['a host with a blank', {}, { email: ['bad.example'] }, { dns: ['a b.example'] }, true],
    ['a URI without a host, whatever is constrained', {}, { dns: ['bad.example'] }, { uri: ['urn:a:b'] }, true],
    ['a form of names that is not compared', {}, { whole: [otherName] }, { whole: [otherName] }, true],
    ['another form than the one that is not compared', {}, { whole: [otherName] }, { dns: ['a.example'] }, false],
    ['a form of names beside the constraints', { dns: ['corp.example'] }, {}, { whole: [otherName] }, false],
    [
      'an excluded directory name',
      {},
      { directory: [corp] },
      {
        directory: [
          nameOf([
            ['O', ' CORP '],
            ['CN', 'x'],
          ]),
        ],
      },
      true,
    ],
    ['a directory name elsewhere', {}, { directory: [corp] }, { directory: [nameOf([['O', 'Corporation']])] }, false],
  ])('judge %s', async (_, permitted, excluded, names, violated) => {
    const constrained = makeAuthority({ extensions: [nameConstraints(permitted, excluded)] });
    const codes = await codesOf({ subject: user, extensions: [subjectAltName(names)] }, constrained);
    expect(codes.includes('NameConstraintViolated')).toBe(violated);
  });

  it.each<[string, AlternativeNames, boolean, boolean]>([
    ['names that Go does not compare', { whole: [otherName] }, true, true],
    ['directory names', { dns: ['corp.example'], directory: [corp] }, true, true],
    ['such names and is not critical', { whole: [otherName], directory: [corp] }, false, false],
    ['names that Go compares', { dns: ['a'], email: ['a'], uri: ['a'], ip: [Buffer.alloc(8)] }, true, false],
  ])('are refused by Go where the extension constrains %s', async (_, names, critical, refused) => {
    for (const constraints of [nameConstraints(names, {}, critical), nameConstraints({}, names, critical)]) {
      const constrained = makeAuthority({ extensions: [constraints] });
      const { codes } = await inspectFiles({ 'ca.crt': constrained.pem });
      expect(codes('ca.crt')).toEqual(
        [refused && 'UnknownCriticalExtension', !critical && 'ExtensionNotCritical'].filter(Boolean),
      );
    }
  });

  it('bind names of a form that is not compared only where they are critical', async () => {
    const extensions = [subjectAltName({ whole: [otherName] })];
    const lax = makeAuthority({ extensions: [nameConstraints({ whole: [otherName] }, {}, false)] });
    expect(await codesOf({ extensions }, lax)).not.toContain('NameConstraintViolated');
    const strict = makeAuthority({ extensions: [nameConstraints({ whole: [otherName] })] });
    const leaf = makeCertificate({ issuer: strict, extensions });
    const { finding } = await inspectFiles({ 'leaf.crt': leaf.pem, 'ca.crt': strict.pem });
    expect(finding('NameConstraintViolated')?.message).toBe(
      '"otherName" cannot be compared with the name constraints of ca.crt.',
    );
  });

  it('judge the subject, and the mailbox in it where no other is given', async () => {
    const permitted = makeAuthority({ extensions: [nameConstraints({ directory: [corp], email: ['corp.example'] })] });
    const mailbox = '1.2.840.113549.1.9.1';
    expect(
      await codesOf(
        {
          subject: [
            ['O', 'corp'],
            ['CN', 'jane'],
          ],
        },
        permitted,
      ),
    ).not.toContain('NameConstraintViolated');
    expect(
      await codesOf(
        {
          subject: [
            ['O', 'Other'],
            ['CN', 'jane'],
          ],
        },
        permitted,
      ),
    ).toContain('NameConstraintViolated');
    const elsewhere = [
      ['O', 'Corp'],
      [mailbox, 'jane@else.example'],
    ] as const;
    expect(await codesOf({ subject: elsewhere }, permitted)).toContain('NameConstraintViolated');
  });

  it('of a CA further up count too, and those of a CA of ours', async () => {
    const root = makeAuthority({ subject: [['CN', 'root']], extensions: [nameConstraints({ dns: ['corp.example'] })] });
    const between = makeAuthority({ subject: [['CN', 'between']], issuer: root });
    const leaf = makeCertificate({ issuer: between, extensions: [subjectAltName({ dns: ['else.example'] })] });
    const clusters = [knownCluster('dev', 'https://10.0.0.1:6443', [root.der])];
    const { finding } = await inspectFiles({ 'leaf.crt': leaf.pem, 'between.crt': between.pem }, { clusters });
    expect(finding('NameConstraintViolated')).toMatchObject({
      object: 'leaf.crt',
      message: '"else.example" is not permitted by the CA of cluster dev.',
    });
  });
});

describe('a file of several certificates', () => {
  const root = makeAuthority({ subject: [['CN', 'root']] });
  const between = makeAuthority({ subject: [['CN', 'between']], issuer: root });
  const leaf = makeCertificate({ issuer: between });
  const chainCodes = async (...chain: readonly { readonly pem: string }[]) => {
    const { findings } = await inspectFiles({ 'chain.pem': chain.map(({ pem }) => pem).join('') });
    return findings
      .filter(({ code }) => ['ChainOutOfOrder', 'RootInChain'].includes(code))
      .map(({ code, object }) => `${code} ${object}`);
  };

  it('is a chain where each certificate signed the one before', async () => {
    expect(await chainCodes(leaf, between)).toEqual([]);
    expect(await chainCodes(leaf, between, root)).toEqual(['RootInChain chain.pem[2]']);
    expect(await chainCodes(between, leaf)).toEqual(['ChainOutOfOrder chain.pem[0]', 'ChainOutOfOrder chain.pem[1]']);
  });

  it('is a collection where there is no leaf, or several', async () => {
    expect(await chainCodes(root, between)).toEqual([]);
    expect(await chainCodes(leaf, root, between, makeCertificate({ issuer: root, subject: [['CN', 'joe']] }))).toEqual(
      [],
    );
  });
});
