// Tests src/clusters/issuers/issuer-routes.ts, src/clusters/issuers/activate-issuer.ts,
// src/clusters/issuers/probe-issuer.ts, src/clusters/issuers/retire-issuer.ts
import { X509Certificate } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makeKey, type MadeCertificate } from '../../../packages/x509/test/helpers/certificates.js';
import { FakeApiServer } from '../../helpers/fake-api-server.js';
import { makeCa } from '../../helpers/several-issuers.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { as, type Answer } from '../../http/support/call.js';
import {
  policies,
  startService,
  type Method,
  type TestService,
  type TestServiceOptions,
} from '../../http/support/service.js';

const directory = temporaryDirectory();
const at = (name: string) => join(directory.path, name);
const base = '/v1/clusters/demo/issuers';
const asPem = 'application/pem-certificate-chain';
const [before, after, root] = ['users-2026', 'users-2027', 'offline-root'].map((name) => makeCa(name)) as [
  MadeCertificate,
  MadeCertificate,
  MadeCertificate,
];
/** Its key is here, and its certificate is not. */
const intermediateKey = makeKey('P-384');
const intermediate = makeCa('users-2028', {
  subject: [
    ['O', 'Example'],
    ['CN', 'users-2028'],
  ],
  issuer: root,
  key: intermediateKey,
});

let servers: readonly [FakeApiServer, FakeApiServer];
let service: TestService;

const write = (name: string, content: string) => {
  writeFileSync(at(name), content, { mode: 0o600 });
};
/** A file that is whole from its first moment. */
const place = (name: string, content: string) => {
  write(`${name}.new`, content);
  renameSync(at(`${name}.new`), at(name));
};

/** A service whose third issuer waits for the certificate `certFile`. */
function start(certFile: string, overrides: TestServiceOptions['overrides']): Promise<TestService> {
  const key = (name: string) => `key: { file: ${at(name)} }`;
  return startService({
    policies,
    ...(overrides && { overrides }),
    config: `
clusters:
  - name: demo
    server: ${servers[0].url}
    apiServers: [${servers.map(({ url }) => url).join(', ')}]
    servingCertificateAuthority: ${at('serving.crt')}
    signer:
      localCA:
        issuers:
          - { name: users-2026, certFile: ${at('before.crt')}, ${key('before.key')} }
          - { name: users-2027, certFile: ${at('after.crt')}, ${key('after.key')} }
          - name: users-2028
            certFile: ${at(certFile)}
            ${key('intermediate.key')}
            anchorFile: ${at('root.crt')}
            subject: { commonName: users-2028, organization: [Example] }
`,
  });
}

beforeAll(async () => {
  servers = await Promise.all([FakeApiServer.start(), FakeApiServer.start()]);
  for (const server of servers) server.trustClients(before.pem);
  write('serving.crt', servers.map(({ servingAuthority }) => servingAuthority.pem).join(''));
  for (const [name, { pem, key }] of Object.entries({ before, after })) {
    write(`${name}.crt`, pem);
    write(`${name}.key`, key.pem);
  }
  write('root.crt', root.pem);
  write('intermediate.key', intermediateKey.pem);
  service = await start('intermediate.crt', { tlsRoundMilliseconds: 20 });
});
afterAll(async () => {
  await service.close();
  for (const server of servers) await server.close();
  directory.remove();
});

interface IssuerBody {
  readonly name: string;
  readonly state: string;
  readonly fingerprintSha256: string | null;
  readonly chain: readonly { readonly subject: string }[];
  readonly anchors: readonly { readonly subject: string }[];
  readonly certificates: { readonly live: number; readonly latestNotAfter: string | null };
  readonly note?: string;
}
const issuerOf = (answer: Answer) => answer.body as IssuerBody;
const change = (name: string, to: 'probe' | 'activate' | 'retire', body?: object) =>
  service.as('root')('post', `${base}/${name}/${to}`).send(body);
const issuer = async (name: string, of = service) =>
  issuerOf(await of.as('alice')('get', `${base}/${name}`).expect(200));
const states = async () => {
  const { body } = await service.as('alice')('get', base).expect(200);
  return (body as { readonly items: readonly IssuerBody[] }).items.map(({ name, state }) => `${name} ${state}`);
};
const bundle = (of = service) =>
  of.as('alice')('get', '/v1/clusters/demo/certificate-authority?role=client').set('Accept', asPem);
const sha256 = (pem: string) => new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
const certificatesIn = (pem: string) =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? []).map(String);

/** A kubeconfig for an hour, and the certificates in it. */
async function kubeconfig() {
  const ask = { username: 'jane', groups: ['team-a'], expirationSeconds: 3600 };
  const answer = as.kubeconfig(await service.as('hr-system')('post', '/v1/kubeconfigs').send(ask).expect(201));
  const { users } = parse(answer.kubeconfig) as {
    readonly users: readonly { readonly user: { readonly 'client-certificate-data': string } }[];
  };
  const pem = Buffer.from(users[0]?.user['client-certificate-data'] ?? '', 'base64').toString('utf8');
  return { certificate: answer.certificate, shown: certificatesIn(pem) };
}
const lastEvent = async (type: string) =>
  as.events(await service.as('audrey')('get', `/v1/audit-events?type=${type}`).expect(200)).items.at(-1);

