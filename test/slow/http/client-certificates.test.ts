// Tests src/callers/client-certificates.ts, src/http/server/create-server.ts, src/http/server/tls-settings.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WhoamiBody } from '../../../src/callers/routes/caller-routes.js';
import { keyPurpose, sha256 } from '@kubepass/x509';
import {
  makeAuthority,
  makeCertificate,
  makeList,
  subjectAltName,
  type CertificateFields,
  type MadeCertificate,
} from '../../../packages/x509/test/helpers/certificates.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { hasOpenssl, sClient, type SClient } from '../../http/support/s-client.js';
import { startService, type TestService } from '../../http/support/service.js';
import { makeTlsPair } from '../../http/support/tls-files.js';

const name = 'spiffe://corp.example/ns/ci/sa/deployer';
const from = (seconds: number) => new Date(Math.floor(Date.now() / 1000) * 1000 + seconds * 1000);
const serialNumber = Buffer.from('5a0102030405060708090a0b0c0d0e0f', 'hex');
const authority = makeAuthority({ subject: [['CN', 'callers-ca']], notBefore: from(-3600), notAfter: from(86_400) });
const valid = { notBefore: from(-60), notAfter: from(3600) };
const made = (fields: CertificateFields = {}): MadeCertificate =>
  makeCertificate({ issuer: authority, extensions: [subjectAltName({ uri: [name] })], ...valid, ...fields });
const list = (...revoked: Buffer[]) => makeList(authority, revoked, from(3600), authority.key, from(-3600)).pem;

const directory = temporaryDirectory();
const file = (fileName: string, content: string) => {
  const path = join(directory.path, fileName);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
};

let service: TestService;
beforeAll(async () => {
  const pair = makeTlsPair();
  file('callers-ca.crt', authority.pem);
  file('callers-ca.crl', list());
  service = await startService({
    config: JSON.stringify({
      clusters: [
        {
          name: 'demo',
          server: 'https://127.0.0.1:6443',
          servingCertificateAuthority: file('tls.crt', pair.cert),
          signer: { localCA: { certFile: file('user-ca.crt', pair.cert), keyFile: file('user-ca.key', pair.key) } },
        },
      ],
      tls: { certFile: file('tls.crt', pair.cert), keyFile: file('tls.key', pair.key) },
      callers: {
        clientCertificates: {
          ...{ certificateAuthority: file('callers-ca.crt', authority.pem), identity: 'uri', port: 0 },
          revocationList: file('callers-ca.crl', list()),
        },
      },
      roles: [{ names: [name], roles: ['requester'] }],
    }),
    app: { failedAuthenticationsPerMinute: 1_000 },
  });
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

const clients: SClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
  file('callers-ca.crl', list());
  await service.reload();
});

const address = () => service.certificateAddress ?? '';
const filesOf = ({ pem, key: { pem: keyPem } }: MadeCertificate) => [
  ...['-cert', file('client.crt', pem), '-key', file('client.key', keyPem)],
];
const connect = (certificate: MadeCertificate | null, args: readonly string[] = [], to = address()): SClient => {
  const client = sClient(to, [...(certificate === null ? [] : filesOf(certificate)), ...args]);
  clients.push(client);
  return client;
};
const whoami = async (client: SClient, headers?: Readonly<Record<string, string>>) => {
  const { status, body } = await client.request('/v1/whoami', headers);
  return status === 200 ? (JSON.parse(body) as WhoamiBody) : status;
};
const lastLine = (message: string) =>
  service
    .log()
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []))
    .findLast(({ msg }) => msg === message);
const revoke = async () => {
  file('callers-ca.crl', list(serialNumber));
  await service.reload();
};

