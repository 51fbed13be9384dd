// Tests src/signing/keys/read-key-file.ts, src/signing/keys/agent-key.ts, src/signing/keys/passphrase.ts
import { execFileSync } from 'node:child_process';
import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, inject, it } from 'vitest';
import { makeKey } from '../../packages/x509/test/helpers/certificates.js';
import { findOnPath } from '../../scripts/executables.js';
import { useProcesses } from '../http/support/serving-process.js';
import { startAgent } from './support/agent-process.js';
import { SoftHsm } from './support/soft-hsm.js';
import { authorityWithKey, configured, IssuingService } from './support/issuing.js';

const { start, inDirectory } = useProcesses();

/** The private numbers of a key, as octets in both orders, because OpenSSL computes with words of the machine. */
function numbersOf(key: KeyObject): readonly Buffer[] {
  const { d = '', p = '', q = '' } = key.export({ format: 'jwk' });
  return [d, p, q]
    .filter((number) => number !== '')
    .map((number) => Buffer.from(number, 'base64url'))
    .flatMap((octets) => [octets, Buffer.from(octets).reverse()]);
}

/** Lines of the PEM of an RSA key of 2048 bits that have secret octets alone: those before have the modulus. */
const linesOf = (pem: string): readonly Buffer[] =>
  pem
    .trim()
    .split('\n')
    .slice(8, 12)
    .map((line) => Buffer.from(line));

/** The names of the traces that a file has somewhere. A piece of 32 octets of a trace counts as the whole. */
function foundIn(file: string, traces: Readonly<Record<string, readonly Buffer[]>>): readonly string[] {
  const pieces = Object.entries(traces).flatMap(([name, octets]) =>
    octets.map((one) => [name, one.subarray(0, 32)] as const),
  );
  const found = new Set<string>();
  const descriptor = openSync(file, 'r');
  const portion = Buffer.alloc(64 * 1024 * 1024);
  const overlap = 64;
  try {
    for (let at = 0, read = 1; read > 0; at += read - overlap) {
      read = readSync(descriptor, portion, 0, portion.length, at);
      const octets = portion.subarray(0, read);
      for (const [name, piece] of pieces) if (!found.has(name) && octets.includes(piece)) found.add(name);
      if (read <= overlap) break;
    }
  } finally {
    closeSync(descriptor);
  }
  return [...found];
}

describe.skipIf(inject('keyTools') === null || findOnPath('gcore') === null)('the memory of the service', () => {
  it(
    'has no octets of a key behind an agent, of a passphrase or of a PIN, and no PEM of a key file',
    { timeout: 900_000 },
    async () => {
      const [hsm, agent] = [await SoftHsm.create(), await startAgent()];
      const write = (name: string, text: string): string => {
        writeFileSync(inDirectory(name), text, { mode: 0o600 });
        return inDirectory(name);
      };
      const [behind, plain, encrypted] = [makeKey('RSA-2048'), makeKey('RSA-2048'), makeKey('RSA-2048')];
      const imported = write('import.key', behind.pem);
      await hsm.import({ file: imported, label: 'users' });
      rmSync(imported);
      await agent.addToken(hsm);
      const passphrase = randomBytes(24).toString('hex');
      const passphraseFile = write('passphrase', `${passphrase}\n`);
      write('plain.key', plain.pem);
      execFileSync(
        'openssl',
        ['pkcs8', '-topk8', '-scrypt', '-out', inDirectory('encrypted.key'), '-passout', `file:${passphraseFile}`],
        { input: encrypted.pem },
      );
      const certificates = {
        agent: authorityWithKey('agent', behind),
        plain: authorityWithKey('plain', plain),
        encrypted: authorityWithKey('encrypted', encrypted),
      };
      const environment = configured(inDirectory('kubepass.yaml'), {
        agent: { ca: certificates.agent, certFile: inDirectory('agent.crt'), key: { agent: agent.path } },
        plain: { ca: certificates.plain, certFile: inDirectory('plain.crt'), key: { file: inDirectory('plain.key') } },
        encrypted: {
          ca: certificates.encrypted,
          certFile: inDirectory('encrypted.crt'),
          key: { file: inDirectory('encrypted.key'), passphraseFile },
        },
      });
      // As `npm start` runs it.
      const flags = '--disable-sigusr1 --secure-heap=16777216';
      const { child, ...process } = start({ environment: { ...environment, NODE_OPTIONS: flags } });
      const service = await IssuingService.of({ child, ...process });
      for (const [cluster, ca] of Object.entries(certificates))
        for (let i = 0; i < 20; i++) await service.expectIssued(cluster, ca);

      const core = inDirectory('core');
      execFileSync('gcore', ['-o', core, String(child.pid)], { stdio: 'ignore' });
      const { n = '' } = createPrivateKey(behind.pem).export({ format: 'jwk' });
      const found = foundIn(`${core}.${child.pid}`, {
        'the modulus that everybody may know': [Buffer.from(n, 'base64url')],
        'numbers of the key behind the agent': numbersOf(behind.privateKey),
        'PEM of the key behind the agent': linesOf(behind.pem),
        'the passphrase': [Buffer.from(passphrase)],
        'the PIN': [Buffer.from(hsm.pin)],
        'PEM of the plain key': linesOf(plain.pem),
        'PEM of the encrypted key': linesOf(encrypted.pem),
      });
      await agent.remove();
      hsm.remove();
      expect(found).toEqual(['the modulus that everybody may know']);
    },
  );
});
