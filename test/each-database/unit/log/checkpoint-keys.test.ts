// Tests src/log/checkpoint-keys.ts
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openCheckpointKeys } from '../../../../src/log/checkpoint-keys.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';

const { path, remove } = temporaryDirectory();
afterAll(remove);

let dataDir: string;
let warnings: string[];
let n = 0;
beforeEach(() => {
  dataDir = join(path, `data-${(n += 1)}`);
  mkdirSync(dataDir, { mode: 0o700 });
  warnings = [];
});
const ignore = () => undefined;
const log = { info: ignore, error: ignore, warn: (_: object, message: string) => void warnings.push(message) };
const open = (files: readonly string[] | null = null) => openCheckpointKeys(files, dataDir, log);

function file(name: string, content: string): string {
  const at = join(dataDir, name);
  writeFileSync(at, content, { mode: 0o600 });
  return at;
}
const pemOf = (type: 'ed25519' | 'x25519') =>
  generateKeyPairSync(type as 'ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;

describe('the keys of checkpoints', () => {
  it('are one in the data dir that its owner alone can read, made once', async () => {
    const [first, ...others] = await open();
    expect(others).toEqual([]);
    expect(statSync(join(dataDir, 'checkpoint.key')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(dataDir, 'checkpoint.key'), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect((await open())[0]!.publicKey).toEqual(first!.publicKey);
  });

  it('are those that the configuration names, in their order; then none is made', async () => {
    const files = [file('old.key', pemOf('ed25519')), file('new.key', pemOf('ed25519'))];
    const keys = await open(files);
    expect(keys.map(({ publicKey }) => publicKey.length)).toEqual([32, 32]);
    expect(keys[0]!.publicKey).not.toEqual(keys[1]!.publicKey);
    expect(() => statSync(join(dataDir, 'checkpoint.key'))).toThrow();
  });

  it('are warned of where others can read the file', async () => {
    const at = file('wide.key', pemOf('ed25519'));
    chmodSync(at, 0o644);
    await open([at]);
    expect(warnings).toHaveLength(1);
  });

  it.each([
    ['a key of another kind', pemOf('x25519')],
    [
      'an RSA key',
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    ],
    ['a public key', generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }) as string],
    ['something else', 'secret-text-that-nobody-repeats'],
    ['nothing', ''],
  ])('are refused where the file holds %s, and nothing of it is repeated', async (_, content) => {
    const at = file('bad.key', content);
    const error = await open([at]).then(
      () => null,
      (reason: unknown) => reason as Error,
    );
    expect(error?.message).toBe(
      `${at} holds no Ed25519 private key as PEM; openssl genpkey -algorithm ed25519 makes one`,
    );
  });
});