describe.skipIf(!hasOpenssl)('openssl s_client with a client certificate', () => {
  describe.each(['-tls1_2', '-tls1_3'])('over %s', (version) => {
    it('gets in as the one that its URI names', async () => {
      const certificate = made();
      expect(await whoami(connect(certificate, [version]))).toMatchObject({
        ...{ name, groups: [], roles: ['requester'], method: 'client-certificate', createdBy: [] },
        credentialId: sha256(certificate.der),
        expiresAt: valid.notAfter.toISOString(),
      });
      await expect
        .poll(() => lastLine('request answered'))
        .toMatchObject({
          principal: name,
          clientCertificate: sha256(certificate.der),
        });
    });

    const stranger = makeAuthority({ subject: [['CN', 'callers-ca']], ...valid });
    const refused: Readonly<Record<string, readonly [MadeCertificate, string]>> = {
      'of another CA of the same name': [made({ issuer: stranger }), 'CertificateUntrusted'],
      'that signed itself': [
        makeCertificate({ extensions: [subjectAltName({ uri: [name] })], ...valid }),
        'CertificateUntrusted',
      ],
      'that has ended': [made({ notBefore: from(-600), notAfter: from(-60) }), 'CertificateUntrusted'],
      'that has not begun': [made({ notBefore: from(600) }), 'CertificateUntrusted'],
      'for servers': [made({ extKeyUsage: [keyPurpose.serverAuth] }), 'CertificateUntrusted'],
      'for anything': [made({ extKeyUsage: null }), 'CertificateNotForClients'],
      'that is revoked': [made({ serialNumber }), 'CertificateRevoked'],
      'without a URI': [made({ extensions: [] }), 'NameMissing'],
      'with a name of Kubernetes': [
        made({ extensions: [subjectAltName({ uri: ['system:serviceaccount:ci:deployer'] })] }),
        'NameNotPermitted',
      ],
    };
    it.each(Object.entries(refused))('does not get in with one %s', async (_what, [certificate, reason]) => {
      await revoke();
      expect(await whoami(connect(certificate, [version]))).toBe(401);
      const told = lastLine('authentication failed');
      expect(told).toMatchObject({ presented: true, reason });
      // The log names the certificate. It does not name the caller, whom nobody knows.
      await expect
        .poll(() => lastLine('request answered'))
        .toMatchObject({
          principal: null,
          clientCertificate: sha256(certificate.der),
        });
    });

    it('does not resume a session, with the certificate or without', async () => {
      const certificate = made({ serialNumber });
      const session = join(directory.path, `session${version}`);
      const first = connect(certificate, [version, '-sess_out', session]);
      expect(await whoami(first)).toMatchObject({ name });
      await first.end();

      const without = connect(null, [version, '-sess_in', session]);
      expect(await whoami(without)).toBe(401);
      const again = connect(certificate, [version, '-sess_in', session]);
      expect(await whoami(again)).toMatchObject({ name });
      await revoke();
      const revoked = connect(certificate, [version, '-sess_in', session]);
      expect(await whoami(revoked)).toBe(401);
      for (const client of [without, again, revoked]) {
        expect(client.said()).toMatch(/^New, TLSv1/m);
        expect(client.said()).not.toMatch(/^Reused/m);
      }
    });

    it('is refused on a connection that goes on, once the certificate is revoked, and gets in again after that', async () => {
      const client = connect(made({ serialNumber }), [version]);
      expect(await whoami(client)).toMatchObject({ name });
      await revoke();
      expect(await whoami(client)).toBe(401);
      file('callers-ca.crl', list());
      await service.reload();
      expect(await whoami(client)).toMatchObject({ name });
    });
  });

  it('does not get in with one of a CA in between, which it sends along', async () => {
    const between = makeAuthority({ subject: [['CN', 'user-ca']], issuer: authority, ...valid });
    const chain = ['-cert_chain', file('chain.crt', between.pem)];
    expect(await whoami(connect(made({ issuer: between }), chain))).toBe(401);
    expect(lastLine('authentication failed')).toMatchObject({
      reason: 'CertificateUntrusted',
      why: expect.stringContaining('CN=user-ca, which signed the client certificate, is not among the CAs') as string,
    });
  });

  it('is refused on a connection that goes on, once the certificate has ended', async () => {
    const ending = connect(made({ notAfter: from(2) }));
    expect(await whoami(ending)).toMatchObject({ name });
    await expect.poll(() => whoami(ending), { timeout: 10_000 }).toBe(401);
    expect(lastLine('authentication failed')).toMatchObject({ reason: 'CertificateExpired' });
  });

  it('cannot change its certificate on a connection', async () => {
    const client = connect(made(), ['-tls1_2', '-legacy_renegotiation']);
    expect(await whoami(client)).toMatchObject({ name });
    client.write('R\n');
    await client.ended;
    expect(client.said()).toMatch(/RENEGOTIATING[\s\S]*no renegotiation|RENEGOTIATING[\s\S]*handshake failure/i);
  });

  it('gets 503 while the CRL is out of date, and never 401', async () => {
    file('callers-ca.crl', makeList(authority, [], from(-60), authority.key, from(-3600)).pem);
    await service.reload();
    const { status, body } = await connect(made()).request('/v1/whoami');
    expect(status).toBe(503);
    expect(body).not.toMatch(/crl/i);
    expect(lastLine('authentication is not possible now')).toMatchObject({
      why: expect.stringMatching(/^CrlExpired: the CRL of CN=callers-ca is from/) as string,
    });
  });

  it('gets in by its token where it has one besides, and both are logged', async () => {
    const certificate = made();
    const client = connect(certificate);
    const headers = { authorization: `Bearer ${service.tokenOf('alice')}` };
    expect(await whoami(client, headers)).toMatchObject({ name: 'alice', method: 'api-token' });
    await expect
      .poll(() => lastLine('request answered'))
      .toMatchObject({
        principal: 'alice',
        clientCertificate: sha256(certificate.der),
      });
    // A token that is not live is no reason to look at the certificate.
    expect(await whoami(client, { authorization: `Bearer kubepass_${'A'.repeat(43)}` })).toBe(401);
    expect(await whoami(client, { authorization: 'Basic YTpi' })).toBe(401);
    expect(await whoami(client)).toMatchObject({ name });
  });

  it('is not asked for a certificate where people are, and one that it offers there does not count', async () => {
    const asked = /^Acceptable client certificate CA names$/m;
    const there = connect(made(), [], service.address);
    expect(await whoami(there)).toBe(401);
    expect(there.said()).not.toMatch(asked);
    const here = connect(null);
    expect(await whoami(here)).toBe(401);
    expect(here.said()).toMatch(asked);
    expect(lastLine('authentication failed')).toMatchObject({ presented: false });
  });

  const { pem } = made();
  const forged: Readonly<Record<string, string>> = {
    'X-Forwarded-Client-Cert': `Hash=${sha256(made().der)};Cert="${encodeURIComponent(pem)}";URI=${name};Subject="CN=admin"`,
    'X-SSL-Client-Cert': encodeURIComponent(pem),
    'X-SSL-Client-Verify': 'SUCCESS',
    'SSL-Client-Verify': 'SUCCESS',
    'X-Client-Cert': encodeURIComponent(pem),
    'X-ARR-ClientCert': pem.replaceAll(/-----[A-Z ]+-----|\n/g, ''),
    'Client-Cert': `:${pem.replaceAll(/-----[A-Z ]+-----|\n/g, '')}:`,
    'X-Remote-User': 'admin',
    'X-Remote-Group': 'system:masters',
    'X-Forwarded-User': 'admin',
    'X-Forwarded-For': '10.0.0.1',
    Forwarded: 'for=10.0.0.1;proto=https',
  };
  it.each(Object.entries(forged))('gains nothing by a forged %s', async (header, value) => {
    for (const to of [address(), service.address])
      expect(await whoami(connect(null, [], to), { [header]: value })).toBe(401);
    await expect.poll(() => lastLine('request answered')).toMatchObject({ remoteAddress: '127.0.0.1' });
    const another = makeAuthority({ subject: [['CN', 'callers-ca']], ...valid });
    expect(await whoami(connect(made({ issuer: another })), { [header]: value })).toBe(401);
    expect(await whoami(connect(made()), { [header]: value })).toMatchObject({ name, roles: ['requester'] });
  });

  it('has no role on a connection that goes on, once its name is blocked', async () => {
    const client = connect(made());
    expect(await whoami(client)).toMatchObject({ roles: ['requester'] });
    const path = `/v1/identities/${encodeURIComponent(name)}`;
    await service.as('petra')('post', `${path}/block`).send({ reason: 'privilegeWithdrawn' }).expect(200);
    expect(await whoami(client)).toMatchObject({ roles: [], rolesLost: 'blocked' });
    await service.as('petra')('post', `${path}/unblock`).send({}).expect(200);
    expect(await whoami(client)).toMatchObject({ roles: ['requester'] });
  });

  it('from before its name was given to somebody else has no role, on a connection that goes on and on a new one', async () => {
    const made1 = await service
      .as('root')('post', '/v1/api-tokens')
      .send({ name: 'idp', roles: ['directory'] })
      .expect(201);
    const { token } = made1.body as { readonly token: string };
    const scim = async (method: 'POST' | 'PATCH', path: string, content: object) => {
      const agent = request(service.address);
      const call = method === 'POST' ? agent.post(`/scim/v2${path}`) : agent.patch(`/scim/v2${path}`);
      const answer = await call
        .disableTLSCerts()
        .set({ authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' })
        .send(JSON.stringify(content));
      return { status: answer.status, id: (JSON.parse(answer.text) as { readonly id?: string }).id ?? '' };
    };
    const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
    const joins = (externalId: string) => scim('POST', '/Users', { schemas, userName: name, externalId, active: true });
    const [old, older] = [made(), connect(made())];
    const { id: first } = await joins('one');
    expect(await whoami(older)).toMatchObject({ roles: ['requester'] });
    await scim('PATCH', `/Users/${first}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'active', value: false }],
    });
    for (const client of [older, connect(old)])
      expect(await whoami(client)).toMatchObject({ roles: [], rolesLost: 'left' });
    const { id: second } = await joins('two');
    for (const client of [older, connect(old)])
      expect(await whoami(client)).toMatchObject({ roles: [], rolesLost: 'succeeded' });
    await service.as('root')('post', `/v1/directory-users/${second}/confirm`).expect(200);
    for (const client of [older, connect(old)])
      expect(await whoami(client)).toMatchObject({ roles: [], rolesLost: 'succeeded' });
    // A certificate of the one who has the name now. Its time is a whole second, which itself counts as earlier.
    await expect
      .poll(() => whoami(connect(made({ notBefore: from(0) }))), { timeout: 10_000 })
      .toMatchObject({ roles: ['requester'] });
    expect(await whoami(older)).toMatchObject({ roles: [], rolesLost: 'succeeded' });
  });

  it('is refused once its CA is not that of callers any more', async () => {
    const [old, next] = [connect(made()), makeAuthority({ subject: [['CN', 'next-ca']], ...valid })];
    expect(await whoami(old)).toMatchObject({ name });
    file('callers-ca.crt', next.pem);
    file('callers-ca.crl', makeList(next, [], from(3600), next.key, from(-3600)).pem);
    await service.reload();
    expect(await whoami(old)).toBe(401);
    expect(await whoami(connect(made({ issuer: next })))).toMatchObject({ name });
    expect(await whoami(connect(made()))).toBe(401);
    file('callers-ca.crt', authority.pem);
  });

  it('is as before where the new files cannot be used', async () => {
    const broken = 'the CAs of callers, or their CRLs, cannot be used as they are now: those in force stay';
    for (const [fileName, content, reason] of [
      ['callers-ca.crl', 'nonsense', 'no PEM block "X509 CRL" is found'],
      ['callers-ca.crt', made().pem, 'CN=jane is no CA'],
    ] as const) {
      file(fileName, content);
      await service.reload();
      expect(lastLine(broken)).toMatchObject({ reason: expect.stringContaining(reason) as string });
      expect(await whoami(connect(made()))).toMatchObject({ name });
    }
    file('callers-ca.crt', authority.pem);
  });
});
