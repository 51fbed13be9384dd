// Tests packages/inspect/src/findings/checks/name-constraints.ts, packages/inspect/src/findings/find-all.ts
import { expect, it, describe } from 'vitest';
import {
  makeAuthority,
  makeCertificate,
  nameConstraints,
  subjectAltName,
} from '../../../../x509/test/helpers/certificates.js';
import { inspectFiles } from '../../inspected.js';
import { cpuMilliseconds } from '../../../../../test/helpers/cpu-milliseconds.js';

describe('name constraints', () => {
  it('are compared with no more names than an upload may ask for', async () => {
    const hosts = (count: number) => Array.from({ length: count }, (_, i) => `${i}.example`);
    const strict = makeAuthority({ extensions: [nameConstraints({ dns: ['example'] }, { dns: hosts(10_000) })] });
    const leaf = makeCertificate({ issuer: strict, extensions: [subjectAltName({ dns: hosts(10_000).reverse() })] });
    const start = cpuMilliseconds();
    const named = makeCertificate({ issuer: strict, extensions: [subjectAltName({ dns: ['a.b.example'] })] });
    const { codes } = await inspectFiles({ 'named.crt': named.pem, 'ca.crt': strict.pem });
    expect(codes('named.crt')).not.toContain('NameConstraintViolated');
    const many = Array.from({ length: 10_000 }, (_, i) => `x${i}.example`);
    const hostile = makeCertificate({ issuer: strict, extensions: [subjectAltName({ dns: many })] });
    await expect(inspectFiles({ 'leaf.crt': hostile.pem, 'ca.crt': strict.pem })).rejects.toMatchObject({
      reason: 'TooMuchWork',
    });
    expect((await inspectFiles({ 'leaf.crt': leaf.pem, 'ca.crt': strict.pem })).codes('leaf.crt')).toContain(
      'NameConstraintViolated',
    );
    expect(cpuMilliseconds() - start).toBeLessThan(6000);
  });
});
