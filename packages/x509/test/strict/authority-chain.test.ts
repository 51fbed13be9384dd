// Tests packages/x509/src/strict/authority-chain.ts, packages/x509/src/strict/authority-rules.ts
import { beforeAll, describe, expect, it } from 'vitest';
import { judgeAuthorityChain } from '../../src/strict/authority-chain.js';
import { readCertificate } from '../../src/strict/certificate-reader.js';
import { basicConstraintsExtension, writeExtension } from '../../src/strict/extension.js';
import { sampleChain, seeded, variations } from '../helpers/authority-chains.js';
import {
  type CertificateFields,
  makeAuthority,
  type MadeCertificate,
  makeKey,
  nameOf,
  pathLength,
  testNow,
} from '../helpers/certificates.js';

const read = (one: MadeCertificate) => readCertificate(one.der);
const judge = (file: readonly MadeCertificate[], anchors: readonly MadeCertificate[] | null = null, now = testNow) =>
  judgeAuthorityChain(file.map(read), anchors?.map(read) ?? null, now);
const problemsOf = (file: readonly MadeCertificate[], anchors: readonly MadeCertificate[] | null = null) => {
  const judged = judge(file, anchors);
  return judged.ok ? [] : judged.problems.map((problem) => problem.replaceAll(/ \(serial number -?\w+\)/g, ''));
};
/** The subjects of a chain that is accepted, and of its anchors. */
const namesOf = (file: readonly MadeCertificate[], anchors: readonly MadeCertificate[] | null = null) => {
  const judged = judge(file, anchors);
  if (!judged.ok) return judged.problems;
  const names = (all: typeof judged.chain) => all.map(({ subject }) => subject.rdns[0]?.[0]?.text);
  return { chain: names(judged.chain), anchors: names(judged.anchors) };
};
const authority = (name: string, fields: CertificateFields = {}) =>
  makeAuthority({ subject: [['CN', name]], ...fields });

let root: MadeCertificate;
let middle: MadeCertificate;
let issuer: MadeCertificate;
let stranger: MadeCertificate;
beforeAll(() => {
  root = authority('root', { notAfter: new Date('2040-01-01T00:00:00Z') });
  middle = authority('middle', { issuer: root, notAfter: new Date('2030-01-01T00:00:00Z') });
  issuer = authority('users', { issuer: middle, notBefore: new Date('2026-02-01T00:00:00Z') });
  stranger = authority('stranger');
});

