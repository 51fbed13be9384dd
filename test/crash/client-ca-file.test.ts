// Tests src/programs/client-ca-file.ts, src/programs/node-files/client-ca-file.ts,
// src/programs/node-files/replace-file.ts
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority } from '../../packages/x509/test/helpers/certificates.js';
import { type AnsweringKubepass, answeringKubepass, withText } from '../helpers/answering-kubepass.js';
import { runVerb } from '../helpers/run-program.js';
import { mountSmallDisk } from '../helpers/small-disk.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

const killer = fileURLToPath(new URL('../helpers/kill-at-promise.cjs', import.meta.url));
const [own, old, next] = ['own', 'old', 'next'].map((name) => makeAuthority({ subject: [['CN', name]] }).pem) as [
  string,
  string,
  string,
];
const directory = temporaryDirectory();
let kubepass: AnsweringKubepass;
beforeAll(async () => (kubepass = await answeringKubepass(directory.path)));
afterAll(async () => {
  await kubepass.close();
  directory.remove();
});

const keep = (folder: string, environment: Readonly<Record<string, string>> = {}) => {
  const [base, out] = [join(folder, 'ca.crt'), join(folder, 'client-ca.crt')];
  return runVerb('client-ca-file', ['--cluster', 'demo', '--base', base, '--out', out], environment);
};
const fileIn = (folder: string) => readFileSync(join(folder, 'client-ca.crt'), 'utf8');

function placeNode(folder: string): void {
  mkdirSync(folder);
  kubepass.placeNodeFiles(folder);
  writeFileSync(join(folder, 'ca.crt'), own);
}

it.each([
  ['is there', `${own}${old}`],
  ['is new', null],
])('kill -9 at each point leaves the whole old file or the whole new one, where the file %s', async (how, before) => {
  const folder = join(directory.path, how.replace(' ', '-'));
  placeNode(folder);
  kubepass.answer(withText(`${old}${next}`));
  let at = 0;
  for (let killed = true; killed;) {
    if (before !== null) writeFileSync(join(folder, 'client-ca.crt'), before);
    at += 1;
    const { code, signal } = await keep(folder, {
      NODE_OPTIONS: `--require=${killer}`,
      KUBEPASS_TEST_KILL_AT: String(at),
      KUBEPASS_TEST_KILL_PATH: folder,
    });
    killed = signal === 'SIGKILL';
    if (!killed) expect(code).toBe(0);
    const isThere = readdirSync(folder).includes('client-ca.crt');
    const found = isThere ? fileIn(folder) : null;
    expect([before, `${own}${old}${next}`], `killed at call ${at}`).toContain(found);
    // Where it is new, it appears once.
    if (found !== null && before === null) break;
  }
  expect(at).toBeGreaterThan(7);
  expect(await keep(folder)).toMatchObject({ code: 0 });
  expect(fileIn(folder)).toBe(`${own}${old}${next}`);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

const disk = mountSmallDisk(1);
if ('unavailable' in disk) console.log(`a full disk is not tested: ${disk.unavailable}`);

describe.skipIf('unavailable' in disk)('a full disk', () => {
  if ('unavailable' in disk) return;
  afterAll(() => disk.remove());

  it('leaves the file as it is, and nothing beside it, until there is space again', async () => {
    const folder = join(disk.path, 'node');
    placeNode(folder);
    kubepass.answer(withText(old));
    expect(await keep(folder)).toMatchObject({ code: 0 });
    kubepass.answer(withText(next));
    disk.fill();
    const full = await keep(folder);
    expect(full).toMatchObject({ code: 1, stdout: '' });
    expect(full.stderr).toMatch(/^kubepass client-ca-file: .*client-ca\.crt stays as it is: ENOSPC/);
    expect(fileIn(folder)).toBe(`${own}${old}`);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    disk.free();
    expect(await keep(folder)).toMatchObject({ code: 0 });
    expect(fileIn(folder)).toBe(`${own}${next}`);
  });
});
