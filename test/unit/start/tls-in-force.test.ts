// Tests src/start/tls-in-force.ts, src/http/server/tls-settings.ts
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { FilesInForce } from '../../../src/start/in-force.js';
import { openTls, type TlsInForce } from '../../../src/start/tls-in-force.js';
import { tlsSettings, type TlsPair } from '../../../src/http/server/tls-settings.js';
import {
  makeAuthority,
  makeCertificate,
  makeKey,
  type KeyType,
} from '../../../packages/x509/test/helpers/certificates.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { makeTlsPair, writeTlsFiles } from '../../http/support/tls-files.js';
import { quietMoment } from '../../helpers/quiet-moment.js';

type Pair = ReturnType<typeof makeTlsPair>;
let first: Pair;
let second: Pair;
let expired: Pair;
beforeAll(async () => {
  [first, second, expired] = [makeTlsPair(), makeTlsPair(), makeTlsPair(new Date('2010-01-01'))];
});

let directory: ReturnType<typeof temporaryDirectory>;
let tls: TlsInForce | null;
let log: string[];
let selfSigned: string[];
let served: string[];
beforeEach(() => {
  directory = temporaryDirectory();
  tls = null;
  log = [];
  selfSigned = [];
  served = [];
});
afterEach(() => {
  tls?.stop();
  directory.remove();
});

const valid = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 86_400_000) };