describe('a chain of CAs', () => {
  it('is empty where the issuer is its own anchor', () => {
    expect(namesOf([root])).toEqual({ chain: [], anchors: ['root'] });
    expect(namesOf([issuer])).toEqual({ chain: [], anchors: ['users'] });
    expect(namesOf([issuer], [issuer])).toEqual({ chain: [], anchors: ['users'] });
  });

  it('has the issuer and those above it, without the anchor', () => {
    expect(namesOf([issuer, middle], [root])).toEqual({ chain: ['users', 'middle'], anchors: ['root'] });
    expect(namesOf([issuer, middle, root], [root])).toEqual({ chain: ['users', 'middle'], anchors: ['root'] });
    expect(namesOf([issuer], [middle])).toEqual({ chain: ['users'], anchors: ['middle'] });
    expect(namesOf([issuer, middle], [middle])).toEqual({ chain: ['users'], anchors: ['middle'] });
    expect(namesOf([issuer, middle, root], [root, root])).toEqual({ chain: ['users', 'middle'], anchors: ['root'] });
  });

  it('is valid while all of it is, its anchor included', () => {
    expect(judge([issuer, middle], [root])).toMatchObject({
      notBefore: new Date('2026-02-01T00:00:00Z'),
      notAfter: new Date('2030-01-01T00:00:00Z'),
      outOfDate: [],
    });
    const short = authority('short', { notAfter: new Date('2026-07-01T00:00:00Z') });
    const below = authority('below', { issuer: short });
    expect(judge([below], [short])).toMatchObject({ notAfter: new Date('2026-07-01T00:00:00Z') });
  });

  it('tells what of it is not valid now, and is not refused for that', () => {
    const ended = authority('ended', { notAfter: new Date('2026-05-01T00:00:00Z') });
    const below = authority('below', { issuer: ended, notBefore: new Date('2026-07-01T00:00:00Z') });
    const judged = judge([below], [ended]);
    expect(judged).toMatchObject({ ok: true, notAfter: new Date('2026-05-01T00:00:00Z') });
    expect(judged.ok && judged.outOfDate.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/"CN=below" .* is not valid before 2026-07-01T00:00:00.000Z/),
      expect.stringMatching(/"CN=ended" .* has ended on 2026-05-01T00:00:00.000Z/),
    ]);
  });

  it('goes by the anchor of the same CA that is valid and ends last', () => {
    const renewed = (notAfter: string) => authority('root', { key: root.key, notAfter: new Date(notAfter) });
    const ended = renewed('2026-01-01T00:00:00Z');
    const soon = renewed('2027-01-01T00:00:00Z');
    const later = renewed('2029-01-01T00:00:00Z');
    expect(judge([issuer, middle], [ended, later, soon])).toMatchObject({
      ok: true,
      notAfter: new Date('2029-01-01T00:00:00Z'),
      outOfDate: [],
    });
  });

  it('leaves out a root that the anchor stands for', () => {
    const renewed = authority('root', { key: root.key });
    expect(namesOf([issuer, middle, renewed], [root])).toEqual({ chain: ['users', 'middle'], anchors: ['root'] });
    expect(namesOf([renewed], [root])).toEqual({ chain: [], anchors: ['root'] });
  });

  it('has a certificate of the issuer by the CA before it', () => {
    const crossed = authority('stranger', { key: stranger.key, issuer: root });
    expect(namesOf([crossed], [root])).toEqual({ chain: ['stranger'], anchors: ['root'] });
    expect(namesOf([crossed], [root, stranger])).toEqual({ chain: ['stranger'], anchors: ['root', 'stranger'] });
  });
});

