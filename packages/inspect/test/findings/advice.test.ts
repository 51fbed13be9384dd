// Tests packages/inspect/src/model/catalogue.ts
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FindingCode, findingKinds } from '../../src/model/catalogue.js';
import { inspectFiles } from '../inspected.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'advice-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const isMissing = (program: string): boolean => spawnSync(program).error !== undefined;

/** The words of the command of that program in the advice of a finding. */
function commandIn(code: FindingCode, program: string): readonly string[] {
  const { advice } = findingKinds[code];
  const [command] = new RegExp(`${program} -[^:.,]*(?:\\.[a-z0-9]+[^:.,]*)*`).exec(advice) ?? [];
  expect(command, advice).toBeDefined();
  return command!.trim().split(' ').slice(1);
}

describe('the command of an advice', () => {
  it.skipIf(isMissing('ssh-keygen')).each(['rsa', 'ecdsa'])('converts a key of OpenSSH: %s', async (type) => {
    const key = new URL(`../keys/fixtures/${type}.openssh.key`, import.meta.url);
    const before = await inspectFiles({ key: readFileSync(key) });
    expect(before.codes('key')).toContain('OpenSshKey');

    const file = join(folder, 'key');
    writeFileSync(file, readFileSync(key), { mode: 0o600 });
    // The empty passphrases are what a person types.
    execFileSync('ssh-keygen', [...commandIn('OpenSshKey', 'ssh-keygen'), '-P', '', '-N', ''], { cwd: folder });

    const after = await inspectFiles({ key: readFileSync(file) });
    expect(after.objects).toMatchObject([{ type: 'PrivateKey', encoding: 'PKCS#8' }]);
    expect(after.codes('key')).not.toContain('OpenSshKey');
  });
});
