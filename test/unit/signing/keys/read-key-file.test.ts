// Tests src/signing/keys/read-key-file.ts, src/signing/keys/encrypted-private-key.ts,
// src/signing/keys/passphrase.ts, src/signing/keys/ca-key.ts
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, verify } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, constants, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyFileError, readKeyFile } from '../../../../src/signing/keys/read-key-file.js';
import { encryptKey, encryptKeyDer } from '../../../helpers/encrypted-key.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { encodePem, sequence, signatureAlgorithmFor, signaturesHere } from '@kubepass/x509';

const passphrase = 'correct horse battery staple';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const now = new Date('2026-11-30T12:00:00Z');

let folder: ReturnType<typeof temporaryDirectory>;
let warnings: string[];

beforeEach(() => {
  folder = temporaryDirectory();
  mkdirSync(join(folder.path, 'secrets'));
  warnings = [];
});

afterEach(() => folder.remove());

const keyPath = () => join(folder.path, 'ca.key');

/** Reads the file with a passphrase from a file elsewhere; null: without one. */
async function read(content: string | Buffer, secret: string | Buffer | null = null) {
  writeFileSync(keyPath(), content, { mode: 0o600 });
  const passphraseFile = secret === null ? null : join(folder.path, 'secrets', 'passphrase');
  if (passphraseFile !== null) writeFileSync(passphraseFile, secret ?? '', { mode: 0o600 });
  return readKeyFile(
    { file: keyPath(), passphrase: passphraseFile === null ? null : { file: passphraseFile } },
    { signatures: signaturesHere, clock: () => now, remarks: { warn: (_, message) => void warnings.push(message) } },
  );
}

async function problemsOf(content: string | Buffer, secret: string | Buffer | null = null): Promise<readonly string[]> {
  const error: unknown = await read(content, secret).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(KeyFileError);
  const { problems, message, cause } = error as KeyFileError;
  expect(message).toBe(problems.join('; '));
  expect(cause).toBeUndefined();
  for (const secretText of [passphrase, secretNumber(ec), pkcs8(ec).split('\n')[1]!])
    expect(`${message} ${(error as Error).stack ?? ''}`).not.toContain(secretText);
  return problems;
}

const pkcs8 = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const secretNumber = (key: KeyObject): string => key.export({ format: 'jwk' }).d ?? '';
const mending = () => `"openssl pkcs8 -topk8 -scrypt -in ${keyPath()} -out ${keyPath()}.new && mv`;

async function expectToSign(key: Awaited<ReturnType<typeof read>>, privateKey: KeyObject): Promise<void> {
  const publicKey = createPublicKey(privateKey);
  const data = randomBytes(100);
  expect(key.publicKey()?.equals(publicKey)).toBe(true);
  expect(verify(signatureAlgorithmFor(publicKey).hash, data, publicKey, await key.sign(data))).toBe(true);
}

