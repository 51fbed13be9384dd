// Tests packages/inspect/src/findings/checks/validity.ts
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { generateCertificateAuthority } from '../../../../src/signing/generate-certificate-authority.js';
import { makeAuthority, makeCertificate, testNow } from '../../../x509/test/helpers/certificates.js';
import { inspectFiles, testThresholds } from '../inspected.js';
import { extensionOf, rawList } from '../x509/build.js';

const ca = makeAuthority();
const inDays = (days: number): Date => new Date(testNow.getTime() + days * 86_400_000);
const lasting = (from: number, to: number) =>
  makeCertificate({ issuer: ca, notBefore: inDays(from), notAfter: inDays(to) }).pem;

const validityCodes = [
  'CertificateExpired',
  'CertificateNotYetValid',
  'CertificateExpiresSoon',
  'CertificateEndsWithinDay',
  'ValidityTooLong',
];

it.each([
  ['expired', lasting(-100, -1), ['CertificateExpired']],
  ['not yet valid', lasting(1, 100), ['CertificateNotYetValid']],
  ['expiring within the configured time', lasting(-300, 10), ['CertificateExpiresSoon']],
  ['expiring later than that', lasting(-300, 31), []],
  ['short-lived, in the first two thirds of its life', lasting(-0.3, 0.7), ['CertificateEndsWithinDay']],
  ['for three days, in its first', lasting(-0.3, 2.7), []],
  ['short-lived, in the last third of its life', lasting(-0.7, 0.3), ['CertificateExpiresSoon']],
  ['lasting longer than configured', lasting(-1, 400), ['ValidityTooLong']],
  ['lasting as long as configured, and backdated by five minutes', lasting(-0.003, 400), []],
])('says of a certificate that is %s', async (_, pem, expected) => {
  const { codes } = await inspectFiles({ 'x.crt': pem, 'ca.crt': ca.pem });
  expect(codes('x.crt').filter((code) => validityCodes.includes(code))).toEqual(expected);
});

it('holds CAs to a bound of their own, unless they are roots', async () => {
  const intermediate = makeAuthority({ issuer: ca, subject: [['CN', 'below']] });
  const files = { 'ca.crt': ca.pem, 'below.crt': intermediate.pem };
  expect((await inspectFiles(files)).codes('below.crt')).not.toContain('ValidityTooLong');
  const thresholds = { ...testThresholds, maxCaValiditySeconds: 86_400 };
  const { codes, finding } = await inspectFiles(files, { thresholds });
  expect(finding('ValidityTooLong', 'below.crt')?.message).toContain('1 day');
  expect(codes('ca.crt')).not.toContain('ValidityTooLong');
  const selfIssued = makeAuthority({ issuer: { ...makeAuthority(), subject: ca.subject } });
  expect(selfIssued.subject).toEqual(ca.subject);
  expect((await inspectFiles({ 'x.crt': selfIssued.pem }, { thresholds })).codes('x.crt')).toContain('ValidityTooLong');
});

it.each([
  [0, false],
  [3_600, false],
  [3_601, true],
])('takes ten years and %i seconds for the ten years of a CA or not', async (more, isTooLong) => {
  const seconds = 3653 * 86_400;
  const below = makeAuthority({
    issuer: ca,
    subject: [['CN', 'below']],
    notBefore: inDays(-1),
    notAfter: new Date(inDays(-1).getTime() + (seconds + more) * 1000),
  });
  const thresholds = { ...testThresholds, maxCaValiditySeconds: seconds };
  const { codes } = await inspectFiles({ 'below.crt': below.pem }, { thresholds });
  expect(codes('below.crt').includes('ValidityTooLong')).toBe(isTooLong);
});

it('counts what is left of a certificate that begins with its CA, as renewed ones of k3s do', async () => {
  const old = makeAuthority({ notBefore: inDays(-1000), notAfter: inDays(2000) });
  const until = (days: number, from = -1000) =>
    makeCertificate({ issuer: old, notBefore: inDays(from), notAfter: inDays(days) }).pem;
  const { codes } = await inspectFiles({
    'ca.crt': old.pem,
    'renewed.crt': until(300),
    'long.crt': until(500),
    'other.crt': until(300, -999),
  });
  expect(codes('renewed.crt')).not.toContain('ValidityTooLong');
  expect(codes('long.crt')).toContain('ValidityTooLong');
  expect(codes('other.crt')).toContain('ValidityTooLong');
  expect((await inspectFiles({ 'renewed.crt': until(300) })).codes('renewed.crt')).toContain('ValidityTooLong');
});

it('tells an end within a day of a CA, too', async () => {
  const short = makeAuthority({ notBefore: inDays(-0.3), notAfter: inDays(0.7) });
  expect((await inspectFiles({ 'ca.crt': short.pem })).codes('ca.crt')).toContain('CertificateEndsWithinDay');
  const thresholds = { ...testThresholds, expiresWithinSeconds: 0 };
  const old = makeAuthority({ notBefore: inDays(-3000), notAfter: inDays(0.9) });
  expect((await inspectFiles({ 'ca.crt': old.pem }, { thresholds })).codes('ca.crt')).toContain(
    'CertificateEndsWithinDay',
  );
});

it('says when a certificate ends after its CA', async () => {
  const long = makeCertificate({ issuer: ca, notAfter: new Date('2036-01-01T00:00:00Z') });
  const { finding } = await inspectFiles({ 'long.crt': long.pem, 'ok.crt': lasting(-1, 100), 'ca.crt': ca.pem });
  expect(finding('OutlivesIssuer', 'long.crt')?.message).toBe('It ends at 2036-01-01T00:00:00Z, ca.crt before that.');
  expect(finding('OutlivesIssuer', 'ok.crt')).toBeUndefined();
});

it('has nothing to say about a CA that this service makes', async () => {
  const { certificatePem } = await generateCertificateAuthority({
    commonName: 'demo',
    now: testNow,
    random: randomBytes,
  });
  // The default: ten years with three leap days.
  const thresholds = { ...testThresholds, maxCaValiditySeconds: 3653 * 86_400 };
  expect((await inspectFiles({ 'ca.crt': certificatePem }, { thresholds })).findings).toEqual([]);
});

it('says of a list without extensions that it is of version 1', async () => {
  const codes = async (list: Buffer) => (await inspectFiles({ 'ca.crl': list })).codes('ca.crl');
  expect(await codes(rawList({ version: null }))).toContain('ListOfVersion1');
  expect(await codes(rawList())).not.toContain('ListOfVersion1');
  const contradictory = await codes(
    rawList({ version: null, extensions: [extensionOf('2.5.29.20', Buffer.of(2, 1, 7))] }),
  );
  expect(contradictory).toContain('VersionContradictory');
  expect(contradictory).not.toContain('ListOfVersion1');
});
