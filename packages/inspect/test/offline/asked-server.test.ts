// Tests packages/inspect/src/findings/checks/asked-server.ts, packages/inspect/src/offline/inspect-files.ts
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyPurpose } from '@kubepass/x509';
import type { Inspection } from '../../src/model/inspection.js';
import { inspectFiles } from '../../src/offline/inspect-files.js';
import {
  type CertificateFields,
  makeAuthority,
  makeCertificate,
  type MadeCertificate,
  pathLength,
  subjectAltName,
  testNow,
} from '../../../x509/test/helpers/certificates.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubepass-server-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(args: readonly string[], files: Readonly<Record<string, string>>) {
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const placed = args.map((arg) => (arg in files ? join(folder, arg) : arg));
  return inspectFiles(placed, { now: testNow, stdout: {} });
}

/** The errors, each as `file code`. */
async function errorsOf(args: readonly string[], files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { output, exitCode } = await run(['--format', 'json', ...args], files);
  const errors = (JSON.parse(output) as Inspection).findings.filter(({ severity }) => severity === 'error');
  expect(exitCode).toBe(errors.length > 0 ? 1 : 0);
  return errors.map(({ object, code }) => `${object.slice(folder.length + 1)} ${code}`);
}

const root = makeAuthority({ subject: [['CN', 'root']] });
const below = (fields: CertificateFields = {}): MadeCertificate =>
  makeAuthority({ issuer: root, subject: [['CN', 'below']], ...fields });
const intermediate = below();
const names = subjectAltName({ dns: ['api.corp.example', '*.apps.corp.example'], ip: [Buffer.of(10, 0, 0, 1)] });
const server = (fields: CertificateFields = {}): MadeCertificate =>
  makeCertificate({
    issuer: intermediate,
    subject: [['CN', 'api']],
    extKeyUsage: [keyPurpose.serverAuth],
    extensions: [names],
    ...fields,
  });
const past = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2021-01-01T00:00:00Z') };
const good = server();
const selfSigned = makeCertificate({ extKeyUsage: [keyPurpose.serverAuth], extensions: [names] });
const expired = below(past);
const withoutPath = below({ basicConstraints: pathLength(0) });
const tooDeep = makeAuthority({ issuer: withoutPath, subject: [['CN', 'deep']] });
const forClients = below({ extKeyUsage: [keyPurpose.clientAuth] });
const other = makeAuthority({ subject: [['CN', 'root']] });

const hasOpenssl = spawnSync('openssl', ['version']).error === undefined;

/** Whether `openssl verify` takes the first certificate of `chain` for a server of that name. */
function opensslAccepts(host: string, authority: MadeCertificate, chain: readonly MadeCertificate[]): boolean {
  writeFileSync(join(folder, 'trusted.pem'), authority.pem);
  writeFileSync(join(folder, 'chain.pem'), chain.map(({ pem }) => pem).join(''));
  const asked = /^[\d.]+$/.test(host) ? '-verify_ip' : '-verify_hostname';
  const at = String(testNow.getTime() / 1000);
  const { status, error } = spawnSync(
    'openssl',
    [
      'verify',
      '-no-CApath',
      '-no-CAstore',
      '-partial_chain',
      '-purpose',
      'sslserver',
      '-attime',
      at,
      asked,
      host,
    ].concat(['-CAfile', 'trusted.pem', '-untrusted', 'chain.pem', 'chain.pem']),
    { cwd: folder },
  );
  if (error) throw error;
  return status === 0;
}

