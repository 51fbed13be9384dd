// Tests packages/inspect/src/model/catalogue.ts
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodePem } from '@kubepass/x509';
import { type FindingCode, findingKinds } from '../../src/model/catalogue.js';
import { makeAuthority, makeCertificate } from '../../../x509/test/helpers/certificates.js';
import { inspectFiles, kubeconfigOf } from '../inspected.js';

const password = 'correct horse battery staple';
const fixture = (name: string): Buffer => readFileSync(new URL(`../keys/fixtures/${name}`, import.meta.url));
const corpus = (name: string): Buffer => readFileSync(new URL(`../../corpus/${name}`, import.meta.url));

const authority = makeAuthority();
const jane = makeCertificate({ issuer: authority });
const kubeconfig = kubeconfigOf({ authority: authority.pem, certificate: jane.pem, key: jane.key.pem });

interface Trial {
  readonly code: FindingCode;
  readonly command: string;
  /** What a person types besides: passwords, and names of their own. */
  readonly typed?: readonly string[];
  /** The file that has the finding, as the command calls it, and others. */
  readonly files: Readonly<Record<string, string | Buffer>>;
  /** What the command writes; the standard output where it names no file. */
  readonly written?: string;
}

const openSsh = (type: string): Trial => ({
  code: 'OpenSshKey',
  command: 'ssh-keygen -p -m PKCS8 -f key',
  typed: ['-P', '', '-N', ''],
  files: { key: fixture(`${type}.openssh.key`) },
  written: 'key',
});

const trials: readonly Trial[] = [
  openSsh('rsa'),
  openSsh('ecdsa'),
  {
    code: 'RsaKeyFactorable',
    command: 'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out new.key',
    files: { 'old.csr': corpus('request-rsa-prime-modulus/input.der') },
    written: 'new.key',
  },
  {
    code: 'PrivateKeyPadded',
    command: 'openssl ec -in old.key -out new.key',
    files: { 'old.key': encodePem('EC PRIVATE KEY', corpus('key-sec1-padded/input.der')) },
    written: 'new.key',
  },
  {
    code: 'LegacyKeyFormat',
    command: 'openssl pkcs8 -topk8 -iter 600000 -in old.key -out new.key',
    typed: ['-passin', `pass:${password}`, '-passout', `pass:${password}`],
    files: { 'old.key': corpus('key-pkcs1-encrypted/input.pem') },
    written: 'new.key',
  },
  {
    code: 'JavaKeystore',
    command: 'keytool -importkeystore -srckeystore old.jks -destkeystore new.p12 -deststoretype PKCS12',
    typed: ['-srcstorepass', password, '-deststorepass', password],
    files: { 'old.jks': corpus('java-keystore/input.jks') },
    written: 'new.p12',
  },
  {
    code: 'CurrentContextMissing',
    command: 'kubectl config use-context NAME',
    files: { config: kubeconfig.replace('"current-context":"it"', '"current-context":"gone"') },
    written: 'config',
  },
  {
    code: 'FilePathWillNotTravel',
    command: 'kubectl config view --raw --flatten',
    files: {
      config: kubeconfig.replace(/"certificate-authority-data":"[^"]*"/, '"certificate-authority":"ca.crt"'),
      'ca.crt': authority.pem,
    },
  },
];

/** It asks a cluster, and mends nothing. */
const shows: readonly FindingCode[] = ['PrivilegedName'];

const isMissing = (program: string): boolean => spawnSync(program).error !== undefined;

describe('the command of an advice', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'advice-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is tried here', () => {
    const withCommand = Object.entries(findingKinds).filter(([, { advice }]) =>
      /\b(?:openssl [a-z]|(?:ssh-keygen|keytool) -|kubectl (?:config|get))/.test(advice),
    );
    expect(new Set(withCommand.map(([code]) => code))).toEqual(new Set([...trials.map(({ code }) => code), ...shows]));
    for (const { code, command } of trials) expect(findingKinds[code].advice).toContain(command);
  });

  for (const trial of trials) {
    const [program = '', ...words] = trial.command.replace('NAME', 'it').split(' ');
    const [file = ''] = Object.keys(trial.files);
    it.skipIf(isMissing(program))(`takes the finding away: ${trial.code} of ${file}`, async () => {
      const codesOf = async (name: string, content: string | Buffer) =>
        (await inspectFiles({ [name]: content }, { password })).findings.map(({ code }) => code);
      expect(await codesOf(file, trial.files[file] ?? '')).toContain(trial.code);

      for (const [name, content] of Object.entries(trial.files))
        writeFileSync(join(folder, name), content, { mode: 0o600 });
      const run = spawnSync(program, [...words, ...(trial.typed ?? [])], {
        cwd: folder,
        env: { ...process.env, KUBECONFIG: 'config' },
      });
      expect(run.status, run.stderr.toString()).toBe(0);

      const after = trial.written === undefined ? run.stdout : readFileSync(join(folder, trial.written));
      expect(await codesOf('new', after)).not.toContain(trial.code);
    });
  }
});