describe('an issuer that follows another', () => {
  it('is next, and its CA is in the bundle before it signs anything', async () => {
    expect(await states()).toEqual(['users-2026 active', 'users-2027 next', 'users-2028 uncertified']);
    expect((await bundle().expect(200)).text).toBe(before.pem + after.pem);
    const { certificate, shown } = await kubeconfig();
    expect(certificate).toMatchObject({ issuer: 'CN=users-2026', issuerFingerprintSha256: sha256(before.pem) });
    expect(shown).toHaveLength(1);
  });

  it('cannot sign while an API server does not accept it, whose address is in the refusal', async () => {
    servers[0].trustClients(before.pem + after.pem);
    // A busy machine may answer a probe too late.
    const answers = async () => as.problem(await change('users-2027', 'activate').expect(409));
    await expect.poll(answers).toMatchObject({
      type: 'urn:kubepass:problem:issuer-not-accepted',
      addresses: [
        { address: servers[0].url, accepts: 'yes', acceptedAs: 'kubepass-probe', reason: null },
        { address: servers[1].url, accepts: 'no', acceptedAs: null, reason: 'CertificateNotAccepted' },
      ],
    });
    expect(await states()).toEqual(['users-2026 active', 'users-2027 next', 'users-2028 uncertified']);
    expect((await kubeconfig()).certificate.issuer).toBe('CN=users-2026');
    expect(await lastEvent('IssuerActivated')).toBeUndefined();
  });

  it('signs once both accept it; the bundle stays, because the one before is retiring', async () => {
    servers[1].trustClients(before.pem + after.pem);
    const { etag = '' } = (await bundle().expect(200)).headers;
    await expect.poll(async () => (await change('users-2027', 'activate', { comment: 'yearly' })).status).toBe(200);
    expect(await states()).toEqual(['users-2026 retiring', 'users-2027 active', 'users-2028 uncertified']);
    expect((await kubeconfig()).certificate.issuer).toBe('CN=users-2027');
    await bundle().set('If-None-Match', etag).expect(304);
    expect(await lastEvent('IssuerActivated')).toMatchObject({
      principal: 'root',
      cluster: 'demo',
      details: {
        ...{ issuer: 'users-2027', previous: 'users-2026', fingerprintSha256: sha256(after.pem) },
        ...{ withoutProbe: false, comment: 'yearly' },
      },
    });
  });

  it('goes back without a probe where a comment says why', async () => {
    for (const server of servers) server.requests.length = 0;
    await change('users-2026', 'activate', { withoutProbe: true }).expect(400);
    expect((await issuer('users-2026')).state).toBe('retiring');
    await change('users-2026', 'activate', { withoutProbe: true, comment: 'key stolen' }).expect(200);
    expect(servers.flatMap(({ requests }) => requests)).toEqual([]);
    expect((await kubeconfig()).certificate.issuer).toBe('CN=users-2026');
    const details = { issuer: 'users-2026', previous: 'users-2027', withoutProbe: true, comment: 'key stolen' };
    expect((await lastEvent('IssuerActivated'))?.details).toMatchObject(details);
  });

  it.each(['alice', 'hr-system', 'bob', 'audrey'] as const)(
    'is changed by admins alone, and not by %s',
    async (name) => {
      const routes: readonly (readonly [Method, string])[] = [
        ...(['probe', 'activate', 'retire'] as const).map((to) => ['post', `users-2027/${to}`] as const),
        ['get', 'users-2028/certification-request'],
      ];
      for (const [method, path] of routes) {
        const answer = await service.as(name)(method, `${base}/${path}`).expect(403);
        expect(as.problem(answer).type).toBe('urn:kubepass:problem:not-permitted');
        expect(answer.text).not.toMatch(/CERTIFICATE/);
      }
    },
  );
});