describe('a chain of CAs is refused', () => {
  it('where there is none', () => {
    expect(problemsOf([])).toEqual(['there is no certificate']);
  });

  it('where a certificate is missing, in another place, of no use, or there twice', () => {
    expect(problemsOf([issuer], [root])).toEqual([
      'the chain does not lead to the anchor "CN=root": it ends below "CN=middle"',
    ]);
    expect(problemsOf([middle, issuer], [root])).toEqual([
      'the certificate "CN=middle" is not issued by the next one, the certificate "CN=users"',
    ]);
    const upper = authority('upper', { issuer: middle });
    const lower = authority('lower', { issuer: upper });
    expect(problemsOf([lower, middle, upper], [root])).toEqual([
      'the certificate "CN=lower" is issued by certificate 3 of the file, which does not follow it: the order is from the issuer up',
      'the certificate "CN=middle" is not issued by the next one, the certificate "CN=upper"',
    ]);
    expect(problemsOf([issuer, middle, root, stranger], [root])).toEqual([
      'the certificate "CN=stranger" stands above an anchor, where no API server looks: take it out',
    ]);
    expect(problemsOf([issuer, middle, middle], [root])).toEqual([
      'the certificate "CN=middle" is not issued by the next one, the certificate "CN=middle"',
      'the certificate "CN=middle" is one more of the same CA: one of the two is superfluous',
    ]);
  });

  it('where only the certificate of the issuer would be trusted, and more are there', () => {
    expect(problemsOf([issuer, middle])).toEqual([
      'the certificate "CN=middle" stands above the issuer\'s own, which is what the API servers trust: name an anchor above it, or take it out',
    ]);
  });

  it('where an anchor is that of another chain', () => {
    expect(problemsOf([issuer, middle], [stranger])).toEqual([
      'the chain does not lead to the anchor "CN=stranger": it ends below "CN=root"',
    ]);
    expect(problemsOf([issuer, middle], [root, stranger])).toEqual([
      'the chain does not lead to the anchor "CN=stranger": it ends below "CN=root"',
    ]);
    expect(problemsOf([root], [stranger])).toEqual([
      'the chain does not lead to the anchor "CN=stranger": it ends below "CN=root"',
    ]);
  });

  it('where a name is right and a key is not', () => {
    const other = authority('root');
    expect(problemsOf([issuer, middle], [other])).toEqual([
      'the certificate "CN=middle" is not signed by the key of the certificate "CN=root"',
    ]);
    const forged = authority('users', { issuer: middle, forged: true });
    expect(problemsOf([forged, middle], [root])).toEqual([
      'the certificate "CN=users" is not signed by the key of the certificate "CN=middle"',
    ]);
  });

  it('where a path length leaves no room', () => {
    const short = authority('short', { basicConstraints: pathLength(0) });
    const below = authority('below', { issuer: short });
    expect(problemsOf([below], [short])).toEqual(['the certificate "CN=short" has path length 0, and 1 CA below it']);
    expect(problemsOf([short])).toEqual([]);
    const one = authority('one', { basicConstraints: pathLength(1) });
    const two = authority('two', { issuer: one });
    expect(problemsOf([two], [one])).toEqual([]);
    expect(problemsOf([authority('three', { issuer: two }), two], [one])).toEqual([
      'the certificate "CN=one" has path length 1, and 2 CAs below it',
    ]);
    const crossed = authority('stranger', { key: stranger.key, issuer: short });
    expect(problemsOf([crossed], [short, stranger])).toEqual([
      'the certificate "CN=short" has path length 0, and 1 CA below it',
    ]);
  });

  it.each([
    ['is no CA', 'is not a CA: basicConstraints does not say CA:TRUE'],
    ['without basicConstraints', 'is not a CA: basicConstraints does not say CA:TRUE'],
    ['version 1', 'is of version 1, which has no basicConstraints: nothing says that it is a CA'],
    ['may not sign certificates', 'may not sign certificates: its keyUsage lacks keyCertSign'],
    ['for servers', 'is not for clients: its extKeyUsage has neither clientAuth nor anyExtendedKeyUsage'],
    ['for servers, critical', 'is not for clients: its extKeyUsage has neither clientAuth nor anyExtendedKeyUsage'],
    ['unknown extension, critical', 'has a critical extension 1.2.3.4 that API servers do not know'],
    [
      'directory names, critical',
      'has a critical name constraint on directory names: API servers refuse everything below it',
    ],
    ['an empty name constraint', 'has name constraints that cannot be read'],
    ['policy constraints', 'has policyConstraints: user certificates have no policy, so API servers may refuse them'],
    ['subjectKeyIdentifier, critical', 'has extension 2.5.29.14 marked critical, which API servers cannot read'],
    [
      'an RSA key of 1024 bits',
      'has a key that is not accepted: the CA key must be RSA with at least 2048 bits, ECDSA on P-256, P-384 or P-521, or Ed25519',
    ],
    ['signed with SHA-1', 'is signed with algorithm 1.2.840.10045.4.1, which API servers refuse'],
  ])('where one above the issuer is so: %s', (variation, problem) => {
    const changed = authority('changed', { issuer: root, ...variations[variation]!(root.key.privateKey) });
    const below = authority('below', { issuer: changed });
    const problems = problemsOf([below, changed], [root]);
    expect(problems).toContainEqual(expect.stringMatching(/^the certificate "CN=changed" /));
    expect(problems.map((each) => each.replace(/^the certificate "CN=\w+" /, ''))).toContain(problem);
    // An anchor is judged as well, but for the signature over it, at which nobody looks.
    expect(problemsOf([below], [changed])).toHaveLength(variation === 'signed with SHA-1' ? 0 : 1);
  });

  it('where API servers cannot read a name or the serial number', () => {
    const general = authority('x', variations['a name in a GeneralString']!(root.key.privateKey));
    expect(problemsOf([general])).toEqual([
      'the certificate "CN=#1b0767656e6572616c" has a name that API servers cannot read',
    ]);
    const { der } = authority('negative', { serialNumber: Buffer.of(0x5a, 2, 3) });
    der.writeUInt8(0x85, der.indexOf(Buffer.of(0x02, 3, 0x5a, 2, 3)) + 2);
    const judged = judgeAuthorityChain([readCertificate(der)], null, testNow);
    expect(judged.ok ? [] : judged.problems).toEqual([
      'the certificate "CN=negative" (serial number -7afdfd) has a negative serial number, which API servers cannot read',
    ]);
  });

  it('with everything that is wrong at once', () => {
    const wrong = authority('wrong', { keyUsage: ['cRLSign'], extKeyUsage: ['1.3.6.1.5.5.7.3.1'], issuer: root });
    const none = authority('none', { basicConstraints: basicConstraintsExtension(false), issuer: wrong });
    expect(problemsOf([none, wrong], [root])).toEqual([
      'the certificate "CN=none" is not a CA: basicConstraints does not say CA:TRUE',
      'the certificate "CN=wrong" may not sign certificates: its keyUsage lacks keyCertSign',
      'the certificate "CN=wrong" is not for clients: its extKeyUsage has neither clientAuth nor anyExtendedKeyUsage',
    ]);
  });
});