describe('a plain key file', () => {
  const forms: readonly (readonly [string, KeyObject, string | Buffer])[] = [
    ['PKCS#8', rsa, pkcs8(rsa)],
    ['PKCS#1', rsa, rsa.export({ type: 'pkcs1', format: 'pem' })],
    ['SEC 1', ec, ec.export({ type: 'sec1', format: 'pem' })],
    [
      'with the parameters of its curve before it, as openssl ecparam writes it',
      ec,
      `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${ec.export({ type: 'sec1', format: 'pem' }).toString()}`,
    ],
    ['with Windows lines', ec, pkcs8(ec).replaceAll('\n', '\r\n')],
  ];

  it.each(forms)('is read in each form: %s', async (_, privateKey, content) => {
    const key = await read(content);
    expect(key.kind).toBe('file');
    expect(key.availability()).toEqual({ available: true, checkedAt: now });
    await expectToSign(key, privateKey);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
    ['P-521', generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey],
    ['Ed25519', generateKeyPairSync('ed25519').privateKey],
  ] as const)('may be of each kind that a CA may have: %s', async (_, privateKey) => {
    await expectToSign(await read(pkcs8(privateKey)), privateKey);
  });

  it('that is open to others is a warning', async () => {
    writeFileSync(keyPath(), '');
    chmodSync(keyPath(), 0o644);
    await read(pkcs8(ec));
    expect(warnings).toEqual([expect.stringContaining(`${keyPath()} is open to others`)]);
  });

  it('needs no passphrase', async () => {
    const [problem, ...more] = await problemsOf(pkcs8(ec), passphrase);
    expect(more).toEqual([]);
    expect(problem).toContain(`${keyPath()} is not encrypted, and a passphrase is configured for it`);
    expect(problem).toContain(mending());
  });

  it.each([
    ['RSA-1024', generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey, 'fewer than 2048 bits'],
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey, 'curve'],
    ['X25519', generateKeyPairSync('x25519').privateKey, 'not accepted'],
    ['RSA-PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey, 'not accepted'],
  ] as const)('of a kind that no CA may have is refused: %s', async (_, privateKey, reason) => {
    const problems = await problemsOf(pkcs8(privateKey));
    expect(problems).toEqual([expect.stringContaining(reason)]);
    expect(problems[0]).toContain(`-out ${keyPath()}.new" makes another one`);
  });

  it.each([
    ['nothing', ''],
    ['a certificate', encodePem('CERTIFICATE', randomBytes(200))],
    ['DER', ec.export({ type: 'pkcs8', format: 'der' })],
    ['octets that are no key', encodePem('PRIVATE KEY', randomBytes(100))],
    ['a cut-off key', pkcs8(ec).slice(0, 120)],
    ['two keys', pkcs8(ec) + pkcs8(rsa)],
    ['a key, and an encrypted one', pkcs8(ec) + encryptKey(ec, passphrase)],
    ['an encrypted key under the label of a plain one', encodePem('PRIVATE KEY', encryptKeyDer(ec, passphrase))],
    ['a plain key of another kind', encodePem('DSA PRIVATE KEY', randomBytes(100))],
  ])('that holds something else is refused: %s', async (_, content) => {
    expect(await problemsOf(content)).toEqual([expect.stringContaining(keyPath())]);
  });

  it.each([
    ['DER', ec.export({ type: 'pkcs8', format: 'der' }), () => `"openssl pkey -inform DER -in ${keyPath()} -out `],
    ['a cut-off key', pkcs8(ec).slice(0, 120), () => `"openssl pkey -in ${keyPath()} -noout -check"`],
  ] as const)('is refused with a command that helps: %s', async (_, content, command) => {
    expect(await problemsOf(content)).toEqual([expect.stringContaining(command())]);
  });

  it('that is missing is refused', async () => {
    const missing = readKeyFile(
      { file: join(folder.path, 'none.key'), passphrase: { file: join(folder.path, 'none') } },
      { signatures: signaturesHere, clock: () => now, remarks: { warn: () => undefined } },
    );
    const error = await missing.catch((reason: unknown) => reason as KeyFileError);
    expect(error).toBeInstanceOf(KeyFileError);
    // Both at once.
    expect((error as KeyFileError).problems).toEqual([
      expect.stringContaining('none.key'),
      expect.stringContaining('none'),
    ]);
  });
});

