// Tests src/signing/keys/read-key-file.ts, src/signing/keys/encrypted-private-key.ts
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { KeyFileError, readKeyFile } from '../../src/signing/keys/read-key-file.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { run } from './support/run.js';
import { signaturesHere } from '@kubepass/x509';

const tools = inject('keyTools');
const passphrase = 'correct-horse';

let folder: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  folder = temporaryDirectory();
});
afterEach(() => folder.remove());

const inFolder = (name: string): string => join(folder.path, name);
const openssl = (...args: readonly string[]): Promise<string> => run('openssl', args);

/** Encrypts a new key with these options of `openssl pkcs8 -topk8`, and answers its file. */
async function encrypted(...options: readonly string[]): Promise<string> {
  const [plain, file] = [inFolder('plain.key'), inFolder('ca.key')];
  await openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', plain);
  await openssl('pkcs8', '-topk8', ...options, '-in', plain, '-out', file, '-passout', `pass:${passphrase}`);
  return file;
}

function read(file: string) {
  writeFileSync(inFolder('passphrase'), `${passphrase}\n`, { mode: 0o600 });
  return readKeyFile(
    { file, passphrase: { file: inFolder('passphrase') } },
    { signatures: signaturesHere, clock: () => new Date(), remarks: { warn: () => undefined } },
  );
}

describe.skipIf(tools === null)('key files of openssl', () => {
  it.each([
    ['-scrypt'],
    ['-v2', 'aes-256-cbc', '-iter', '600000'],
    ['-v2', 'aes-192-cbc', '-iter', '100000', '-v2prf', 'hmacWithSHA384'],
    ['-v2', 'aes-128-cbc', '-iter', '100000', '-v2prf', 'hmacWithSHA512'],
  ])('are opened: %s %s %s %s', async (...options) => {
    const key = await read(await encrypted(...options.filter(Boolean)));
    expect(key.kind).toBe('encrypted-file');
    expect(await key.sign(randomBytes(10))).not.toHaveLength(0);
  });

  it.each([
    [[], '2048 rounds'],
    [['-v2', 'aes-256-cbc', '-iter', '200000', '-v2prf', 'hmacWithSHA1'], 'SHA-2'],
    [['-v2', 'des3', '-iter', '200000'], 'AES-CBC'],
    [['-v1', 'PBE-SHA1-3DES'], 'PBES2'],
    [['-scrypt', '-scrypt_N', '1024'], 'scrypt has N = 1024'],
  ])('are refused where they are weak, and the command in the error mends them: %s', async (options, reason) => {
    const file = await encrypted(...options);
    const error = await read(file).catch((thrown: unknown) => thrown as KeyFileError);
    expect(error).toBeInstanceOf(KeyFileError);
    const { message } = error as KeyFileError;
    expect(message).toContain(reason);
    const [, command = ''] = /encrypt it by "(.+?)"/.exec(message) ?? [];
    // As the operator types it, with the passphrase that openssl asks for.
    const given = command.replace(' -in ', ` -passin pass:${passphrase} -passout pass:${passphrase} -in `);
    await run('sh', ['-c', given]);
    expect((await read(file)).kind).toBe('encrypted-file');
  });
});
