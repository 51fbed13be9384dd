// Tests src/start/client-certificates.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Composition } from '../../../src/start/compose.js';
import type { Overrides } from '../../../src/start/runtime.js';
import type { Authentication } from '../../../src/model/principal.js';
import {
  makeAuthority,
  makeCertificate,
  makeKey,
  makeList,
  subjectAltName,
} from '../../../packages/x509/test/helpers/certificates.js';
import { composeOn, type LogLine } from '../../helpers/composed-service.js';
import { FakeApiServer } from '../../helpers/fake-api-server.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { makeTlsPair } from '../../http/support/tls-files.js';

const from = (seconds: number) => new Date(Math.floor(Date.now() / 1000) * 1000 + seconds * 1000);
const valid = { notBefore: from(-3600), notAfter: from(86_400) };
const callers = makeAuthority({ subject: [['CN', 'callers-ca']], ...valid });
const userKey = makeKey();
const userAuthority = makeAuthority({ subject: [['CN', 'user-ca']], key: userKey, ...valid });
const certificate = makeCertificate({
  issuer: callers,
  extensions: [subjectAltName({ uri: ['spiffe://corp.example/ci'] })],
  ...valid,
});

let tls: ReturnType<typeof makeTlsPair>;
beforeAll(async () => {
  tls = makeTlsPair();
});

let directory: ReturnType<typeof temporaryDirectory>;
let service: Composition | null;
let log: LogLine[];
beforeEach(() => {
  directory = temporaryDirectory();
  service = null;
  log = [];
});
afterEach(async () => {
  await service?.close();
  directory.remove();
});

