// Tests packages/inspect/src/relations/relations.ts, packages/inspect/src/model/budget.ts
import { describe, expect, it } from 'vitest';
import { makeAuthority, makeCertificate, makeKey, nameOf } from '../../../../x509/test/helpers/certificates.js';
import { inspectFiles } from '../../inspected.js';
import { cpuMilliseconds } from '../../../../../test/helpers/cpu-milliseconds.js';

const ca = makeAuthority();

describe('who signed whom', () => {
  it('checks no more signatures than an upload may ask for', async () => {
    const key = makeKey();
    const name = nameOf([['CN', 'everybody']]);
    const files: Record<string, string> = {};
    for (let i = 0; i < 100; i++)
      files[`ca${i}.crt`] = makeAuthority({ subject: name, issuer: ca, subjectKeyIdentifier: null }).pem;
    for (let i = 0; i < 90; i++)
      files[`leaf${i}.crt`] = makeCertificate({
        key,
        issuer: ca,
        issuerName: name,
        authorityKeyIdentifier: null,
        subject: [['CN', `u${i}`]],
      }).pem;
    const start = cpuMilliseconds();
    const { findings } = await inspectFiles(files);
    expect(cpuMilliseconds() - start).toBeLessThan(2000);
    expect(findings.filter(({ code }) => code === 'SignatureNotChecked').length).toBeGreaterThan(0);
  });
});
