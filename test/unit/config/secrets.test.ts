// Tests src/config/secrets.ts
import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createSecretFile,
  prepareDataDir,
  readSecretFile,
  replaceSecretFile,
  secretWarning,
} from '../../../src/config/secrets.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubepass-secrets-'));
});
afterEach(() => rm(directory, { recursive: true }));
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe('createSecretFile', () => {
  it('creates a file that only its owner reads, and leaves nothing else behind', async () => {
    const path = join(directory, 'ca.key');
    expect(await createSecretFile(path, 'secret')).toBe(true);
    expect(await readFile(path, 'utf8')).toBe('secret');
    expect(await modeOf(path)).toBe('600');
    expect(await readdir(directory)).toEqual(['ca.key']);
  });

  it('leaves what is there as it is', async () => {
    const path = join(directory, 'ca.key');
    await writeFile(path, 'first');
    expect(await createSecretFile(path, 'second')).toBe(false);
    expect(await readFile(path, 'utf8')).toBe('first');
    expect(await readdir(directory)).toEqual(['ca.key']);
  });

  it('does not write through a link', async () => {
    await symlink(join(directory, 'elsewhere'), join(directory, 'ca.key'));
    expect(await createSecretFile(join(directory, 'ca.key'), 'secret')).toBe(false);
    expect(await readdir(directory)).toEqual(['ca.key']);
  });

  it('lets one of many that race create it, whole', async () => {
    const path = join(directory, 'ca.key');
    const contents = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
    const created = await Promise.all(contents.map((content) => createSecretFile(path, content)));
    expect(created.filter(Boolean)).toHaveLength(1);
    expect(await readFile(path, 'utf8')).toBe(contents[created.indexOf(true)]);
    expect(await readdir(directory)).toEqual(['ca.key']);
  });

  it('fails where the directory is missing', async () => {
    await expect(createSecretFile(join(directory, 'no', 'ca.key'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('replaceSecretFile', () => {
  it('takes the place of what is there, with its own permissions', async () => {
    const path = join(directory, 'admin-token');
    await writeFile(path, 'old', { mode: 0o644 });
    await replaceSecretFile(path, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await modeOf(path)).toBe('600');
    expect(await readdir(directory)).toEqual(['admin-token']);
  });
});

describe('readSecretFile', () => {
  it.each([
    [0o600, null],
    [0o400, null],
    [0o604, 'is open to others (mode 0604); 0600 would keep it to its owner'],
    [0o644, 'is open to others (mode 0644); 0600 would keep it to its owner'],
  ])('reads a file of mode %o and warns where others can', async (mode, warning) => {
    const path = join(directory, 'tls.key');
    await writeFile(path, 'secret');
    await chmod(path, mode);
    const warnings: string[] = [];
    const log = { warn: (_: object, message: string) => void warnings.push(message) };
    expect(await readSecretFile(path, log)).toEqual(Buffer.from('secret'));
    expect(warnings).toEqual(warning === null ? [] : [`${path} ${warning}`]);
  });

  it.each([
    // As the kubelet mounts a Secret with fsGroup, with `defaultMode: 0400` and without.
    [0o440, 0, null],
    [0o640, 0, null],
    [0o400, 0, null],
    [0o600, 10_001, null],
    [0o440, 10_001, 'mode 0440'],
    [0o640, 10_001, 'mode 0640'],
    [0o444, 0, 'mode 0444'],
    [0o644, 0, 'mode 0644'],
    [0o660, 0, 'mode 0660'],
    [0o450, 0, 'mode 0450'],
    [0o404, 0, 'mode 0404'],
    [0o641, 0, 'mode 0641'],
  ])('warns of mode %o of uid %i: %s', (mode, uid, warning) => {
    const found = secretWarning('/etc/kubepass/secrets/tls.key', { mode: 0o100_000 | mode, uid });
    if (warning === null) expect(found).toBeNull();
    else expect(found).toContain(`/etc/kubepass/secrets/tls.key is open to others (${warning}); 0600`);
  });

  it("reads a mounted Secret through the kubelet's links, and looks at the mode and the owner of the file itself", async () => {
    const generation = join(directory, '..2026_03_01_10_00_00.123');
    await mkdir(generation);
    await writeFile(join(generation, 'tls.key'), 'secret');
    await chmod(join(generation, 'tls.key'), 0o440);
    await symlink('..2026_03_01_10_00_00.123', join(directory, '..data'));
    const path = join(directory, 'tls.key');
    await symlink('..data/tls.key', path);
    const warnings: string[] = [];
    const log = { warn: (_: object, message: string) => void warnings.push(message) };
    const open = `${path} is open to others (mode 0440); 0600 would keep it to its owner`;
    expect(await readSecretFile(path, log)).toEqual(Buffer.from('secret'));
    // The one who runs the test owns the file: root, as the kubelet, or somebody else.
    const isRoot = process.getuid?.() === 0;
    expect(warnings.splice(0)).toEqual(isRoot ? [] : [open]);
    if (isRoot) await chown(join(generation, 'tls.key'), 10_001, 10_001);
    expect(await readSecretFile(path, log)).toEqual(Buffer.from('secret'));
    expect(warnings).toEqual([open]);
  });

  it('refuses what is no file, or too large for a secret', async () => {
    await writeFile(join(directory, 'big'), Buffer.alloc(1024 * 1024 + 1));
    execFileSync('mkfifo', [join(directory, 'pipe')]);
    const log = { warn: () => undefined };
    await expect(readSecretFile(join(directory, 'big'), log)).rejects.toThrow('is larger than 1048576 bytes');
    await expect(readSecretFile(join(directory, 'pipe'), log)).rejects.toThrow('is not a regular file');
    await expect(readSecretFile(directory, log)).rejects.toThrow('is not a regular file');
  });
});

describe('prepareDataDir', () => {
  it('makes the directory and its parents for the owner alone', async () => {
    const path = join(directory, 'a', 'b');
    expect(await prepareDataDir(path)).toBeNull();
    expect(await modeOf(path)).toBe('700');
    expect(await modeOf(join(directory, 'a'))).toBe('700');
    expect(await prepareDataDir(path)).toBeNull();
  });

  it('warns of a directory that others may enter, and does not change it', async () => {
    const path = join(directory, 'shared');
    await mkdir(path);
    await chmod(path, 0o755);
    expect(await prepareDataDir(path)).toBe(`${path} is open to others (mode 0755); 0700 would keep it to its owner`);
    expect(await modeOf(path)).toBe('755');
  });

  it('fails where a file is in its place', async () => {
    await writeFile(join(directory, 'file'), '');
    await expect(prepareDataDir(join(directory, 'file'))).rejects.toThrow(
      /^the directory .*file cannot be written to: E/,
    );
  });
});