/** The fingerprint of the certificate that a client of a server with this pair gets. */
async function shownBy(pair: TlsPair): Promise<string> {
  const server = createServer(tlsSettings(pair)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  server.close();
  return fingerprint256.replaceAll(':', '').toLowerCase();
}

async function open(pair: Pair, intervalMilliseconds = 3_600_000, clock = () => new Date()): Promise<TlsInForce> {
  const environment = writeTlsFiles(directory.path, pair);
  // The pairs here are self-signed, which each start warns of.
  const write = (level: string) => (fields: object, message: string) =>
    void (message.includes('self-signed') ? selfSigned : log).push(`${level} ${message} ${JSON.stringify(fields)}`);
  const lines = { info: write('info'), warn: write('warn'), error: write('error') };
  tls = await openTls(
    { certFile: environment.KUBEPASS_TLS_CERT_FILE, keyFile: environment.KUBEPASS_TLS_KEY_FILE },
    new FilesInForce(lines, intervalMilliseconds),
    clock,
    lines,
  );
  tls.follow(({ cert }) => served.push(String(cert)));
  return tls;
}

it('takes a pair that was changed, by itself, once both files belong together', async () => {
  const { current } = await open(first, 10);
  writeFileSync(join(directory.path, 'tls.crt'), second.cert);
  await expect.poll(() => log).toEqual([expect.stringMatching(/^error .*stays.*mismatch/)]);
  expect(served).toEqual([]);
  writeFileSync(join(directory.path, 'tls.key'), second.key);
  await expect.poll(() => served).toEqual([second.cert]);
  expect(current()).toMatchObject({ cert: Buffer.from(second.cert), key: Buffer.from(second.key) });
});

it('takes a pair that was put there before it is valid, once it is, and says until then once that it waits', async () => {
  let now = new Date('2009-06-01');
  const { current, isRefused } = await open(first, 5, () => now);
  writeTlsFiles(directory.path, expired);
  chmodSync(join(directory.path, 'tls.key'), 0o644);
  await expect.poll(() => log.join('\n')).toMatch(/so not now/);
  await expect.poll(() => log.join('\n')).toMatch(/open to others/);
  const said = [...log];
  await quietMoment();
  expect(log).toEqual(said);
  expect([served, isRefused()]).toEqual([[], true]);
  now = new Date(new Date(new X509Certificate(expired.cert).validFrom).getTime() + 1000);
  await expect.poll(() => served).toEqual([expired.cert]);
  expect([String(current().cert), isRefused()]).toEqual([expired.cert, false]);
});

it.each<[string, (path: string) => void, RegExp]>([
  ['is no certificate', (path) => writeFileSync(join(path, 'tls.crt'), 'nonsense'), /TLS cannot be served with/],
  ['is empty', (path) => writeFileSync(join(path, 'tls.key'), ''), /TLS cannot be served with/],
  ['is gone', (path) => rmSync(join(path, 'tls.key')), /ENOENT/],
  ['has expired', (path) => void writeTlsFiles(path, expired), /is valid from 20\S+ to 20\S+, so not now/],
])('keeps what is in force where the new one %s, and says so', async (_what, change, reason) => {
  const { reload } = await open(first);
  change(directory.path);
  await reload();
  expect(log).toEqual([expect.stringMatching(reason)]);
  expect(log[0]).toMatch(/^error the TLS files were changed and cannot be served: the certificate in force stays/);
  expect(log.join()).not.toContain('PRIVATE KEY');
  expect(served).toEqual([]);
  writeTlsFiles(directory.path, second);
  await reload();
  expect(served).toEqual([second.cert]);
});

it('changes nothing where the files are as they were', async () => {
  const { reload } = await open(first);
  await reload();
  expect([log, served]).toEqual([[], []]);
});

it('starts with a certificate that has expired, with a warning, and not with a pair that does not belong together', async () => {
  await open(expired);
  expect(log).toEqual([expect.stringMatching(/^warn the TLS certificate is not valid now/)]);
  tls?.stop();
  await expect(open({ cert: first.cert, key: second.key })).rejects.toThrow(/^TLS cannot be served with .*mismatch/);
});

const pairOf = (type: KeyType): Pair => {
  const authority = makeAuthority(valid);
  const { pem: cert, key } = makeCertificate({ issuer: authority, key: makeKey(type), ...valid });
  return { cert: cert + authority.pem, key: key.pem };
};

it.each<KeyType>(['RSA-2048', 'P-256', 'P-384', 'P-521', 'Ed25519'])(
  'takes a chain and its key of %s',
  async (type) => {
    const { current } = await open(pairOf(type));
    expect(await shownBy(current())).toBe(current().fingerprintSha256);
  },
);

it.each<[string, () => Pair, RegExp]>([
  [
    'whose key is of another algorithm than its certificate',
    () => ({ cert: pairOf('P-256').cert, key: makeKey('RSA-2048').pem }),
    /mismatch: the key belongs to another one/,
  ],
  [
    'with which no client can shake hands',
    () => pairOf('secp256k1'),
    /no suitable signature algorithm|no shared cipher/,
  ],
  [
    'whose key is encrypted',
    () => {
      const { pem, key } = makeAuthority(valid);
      const cipher = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
      return { cert: pem, key: String(key.privateKey.export(cipher)) };
    },
    /assphrase|cancelled|decrypt/,
  ],
])('neither starts with nor changes to a pair %s', async (_what, make, reason) => {
  const pair = make();
  await expect(open(pair)).rejects.toThrow(/^TLS cannot be served with \S+\/tls\.crt and \S+\/tls\.key: /);
  await expect(open(pair)).rejects.toThrow(reason);
  const { reload, isRefused } = await open(first);
  writeTlsFiles(directory.path, pair);
  await reload();
  expect(log).toEqual([expect.stringMatching(reason)]);
  expect(log[0]).toMatch(/^error the TLS files were changed and cannot be served: the certificate in force stays/);
  expect([served, isRefused()]).toEqual([[], true]);
});

it('warns of a key that others can read', async () => {
  const { reload } = await open(first);
  chmodSync(join(directory.path, 'tls.key'), 0o644);
  await reload();
  expect(log).toEqual([expect.stringMatching(/^warn .*tls\.key is open to others \(mode 0644\)/)]);
});

it('warns once of a certificate that nobody else has signed', async () => {
  const { reload } = await open(first);
  writeTlsFiles(directory.path, second);
  await reload();
  expect(selfSigned).toEqual([
    expect.stringMatching(/^warn the TLS certificate is self-signed: callers cannot know it/),
  ]);
});
