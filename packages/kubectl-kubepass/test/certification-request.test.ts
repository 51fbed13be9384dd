import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { writeCertificationRequest } from '../src/certification-request.js';
import { makeKey, subjectPublicKeyInfo } from '../src/key-pair.js';
import { keyAlgorithms, readCertificationRequest, signaturesHere } from '@kubepass/x509';

describe('a certification request of the plugin', () => {
  it.each(keyAlgorithms.filter((one) => one !== 'RSA-3072'))(
    'with a key of %s is accepted by the strict reader, and by OpenSSL',
    async (algorithm) => {
      const key = await makeKey(algorithm);
      const { pem, der } = writeCertificationRequest(
        { username: 'jäne@corp.example', groups: ['team-b', 'team-a'] },
        key,
      );
      const read = await readCertificationRequest(pem, signaturesHere);
      expect(read).toMatchObject({
        ok: true,
        csr: { username: 'jäne@corp.example', groups: ['team-b', 'team-a'], publicKey: { algorithm } },
      });
      if (read.ok) expect(read.csr.der.equals(der)).toBe(true);
      const openssl = spawnSync(
        'openssl',
        ['req', '-verify', '-noout', '-subject', '-utf8', '-nameopt', 'RFC2253,-esc_msb'],
        { input: pem, encoding: 'utf8' },
      );
      expect(openssl.status, openssl.stderr).toBe(0);
      expect(openssl.stdout).toContain('CN=jäne@corp.example,O=team-a,O=team-b');
    },
  );

  it('is written with long forms of length where names are long', async () => {
    const key = await makeKey('Ed25519');
    const groups = Array.from({ length: 32 }, (_, i) => `${'g'.repeat(60)}${i}`);
    const { pem } = writeCertificationRequest({ username: 'u'.repeat(64), groups }, key);
    expect(await readCertificationRequest(pem, signaturesHere)).toMatchObject({ ok: true, csr: { groups } });
    expect(subjectPublicKeyInfo(key)).toHaveLength(44);
  });
});