describe('a chain of CAs is accepted', () => {
  it.each([
    'basicConstraints not critical',
    'without keyUsage',
    'for clients',
    'for clients and servers',
    'for any purpose',
    'for clients, critical',
    'unknown extension',
    'directory names',
    'DNS names, critical',
    'addresses, critical',
    'policies',
    'no subjectKeyIdentifier',
    'authorityKeyIdentifier of another',
    'a key of Ed25519',
    'a key on P-521',
    'a name in a BMPString',
  ])('though one above the issuer is so: %s', (variation) => {
    const changed = authority('changed', { issuer: root, ...variations[variation]!(root.key.privateKey) });
    const below = authority('below', { issuer: changed });
    expect(problemsOf([below, changed], [root])).toEqual([]);
    const remarked = /names|addresses/.test(variation) ? 1 : 0;
    const judged = judge([below, changed], [root]);
    expect(judged.ok && judged.remarks).toHaveLength(remarked);
  });

  it('with RSASSA-PSS as API servers take it, and refused with another salt', () => {
    const key = makeKey('RSA-2048');
    const rsaRoot = authority('rsa', { key });
    const signedBy = (variation: string) =>
      authority('below', { issuer: rsaRoot, ...variations[variation]!(key.privateKey) });
    expect(problemsOf([signedBy('signed with RSASSA-PSS')], [rsaRoot])).toEqual([]);
    expect(problemsOf([signedBy('signed with RSASSA-PSS and another salt')], [rsaRoot])).toEqual([
      'the certificate "CN=below" is signed with algorithm 1.2.840.113549.1.1.10, which API servers refuse',
    ]);
  });

  it('or refused, whatever it is made of', () => {
    const random = seeded(1);
    for (let i = 0; i < 300; i++) {
      const { certificates, anchors } = sampleChain(random);
      const judged = judgeAuthorityChain(
        certificates.map(readCertificate),
        anchors?.map(readCertificate) ?? null,
        testNow,
      );
      expect(judged.ok ? judged.notAfter > judged.notBefore : judged.problems.length > 0).toBe(true);
    }
  });
});

it('names a certificate whose subject is nothing but odd characters by its serial number', () => {
  const odd = makeAuthority({
    subject: nameOf([['CN', '\u202e"x']]),
    serialNumber: Buffer.of(0x5a),
    extensions: [writeExtension('1.2.3.4', true, Buffer.of(5, 0))],
  });
  const judged = judge([odd]);
  expect(judged.ok ? [] : judged.problems).toEqual([
    'the certificate "CN=\\\\e2\\\\80\\\\ae\\\\\\"x" (serial number 5a) has a critical extension 1.2.3.4 that API servers do not know',
  ]);
});