const file = (name: string, content: string) => {
  const path = join(directory.path, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
};

interface Given {
  readonly callersPem: string;
  readonly listPem?: string;
  readonly cluster?: object;
  /** Besides those of client certificates. */
  readonly callers?: object;
  readonly identity?: string;
  readonly overrides?: Overrides;
}

async function open({
  callersPem,
  listPem,
  cluster,
  callers,
  identity = 'uri',
  overrides,
}: Given): Promise<Composition> {
  const local = {
    ...{
      name: 'demo',
      server: 'https://127.0.0.1:6443',
      servingCertificateAuthority: file('user-ca.crt', userAuthority.pem),
    },
    signer: {
      localCA: { certFile: file('user-ca.crt', userAuthority.pem), keyFile: file('user-ca.key', userKey.pem) },
    },
  };
  const certificateAuthority = file('callers-ca.crt', callersPem);
  const revocationList = listPem === undefined ? {} : { revocationList: file('callers-ca.crl', listPem) };
  const settings = {
    clusters: [cluster ?? local],
    tls: { certFile: file('tls.crt', tls.cert), keyFile: file('tls.key', tls.key) },
    callers: { ...callers, clientCertificates: { certificateAuthority, identity, port: 0, ...revocationList } },
  };
  const environment = { KUBEPASS_CONFIG: file('kubepass.yaml', JSON.stringify(settings)) };
  service = await composeOn(directory.path, environment, overrides, log);
  return service;
}

const authenticate = (der = certificate.der): Promise<Authentication> | undefined =>
  service?.context.authenticator.authenticate({ kind: 'client-certificate', der });
const said = (message: string) => log.filter((line) => line.message === message);

const shared =
  /^CN=\S+ of callers\.clientCertificates\.certificateAuthority is the user CA of cluster "demo": everybody with a certificate for that cluster would get in\. Callers need a CA of their own$/;
const stays = 'the CAs of callers, or their CRLs, cannot be used as they are now: those in force stay';

describe('the CA of callers', () => {
  it('lets in by the certificates that it signs', async () => {
    await open({ callersPem: callers.pem });
    expect(await authenticate()).toMatchObject({ principal: { name: 'spiffe://corp.example/ci' } });
  });

  it.each([
    ['the user CA of a cluster', userAuthority.pem],
    ['the user CA of a cluster, behind another', callers.pem + userAuthority.pem],
    ['one with the same key', makeAuthority({ subject: [['CN', 'renamed-ca']], key: userKey, ...valid }).pem],
  ])('is not %s', async (_what, callersPem) => {
    await expect(open({ callersPem })).rejects.toThrow(shared);
  });

  it('is not one of so many that no handshake has room for their names', async () => {
    const subject = (n: number) =>
      [
        ['O', 'x'.repeat(64)],
        ['CN', `${n}-${'x'.repeat(50)}`],
      ] as const;
    const many = Array.from({ length: 600 }, (_, n) => makeAuthority({ subject: subject(n), ...valid }).pem).join('');
    await expect(open({ callersPem: many })).rejects.toThrow(
      /^callers\.clientCertificates: .*callers-ca\.crt: .*ca_names/,
    );
    const { reload } = await open({ callersPem: callers.pem });
    file('callers-ca.crt', many);
    await reload();
    expect(said(stays)).toMatchObject([{ fields: { reason: expect.stringMatching(/ca_names/) as string } }]);
    expect(await authenticate()).toMatchObject({ outcome: 'authenticated' });
  });

  it('is not the user CA that the configuration names for a cluster which signs elsewhere', async () => {
    const other = makeAuthority({ subject: [['CN', 'signing-ca']], ...valid });
    const cluster = {
      ...{ name: 'demo', server: 'https://127.0.0.1:6443', servingCertificateAuthority: file('o.crt', other.pem) },
      signer: { localCA: { certFile: file('o.crt', other.pem), keyFile: file('o.key', other.key.pem) } },
      clientCertificateAuthority: file('users.crt', userAuthority.pem),
    };
    await expect(open({ callersPem: userAuthority.pem, cluster })).rejects.toThrow(shared);
    await expect(open({ callersPem: other.pem, cluster })).rejects.toThrow(shared);
    await open({ callersPem: callers.pem, cluster });
  });

  it('does not become it later', async () => {
    const { reload } = await open({ callersPem: callers.pem });
    file('callers-ca.crt', userAuthority.pem);
    await reload();
    expect(said(stays)).toMatchObject([
      { level: 'error', fields: { reason: expect.stringMatching(shared) as string } },
    ]);
    expect(await authenticate()).toMatchObject({ outcome: 'authenticated' });
  });

  it('lets nobody in from when a cluster says that it is its user CA', async () => {
    const server = await FakeApiServer.start();
    try {
      const { begin, reload } = await open({
        callersPem: server.clientAuthority.pem,
        cluster: {
          ...{ name: 'demo', server: server.url, signer: 'kubernetes' },
          kubeconfig: file('kubeconfig', await server.kubeconfig({ username: 'kubepass', groups: ['system:masters'] })),
        },
      });
      expect(await authenticate()).toMatchObject({ reason: 'CertificateUntrusted' });
      await begin();
      await expect
        .poll(() => said('client certificates of callers are refused'))
        .toMatchObject([{ level: 'error', fields: { reason: expect.stringMatching(shared) as string } }]);
      expect(await authenticate()).toMatchObject({ reason: 'CertificateAuthorityShared' });

      file('callers-ca.crt', callers.pem);
      await reload();
      expect(said('client certificates of callers are accepted again')).toHaveLength(1);
      expect(await authenticate()).toMatchObject({ outcome: 'authenticated' });
    } finally {
      await service?.close();
      service = null;
      await server.close();
    }
  });
});

describe('the files of callers', () => {
  it('are looked at by themselves', async () => {
    const serialNumber = Buffer.from('5a01', 'hex');
    const revoked = makeCertificate({ issuer: callers, serialNumber, ...valid });
    const list = (serials: Buffer[]) => makeList(callers, serials, from(3600), callers.key, from(-3600)).pem;
    await open({ callersPem: callers.pem, listPem: list([]), overrides: { tlsRoundMilliseconds: 10 } });
    expect(await authenticate(revoked.der)).toMatchObject({ reason: 'NameMissing' });
    file('callers-ca.crl', list([serialNumber]));
    await expect.poll(() => authenticate(revoked.der)).toMatchObject({ reason: 'CertificateRevoked' });
  });

  it('keep the service from starting where they cannot be used, and the error names them', async () => {
    await expect(open({ callersPem: 'nonsense' })).rejects.toThrow(
      /^callers\.clientCertificates: \S+callers-ca\.crt: no PEM block "CERTIFICATE" is found$/,
    );
    await expect(open({ callersPem: callers.pem, listPem: makeList(userAuthority, []).pem })).rejects.toThrow(
      /^callers\.clientCertificates: \S+callers-ca\.crt and \S+callers-ca\.crl: there is no CRL that CN=callers-ca has signed$/,
    );
    const between = makeAuthority({ subject: [['CN', 'between']], issuer: callers, ...valid });
    await expect(open({ callersPem: between.pem })).rejects.toThrow(
      /CN=between needs the CAs above it in the same file$/,
    );
    await open({ callersPem: between.pem + callers.pem });
  });

  it('warn where a name could also come from an issuer', async () => {
    const warning = 'client certificates and an issuer can give the same name: a usernamePrefix would keep them apart';
    const oidc = [{ name: 'corp', issuer: 'http://127.0.0.1:1', audiences: ['kubepass'] }];
    const first = await open({ callersPem: callers.pem, identity: 'uri', callers: { oidc } });
    await first.close();
    expect(said(warning)).toEqual([]);
    await open({ callersPem: callers.pem, identity: 'commonName', callers: { oidc } });
    expect(said(warning)).toMatchObject([{ level: 'warn' }]);
  });

  it('warn of what has ended', async () => {
    const ended = makeAuthority({ subject: [['CN', 'ended-ca']], notBefore: from(-7200), notAfter: from(-3600) });
    const listPem = makeList(ended, [], from(-60), ended.key, from(-7200)).pem;
    await open({ callersPem: ended.pem, listPem });
    const warning = { level: 'warn', fields: { authority: 'CN=ended-ca' } };
    expect(said('a CA of callers has ended: its certificates are refused')).toMatchObject([warning]);
    expect(said('a CRL of callers has ended: nobody gets in by its CA')).toMatchObject([warning]);
  });
});