describe('an issuer without a certificate', () => {
  it('can be probed, activated and retired by nobody', async () => {
    expect(await issuer('users-2028')).toMatchObject({ fingerprintSha256: null, chain: [], anchors: [] });
    for (const to of ['probe', 'activate', 'retire'] as const) {
      const problem = as.problem(await change('users-2028', to).expect(409));
      expect(problem.type).toBe('urn:kubepass:problem:state-conflict');
    }
    await service.as('alice')('get', `${base}/users-2028`).set('Accept', asPem).expect(404);
  });

  it('stays without one where the file holds that of another key', async () => {
    place('intermediate.crt', makeCa('users-2028', { issuer: root }).pem + root.pem);
    await expect.poll(() => service.log()).toContain('intermediate.crt is the certificate of another key');
    expect((await issuer('users-2028')).state).toBe('uncertified');
  });

  it('is next without a restart once its certificate appears, and the bundle gains its anchor', async () => {
    const former = await bundle().expect(200);
    place('intermediate.crt', intermediate.pem);
    await expect
      .poll(() => issuer('users-2028'))
      .toMatchObject({
        state: 'next',
        fingerprintSha256: sha256(intermediate.pem),
        chain: [{ subject: 'CN=users-2028,O=Example' }],
        anchors: [{ subject: 'CN=offline-root' }],
      });
    const changed = await bundle()
      .set('If-None-Match', former.headers['etag'] ?? '')
      .expect(200);
    expect(changed.headers['etag']).not.toBe(former.headers['etag']);
    expect(changed.text).toBe(before.pem + after.pem + root.pem);
    expect((await lastEvent('CertificateAuthorityPinned'))?.details).toMatchObject({ issuer: 'users-2028' });
  });

  it('is next at once at a reload, however rarely the files are looked at', async () => {
    const other = await start('reloaded.crt', { tlsRoundMilliseconds: 2 ** 31 - 1 });
    try {
      expect((await issuer('users-2028', other)).state).toBe('uncertified');
      place('reloaded.crt', intermediate.pem);
      await other.reload();
      expect((await issuer('users-2028', other)).state).toBe('next');
      expect((await bundle(other).expect(200)).text).toBe(before.pem + after.pem + root.pem);
    } finally {
      await other.close();
    }
  });
});

describe('an intermediate', () => {
  it('sends its own certificate behind each leaf, and the API servers need the root alone', async () => {
    for (const server of servers) server.trustClients(before.pem + root.pem);
    await expect.poll(async () => (await change('users-2028', 'activate')).status).toBe(200);
    const { certificate, shown } = await kubeconfig();
    expect(certificate.issuerFingerprintSha256).toBe(sha256(intermediate.pem));
    expect(shown.slice(1)).toEqual([intermediate.pem]);
    expect(sha256(shown[0] ?? '')).toBe(certificate.fingerprintSha256);
    expect(certificatesIn(certificate.pem ?? '')).toEqual(shown);
    const path = `/v1/certificates/${certificate.fingerprintSha256}`;
    const pem = await service.as('hr-system')('get', path).set('Accept', asPem).expect(200);
    expect(certificatesIn(pem.text)).toEqual(shown);
    const own = await service.as('alice')('get', `${base}/users-2028`).set('Accept', asPem).expect(200);
    expect(own.text).toBe(intermediate.pem);
  });
});

describe('an issuer that was in use', () => {
  it('is retired neither while it has live certificates nor without a comment, and the refusal counts them', async () => {
    const { live, latestNotAfter } = (await issuer('users-2026')).certificates;
    const served = '/v1/certificates?cluster=demo&issuer=users-2026&status=live&limit=200';
    const { items } = as.certificates(await service.as('audrey')('get', served).expect(200));
    expect(items).toHaveLength(live);
    expect(live).toBeGreaterThan(0);
    expect(
      items
        .map(({ notAfter }) => notAfter)
        .sort()
        .at(-1),
    ).toBe(latestNotAfter);
    expect(as.problem(await change('users-2026', 'retire').expect(409))).toMatchObject({
      type: 'urn:kubepass:problem:issuer-in-use',
      live,
      latestNotAfter,
    });
    await change('users-2026', 'retire', { abandonLive: true }).expect(400);
    expect((await issuer('users-2026')).state).toBe('retiring');
  });

  it('is retired with them where a comment says why, and the bundle lacks it from then on', async () => {
    const { live, latestNotAfter } = (await issuer('users-2026')).certificates;
    const { etag } = (await bundle().expect(200)).headers;
    const retired = issuerOf(
      await change('users-2026', 'retire', { abandonLive: true, comment: 'key stolen' }).expect(200),
    );
    expect(retired).toMatchObject({ state: 'retired', note: expect.stringContaining('ConfigMap') as string });
    const changed = await bundle()
      .set('If-None-Match', etag ?? '')
      .expect(200);
    expect(changed.text).toBe(after.pem + root.pem);
    expect((await lastEvent('IssuerRetired'))?.details).toMatchObject({
      ...{ issuer: 'users-2026', live, latestNotAfter, abandonLive: true, comment: 'key stolen' },
    });
    for (const to of ['activate', 'retire'] as const)
      expect(as.problem(await change('users-2026', to).expect(409)).type).toBe('urn:kubepass:problem:state-conflict');
  });

  it('is retired without more ado once its last certificate has ended', async () => {
    expect((await issuer('users-2027')).certificates.live).toBeGreaterThan(0);
    service.advance(2 * 86_400);
    expect((await issuer('users-2027')).certificates).toEqual({ live: 0, latestNotAfter: null });
    await change('users-2027', 'retire').expect(200);
    expect((await bundle().expect(200)).text).toBe(root.pem);
    expect(await states()).toEqual(['users-2026 retired', 'users-2027 retired', 'users-2028 active']);
  });
});