describe('a server that somebody asks about', () => {
  it.each<[string, string, MadeCertificate, readonly MadeCertificate[], readonly string[]]>([
    ['is good by its name', 'api.corp.example', root, [good, intermediate], []],
    ['is good by its name in other letters', 'API.corp.example', root, [good, intermediate], []],
    ['is good by a wildcard', 'web.apps.corp.example', root, [good, intermediate], []],
    ['is good by its address', '10.0.0.1', root, [good, intermediate], []],
    ['is good below an intermediate that is trusted', 'api.corp.example', intermediate, [good], []],
    ['is good if it is trusted itself', 'api.corp.example', selfSigned, [selfSigned], []],
    ['has another name', 'web.corp.example', root, [good, intermediate], ['SubjectAltNameLacksServer']],
    ['has another address', '10.0.0.2', root, [good, intermediate], ['SubjectAltNameLacksServer']],
    [
      'has a wildcard for one label',
      'a.b.apps.corp.example',
      root,
      [good, intermediate],
      ['SubjectAltNameLacksServer'],
    ],
    ['lacks its intermediate', 'api.corp.example', root, [good], ['ChainNotToGivenCa']],
    ['is of another CA of that name', 'api.corp.example', other, [good, intermediate], ['ChainNotToGivenCa']],
    ['is of nobody', 'api.corp.example', root, [selfSigned], ['ChainNotToGivenCa']],
    [
      'is for clients',
      'api.corp.example',
      root,
      [server({ extKeyUsage: [keyPurpose.clientAuth] }), intermediate],
      ['ExtendedKeyUsageUnsuitable'],
    ],
    [
      'has expired',
      'api.corp.example',
      root,
      [server(past), intermediate],
      ['CertificateExpired', 'ChainNotToGivenCa'],
    ],
    ['has a CA that expired', 'api.corp.example', root, [server({ issuer: expired }), expired], ['ChainNotToGivenCa']],
    [
      'has too many CAs',
      'api.corp.example',
      root,
      [server({ issuer: tooDeep }), tooDeep, withoutPath],
      ['PathLengthExceeded', 'ChainNotToGivenCa'],
    ],
    [
      'has a CA for clients',
      'api.corp.example',
      root,
      [server({ issuer: forClients }), forClients],
      ['ExtendedKeyUsageUnsuitable', 'ChainNotToGivenCa'],
    ],
  ])('%s', async (_, host, authority, chain, expected) => {
    const files = { 'ca.crt': authority.pem, 'server.crt': chain.map(({ pem }) => pem).join('') };
    const errors = await errorsOf(['--host', host, '--ca', 'ca.crt', 'server.crt'], files);
    const leaf = chain.length > 1 ? 'server.crt[0]' : 'server.crt';
    expect(errors.filter((error) => error.startsWith(`${leaf} `))).toEqual(expected.map((code) => `${leaf} ${code}`));
    if (hasOpenssl) expect(opensslAccepts(host, authority, chain)).toBe(expected.length === 0);
    else console.warn('openssl is not here, so its verdict is not compared');
  });

  const files = {
    'ca.crt': root.pem,
    'intermediate.crt': intermediate.pem,
    'api.crt': good.pem,
    'web.crt': server({ extensions: [subjectAltName({ dns: ['web.corp.example'] })] }).pem,
    'jane.crt': makeCertificate({ issuer: root }).pem,
  };
  const all = Object.keys(files);

  it('is sought by its name among several, and servers are suspected before clients', async () => {
    expect(await errorsOf(['--host', 'web.corp.example', '--ca', 'ca.crt', ...all], files)).toEqual([]);
    expect(await errorsOf(['--host', 'db.corp.example', ...all], files)).toEqual([
      'api.crt SubjectAltNameLacksServer',
      'web.crt SubjectAltNameLacksServer',
    ]);
    expect(await errorsOf(['--host', 'db.corp.example', 'jane.crt'], files)).toEqual([
      'jane.crt SubjectAltNameLacksServer',
      'jane.crt ExtendedKeyUsageUnsuitable',
    ]);
  });

  it('need not be asked about with both', async () => {
    expect(await errorsOf(['--host', 'api.corp.example', 'api.crt'], files)).toEqual([]);
    expect(await errorsOf(['--ca', 'ca.crt', 'api.crt', 'intermediate.crt'], files)).toEqual([]);
    expect(await errorsOf(['--ca', 'ca.crt', 'api.crt'], files)).toEqual(['api.crt ChainNotToGivenCa']);
    expect(await errorsOf(all, files)).toEqual([]);
  });

  it('shows the CA with it, once', async () => {
    for (const more of [[], ['ca.crt']]) {
      const { output } = await run(
        ['--format', 'json', '--ca', 'ca.crt', 'api.crt', 'intermediate.crt', ...more],
        files,
      );
      expect((JSON.parse(output) as Inspection).objects).toHaveLength(3);
    }
  });

  it('gets no verdict where there is no certificate, no CA, or no name', async () => {
    const key = { 'ca.crt': root.pem, 'api.key': good.key.pem };
    const ended = async (...args: string[]) => {
      const { exitCode, complaints } = await run(args, key);
      return `${exitCode} ${complaints.split('\n', 1)[0]!.replaceAll(`${folder}/`, '')}`;
    };
    expect(await ended('--host', 'a.example', 'api.key')).toBe(
      '2 there is no certificate about which --host and --ca could ask',
    );
    expect(await ended('--ca', 'ca.crt', 'api.key')).toMatch(/^2 there is no certificate/);
    expect(await ended('--ca', 'api.key', 'ca.crt')).toMatch(/^2 .*the CA file api\.key holds no certificate/);
    expect(await ended('--ca', join(folder, 'no.crt'), 'ca.crt')).toMatch(/^2 .*the CA file no\.crt cannot be read/);
    for (const host of ['https://a.example', 'a.example:6443', '*.example', '', '[::1]', 'a b'])
      expect(await ended(`--host=${host}`, 'ca.crt')).toMatch(/^2 .*--host takes a name or an address/);
  });
});
