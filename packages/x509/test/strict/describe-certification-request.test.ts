// Tests packages/x509/src/strict/describe-certification-request.ts, packages/x509/src/strict/subject-alt-names.ts
import { describe, expect, it } from 'vitest';
import { CSR_PEM_LABEL, encodePem } from '../../src/strict/pem.js';
import { DerReader } from '../../src/strict/der.js';
import { describeCertificationRequest } from '../../src/strict/describe-certification-request.js';
import { readSubjectAltNames } from '../../src/strict/subject-alt-names.js';
import { readCsrFixture, refusedCsrs } from '../fixtures/csr/index.js';
import { csrFor } from '../helpers/csr.js';

const described = (file: string) =>
  describeCertificationRequest(
    file.endsWith('.pem') ? readCsrFixture(file).toString('utf8') : encodePem(CSR_PEM_LABEL, readCsrFixture(file)),
  );

describe('describing a certification request', () => {
  it('says what one of ours says', async () => {
    const { pem } = await csrFor('jane', ['team-a']);
    expect(await describeCertificationRequest(pem)).toMatchObject({
      subject: 'CN=jane,O=team-a',
      attributes: [
        { type: '2.5.4.10', value: 'team-a' },
        { type: '2.5.4.3', value: 'jane' },
      ],
      keyAlgorithm: 'ECDSA-P256',
      subjectAltNames: [],
      refusal: null,
    });
  });

  it.each(Object.keys(refusedCsrs).filter((file) => file !== 'too-large.der'))(
    'never fails, and says why the strict reader refuses: %s',
    async (file) => {
      expect((await described(file)).refusal?.reason).toEqual(expect.any(String));
    },
  );

  it.each([
    ['two-common-names.der', 'SeveralCommonNames', /CN=.*CN=/],
    ['organizational-unit.der', 'SubjectAttributeNotAllowed', /OU=/],
    ['subject-alt-name.der', 'SubjectAltNameNotAllowed', /CN=/],
    ['tampered-signature.der', 'BadSignature', /CN=/],
    ['two-pem-blocks.pem', 'SeveralPemBlocks', /CN=/],
  ])('still reads the subject of %s', async (file, reason, subject) => {
    const { refusal, ...rest } = await described(file);
    expect(refusal?.reason).toBe(reason);
    expect(rest.subject).toMatch(subject);
    expect(rest.spkiSha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('names keys that are not accepted', async () => {
    expect(await described('rsa-1024.der')).toMatchObject({ keyAlgorithm: 'RSA-1024' });
    expect(await described('secp256k1.der')).toMatchObject({ keyAlgorithm: 'EC 1.3.132.0.10' });
  });

  it('shows nothing of what is no request', async () => {
    expect(await describeCertificationRequest('nonsense')).toMatchObject({
      subject: null,
      spkiSha256: null,
      refusal: { reason: 'NotPem' },
    });
  });

  it('lists the names that are asked for besides the subject', async () => {
    expect((await described('subject-alt-name.der')).subjectAltNames).not.toEqual([]);
    const names = Buffer.from(
      '3042' +
        '8203612e62' +
        '810361406200'.slice(0, 10) +
        '8604783a2f79' +
        '87040a000001' +
        '871020010db8000000000000000000000001' +
        '870100' +
        'a40f300d310b300906035504030c02636e' +
        '8800',
      'hex',
    );
    names[1] = names.length - 2;
    expect(readSubjectAltNames(new DerReader(names).next())).toEqual([
      { type: 'dns', value: 'a.b' },
      { type: 'email', value: 'a@b' },
      { type: 'uri', value: 'x:/y' },
      { type: 'ip', value: '10.0.0.1' },
      { type: 'ip', value: '2001:db8::1' },
      { type: 'other', value: '870100' },
      { type: 'directoryName', value: 'CN=cn' },
      { type: 'other', value: '8800' },
    ]);
  });
});
