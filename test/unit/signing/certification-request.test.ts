// Tests src/signing/sign-verified.ts, packages/x509/src/strict/authority-request.ts
import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodePem, signaturesHere, writeDistinguishedName } from '@kubepass/x509';
import { type CaKey, heldKey } from '../../../src/signing/keys/ca-key.js';
import { keysUnmeasured } from '../../../src/model/measures.js';
import { certificationRequestOf } from '../../../src/signing/sign-verified.js';
import type { LoadedIssuer } from '../../../src/signing/cluster-issuers.js';
import { makeAuthority, nameOf } from '../../../packages/x509/test/helpers/certificates.js';
import { certifiedIssuer, loadSigningAuthority } from '../../helpers/signing-authority.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const directory = temporaryDirectory();
afterAll(() => {
  directory.remove();
});
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

const told: string[] = [];
const surroundings = {
  signatures: signaturesHere,
  keyMeasures: keysUnmeasured,
  log: { error: (_fields: object, message: string) => void told.push(message) },
};
const subject = writeDistinguishedName([{ O: ['Bücher AG'] }, { CN: ['kubepass users 2027'] }]);
const issuerWith = (key: CaKey, fields: Partial<LoadedIssuer> = {}): LoadedIssuer => ({
  name: 'users-2027',
  key,
  certified: null,
  requestedSubject: subject,
  ...fields,
});
const keyOf = (privateKey: KeyObject): CaKey => heldKey('file', privateKey, () => new Date());
const privateKeys: Readonly<Record<string, () => KeyObject>> = {
  'RSA-3072': () => generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey,
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  'P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  'P-521': () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
  Ed25519: () => generateKeyPairSync('ed25519').privateKey,
};

describe('the certification request of an issuer', () => {
  it.skipIf(!hasOpenssl).each(Object.keys(privateKeys))('is one for OpenSSL, with a key of %s', async (type) => {
    const privateKey = privateKeys[type]!();
    const der = await certificationRequestOf('prod', issuerWith(keyOf(privateKey)), surroundings);
    const file = join(directory.path, 'request.pem');
    writeFileSync(file, encodePem('CERTIFICATE REQUEST', der!));
    const text = execFileSync(
      'openssl',
      ['req', '-in', file, '-verify', '-noout', '-text', '-nameopt', 'RFC2253,utf8'],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    expect(text).toContain('CN=kubepass users 2027,O=B');
    expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0\n/);
    expect(text).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
    expect(text).toMatch(/Extended Key Usage:\s+TLS Web Client Authentication\n/);
    expect(text).toMatch(/Subject Key Identifier:\s+[0-9A-F]{2}(?::[0-9A-F]{2}){19}\n/);
    const spki = execFileSync('openssl', ['req', '-in', file, '-noout', '-pubkey'], { encoding: 'utf8' });
    expect(createPublicKey(spki).equals(createPublicKey(privateKey))).toBe(true);
  });

  it('asks for the subject and the key identifier of its certificate where the configuration names no subject', async () => {
    const own = makeAuthority({ subject: [['CN', 'earlier']] });
    const certified = certifiedIssuer(loadSigningAuthority(own.pem, own.key.pem));
    const issuer = issuerWith(certified.key, { certified, requestedSubject: null });
    const der = await certificationRequestOf('prod', issuer, surroundings);
    expect(der!.includes(nameOf([['CN', 'earlier']]))).toBe(true);
    expect(der!.includes(own.keyIdentifier!)).toBe(true);
    const named = await certificationRequestOf('prod', { ...issuer, requestedSubject: subject }, surroundings);
    expect(named!.includes(subject)).toBe(true);
  });

  it('is none where nobody names its subject', async () => {
    const issuer = issuerWith(keyOf(privateKeys['P-256']!()), { requestedSubject: null });
    expect(await certificationRequestOf('prod', issuer, surroundings)).toBeNull();
  });

  it('is none while an agent has not told the key', async () => {
    const key: CaKey = { ...keyOf(privateKeys['P-256']!()), publicKey: () => null };
    await expect(certificationRequestOf('prod', issuerWith(key), surroundings)).rejects.toThrow(
      expect.objectContaining({ failure: 'missing' }),
    );
  });

  it('does not go out with a signature by another key', async () => {
    const other = keyOf(privateKeys['P-256']!());
    const key: CaKey = { ...keyOf(privateKeys['P-256']!()), sign: (data) => other.sign(data) };
    await expect(certificationRequestOf('prod', issuerWith(key), surroundings)).rejects.toThrow(
      expect.objectContaining({ failure: 'wrong-signature' }),
    );
    expect(told).toEqual(['a signature is not one by the CA key: it was thrown away']);
  });
});
