// Tests src/signing/keys/agent-key.ts, packages/x509/src/strict/certificate-writer.ts
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { AgentKey } from '../../src/signing/keys/agent-key.js';
import type { CaKey } from '../../src/signing/keys/ca-key.js';
import { readSshKey } from '../../src/signing/keys/ssh-keys.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { startAgent } from './support/agent-process.js';
import { run } from './support/run.js';
import { selfSignedAuthority } from './support/self-signed.js';
import { SoftHsm, type TokenKeyType } from './support/soft-hsm.js';
import {
  assembleTbsCertificate,
  authorityKeyIdentifierExtension,
  encodePem,
  generateKeyPair,
  newSerialNumber,
  readSigningAuthority,
  sealCertificate,
  userCertificateValidity,
} from '@kubepass/x509';

const tools = inject('keyTools');

/** A user's certificate by the CA with this key, as PEM. */
async function userCertificate(key: CaKey, authorityPem: string): Promise<string> {
  const authority = readSigningAuthority(authorityPem);
  const { subjectRaw, subjectKeyIdentifier, signatureAlgorithm } = authority;
  const { subjectPublicKeyInfo } = await generateKeyPair('ECDSA-P256');
  const tbs = assembleTbsCertificate({
    ...userCertificateValidity(new Date(), 3600, authority.notAfter),
    serialNumber: newSerialNumber(new Date(), randomBytes),
    issuer: subjectRaw,
    authorityKeyIdentifierExtension: subjectKeyIdentifier && authorityKeyIdentifierExtension(subjectKeyIdentifier),
    signatureAlgorithm,
    username: 'jane',
    groups: ['dev'],
    subjectPublicKeyInfo,
    keyAlgorithm: 'ECDSA-P256',
  });
  return encodePem('CERTIFICATE', sealCertificate(tbs, signatureAlgorithm, await key.sign(tbs)));
}

/** OpenSSL accepts a CA that the key signs for itself, and a user's certificate by it. */
async function expectOpensslToVerify(key: CaKey, folder: string): Promise<void> {
  const [authority, user] = [join(folder, 'ca.crt'), join(folder, 'user.crt')];
  const pem = await selfSignedAuthority(key, 'users');
  writeFileSync(authority, pem);
  writeFileSync(user, await userCertificate(key, pem));
  const strictly = ['verify', '-x509_strict', '-check_ss_sig', '-purpose', 'sslclient', '-CAfile', authority];
  expect(await run('openssl', [...strictly, authority, user])).toBe(`${authority}: OK\n${user}: OK\n`);
}

const agentKey = (path: string, wanted: ConstructorParameters<typeof AgentKey>[1]): AgentKey =>
  new AgentKey(path, wanted, { clock: () => new Date() });

describe.skipIf(tools === null)('certificates by keys in an agent', () => {
  it.each(['rsa:2048', 'rsa:3072', 'EC:prime256v1', 'EC:secp384r1', 'EC:secp521r1'] as const)(
    'verify where the key cannot leave its token: %s',
    async (type: TokenKeyType) => {
      const hsm = await SoftHsm.create();
      await hsm.generate({ type, label: 'users' });
      const agent = await startAgent();
      await agent.addToken(hsm);
      const key = agentKey(agent.path, { label: 'users' });
      try {
        await expectOpensslToVerify(key, hsm.folder);
        expect(await hsm.pkcs11Tool(['--list-objects', '--type', 'privkey'])).toMatch(/never extractable/);
      } finally {
        key.close();
        await agent.remove();
        hsm.remove();
      }
    },
  );

  it('verify where the key of a CA was imported into a token', async () => {
    const hsm = await SoftHsm.create();
    const file = join(hsm.folder, 'ca.key');
    await run('openssl', ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', file]);
    await hsm.import({ file, label: 'kubernetes' });
    const agent = await startAgent();
    await agent.addToken(hsm);
    const key = agentKey(agent.path, { label: 'kubernetes' });
    try {
      await expectOpensslToVerify(key, hsm.folder);
    } finally {
      key.close();
      await agent.remove();
      hsm.remove();
    }
  });

  it("verify by an Ed25519 key in OpenSSH's own form, which only its agent reads", async () => {
    const { path, remove } = temporaryDirectory();
    const file = join(path, 'users');
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'users', '-f', file]);
    const agent = await startAgent();
    await agent.addKeyFile(file);
    const [, blob = ''] = (await agent.listKeys()).split(' ');
    const { publicKey } = readSshKey(Buffer.from(blob, 'base64')) ?? {};
    const key = agentKey(agent.path, { publicKey: publicKey! });
    try {
      await expectOpensslToVerify(key, path);
    } finally {
      key.close();
      await agent.remove();
      remove();
    }
  });
});