describe('an encrypted key file', () => {
  it.each([
    ['scrypt, as openssl has it', {}],
    ['scrypt with a higher cost', { cost: 2 ** 14, blockSize: 15, parallelization: 4 }],
    ['PBKDF2 with 100,000 rounds', { derivation: 'pbkdf2' }],
    ['PBKDF2 with SHA-512 and 150,000 rounds', { derivation: 'pbkdf2', hash: 'sha512', rounds: 150_000 }],
    ['AES-128', { cipher: 'aes-128-cbc' }],
    ['AES-192 with the length of its key', { cipher: 'aes-192-cbc', withKeyLength: true, derivation: 'pbkdf2' }],
    ['a salt of 8 octets, as older versions of openssl have it', { saltOctets: 8 }],
  ] as const)('is opened by its passphrase: %s', async (_, encryption) => {
    const key = await read(encryptKey(rsa, passphrase, encryption), `${passphrase}\n`);
    expect(key.kind).toBe('encrypted-file');
    await expectToSign(key, rsa);
    expect(warnings).toEqual([]);
  });

  it('has one newline taken off its passphrase, and nothing else', async () => {
    await read(encryptKey(ec, passphrase), `${passphrase}\r\n`);
    await read(encryptKey(ec, ` ${passphrase}\n`), ` ${passphrase}\n\n`);
    const octets = Buffer.from([0xff, 0, 0x80, 1]);
    await read(encryptKey(ec, octets), octets);
    await read(encryptKey(ec, 'x'.repeat(1024)), 'x'.repeat(1024));
  });

  it.each([
    ['no passphrase', null, 'is encrypted, and no passphrase is configured for it'],
    ['another passphrase', `${passphrase}!`, 'or its passphrase is another one'],
    ['an empty one', '', 'is empty'],
    ['a newline alone', '\n', 'is empty'],
    ['one that is too long', 'x'.repeat(1025), 'has more than 1024 octets'],
  ])('does not open with %s', async (_, secret, reason) => {
    const problems = await problemsOf(encryptKey(ec, passphrase), secret);
    expect(problems).toEqual([expect.stringContaining(reason)]);
  });

  const weak: readonly (readonly [string, Parameters<typeof encryptKey>[2], string])[] = [
    ['2,048 rounds', { derivation: 'pbkdf2', rounds: 2048 }, 'PBKDF2 has 2048 rounds, and 100000 are the least'],
    ['99,999 rounds', { derivation: 'pbkdf2', rounds: 99_999 }, 'PBKDF2 has 99999 rounds'],
    ['HMAC with SHA-1 by default', { derivation: 'pbkdf2', hash: null }, 'PBKDF2 does not use HMAC with SHA-2'],
    ['HMAC with SHA-1 by name', { derivation: 'pbkdf2', hash: 'sha1' }, 'PBKDF2 does not use HMAC with SHA-2'],
    ['3DES', { cipher: 'des-ede3-cbc' }, 'its cipher is 1.2.840.113549.3.7 and not AES-CBC'],
    ['a cheap scrypt', { cost: 8192 }, 'scrypt has N = 8192, r = 8, p = 1'],
    ['small blocks of scrypt', { blockSize: 1 }, 'scrypt has N = 16384, r = 1, p = 1'],
    [
      'scrypt that OpenSSL does not open',
      { cost: 2 ** 15 },
      'scrypt has N = 32768, r = 8, p = 1, for which OpenSSL takes too much memory',
    ],
    ...[10_000_001, 2 ** 31 - 1, 2 ** 46].map(
      (rounds) =>
        [
          `${rounds} rounds`,
          { derivation: 'pbkdf2', claimed: { rounds } },
          `PBKDF2 has ${rounds} rounds, and 10000000 are the most`,
        ] as const,
    ),
    ...[65, 2 ** 30, 2 ** 46].map(
      (p) =>
        [
          `scrypt ${p} times`,
          { claimed: { parallelization: p } },
          `scrypt has N = 16384, r = 8, p = ${p}, which take too long`,
        ] as const,
    ),
    ['a short salt', { saltOctets: 4 }, 'its salt has 4 octets'],
  ];

  it.each(weak)('is refused with the command that mends it: %s', async (_, encryption, reason) => {
    const [problem, ...more] = await problemsOf(encryptKey(ec, passphrase, encryption), passphrase);
    expect(more).toEqual([]);
    expect(problem).toContain(`${keyPath()} is encrypted, but ${reason}`);
    expect(problem).toContain(mending());
  });

  it('is told all that is wrong with it at once', async () => {
    const encryption = {
      derivation: 'pbkdf2',
      rounds: 1000,
      hash: 'sha1',
      cipher: 'des-ede3-cbc',
      saltOctets: 2,
    } as const;
    expect(await problemsOf(encryptKey(ec, passphrase, encryption))).toEqual([
      expect.stringContaining('no passphrase is configured'),
      expect.stringContaining('1000 rounds'),
      expect.stringContaining('SHA-2'),
      expect.stringContaining('its salt has 2 octets'),
      expect.stringContaining('AES-CBC'),
    ]);
  });

  it.each([
    ['PBES1', '301c06092a864886f70d010503300f0408' + '00'.repeat(8) + '0203010000', '1.2.840.113549.1.5.3'],
    [
      'a PKCS#12 scheme',
      '301c060a2a864886f70d010c0103300e0408' + '00'.repeat(8) + '02020800',
      '1.2.840.113549.1.12.1.3',
    ],
  ])('by %s is refused', async (_, algorithm, oid) => {
    const der = sequence(Buffer.from(algorithm, 'hex'), Buffer.from('0410' + '00'.repeat(16), 'hex'));
    const [problem] = await problemsOf(encodePem('ENCRYPTED PRIVATE KEY', der), passphrase);
    expect(problem).toContain(`its scheme is ${oid} and not PBES2`);
    expect(problem).toContain(mending());
  });

  it('as PEM (Proc-Type) is refused', async () => {
    const pem = rsa.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase });
    const [problem] = await problemsOf(pem, passphrase);
    expect(problem).toContain('is encrypted as PEM (Proc-Type)');
    expect(problem).toContain(mending());
  });

  it('is refused where it is encrypted twice', async () => {
    const headed = encryptKey(ec, passphrase).replace(
      '-----\n',
      '-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n',
    );
    expect(await problemsOf(headed, passphrase)).toEqual([expect.stringContaining('Proc-Type')]);
    const nested = { export: () => encryptKeyDer(ec, passphrase) } as unknown as KeyObject;
    expect(await problemsOf(encryptKey(nested, passphrase), passphrase)).toHaveLength(1);
  });

  it("in OpenSSH's own form is refused", async () => {
    const pem = encodePem('OPENSSH PRIVATE KEY', Buffer.concat([Buffer.from('openssh-key-v1\0'), randomBytes(100)]));
    const [problem] = await problemsOf(pem, passphrase);
    expect(problem).toContain(`"ssh-keygen -p -m PKCS8 -f ${keyPath()}"`);
    expect(problem).toContain(mending());
  });

  it('is refused where its octets are not the one DER', async () => {
    const der = encryptKeyDer(ec, passphrase);
    const variants = [
      Buffer.concat([der, Buffer.of(0)]),
      der.subarray(0, -1),
      sequence(der),
      ec.export({ type: 'pkcs8', format: 'der' }),
    ];
    for (const variant of variants)
      expect(await problemsOf(encodePem('ENCRYPTED PRIVATE KEY', variant), passphrase)).toEqual([
        expect.stringContaining('how it is encrypted cannot be read'),
      ]);
  });

  it('has a warning where its passphrase lies beside it, or is open to others', async () => {
    const beside = join(folder.path, 'passphrase');
    writeFileSync(keyPath(), encryptKey(ec, passphrase), { mode: 0o600 });
    writeFileSync(beside, passphrase, { mode: 0o644 });
    chmodSync(beside, 0o644);
    await readKeyFile(
      { file: keyPath(), passphrase: { file: beside } },
      { signatures: signaturesHere, clock: () => now, remarks: { warn: (_, message) => void warnings.push(message) } },
    );
    expect(warnings).toEqual([
      expect.stringContaining(`${beside} lies beside the key that it opens`),
      expect.stringContaining(`${beside} is open to others (mode 0644)`),
    ]);
  });
});

describe('a passphrase from a file descriptor', () => {
  /** Reads an encrypted key with it. */
  function readWith(fd: number) {
    writeFileSync(keyPath(), encryptKey(ec, passphrase), { mode: 0o600 });
    return readKeyFile(
      { file: keyPath(), passphrase: { fd } },
      { signatures: signaturesHere, clock: () => now, remarks: { warn: () => undefined } },
    );
  }

  it('opens a key, and is closed', async () => {
    const file = join(folder.path, 'secrets', 'passphrase');
    writeFileSync(file, `${passphrase}\n`);
    const fd = openSync(file, 'r');
    await expectToSign(await readWith(fd), ec);
    expect(() => closeSync(fd)).toThrow('EBADF');
  });

  it('may come through a pipe, in pieces', async () => {
    const pipe = join(folder.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const fd = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(pipe, 'w');
    const reading = readWith(fd);
    writeFileSync(writer, passphrase.slice(0, 5));
    await new Promise((resolve) => setImmediate(resolve));
    writeFileSync(writer, passphrase.slice(5));
    closeSync(writer);
    await expectToSign(await reading, ec);
  });

  it.each([
    ['one that is not open', () => 1021],
    ['a device', () => openSync('/dev/null', 'r')],
    ['an empty file', () => openSync(join(folder.path, 'empty'), 'w+')],
  ])('gives none: %s', async (_, open) => {
    const fd = open();
    await expect(readWith(fd)).rejects.toThrow(`file descriptor ${fd}`);
  });
});
