// Tests src/clusters/issuers/issuer-routes.ts, src/clusters/issuers/find-issuer.ts,
// src/clusters/issuers/issuer-view.ts, src/clusters/issuers/read-issuers.ts, src/clusters/issuers/client-bundle.ts
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeApiServer } from '../../helpers/fake-api-server.js';
import { localAuthority } from '../../helpers/local-authority.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { as, type Answer } from '../../http/support/call.js';
import { policies, startService, type TestService } from '../../http/support/service.js';

const directory = temporaryDirectory();
let server: FakeApiServer;
let service: TestService;
let pem: string;

beforeAll(async () => {
  server = await FakeApiServer.start();
  const { certificatePem, privateKeyPem } = await localAuthority();
  pem = certificatePem;
  server.trustClients(pem);
  const write = (name: string, content: string) => {
    writeFileSync(join(directory.path, name), content, { mode: 0o600 });
    return join(directory.path, name);
  };
  service = await startService({
    policies,
    config: `
clusters:
  - name: demo
    server: ${server.url}
    servingCertificateAuthority: ${write('serving.crt', server.servingAuthority.pem)}
    signer: { localCA: { certFile: ${write('ca.crt', pem)}, keyFile: ${write('ca.key', privateKeyPem)} } }
  - name: prod
    server: ${server.url}
    signer: kubernetes
    kubeconfig: ${write('kubeconfig', await server.kubeconfig({ username: 'kubepass' }))}
`,
  });
});
afterAll(async () => {
  await service.close();
  await server.close();
  directory.remove();
});

interface IssuerBody {
  readonly name: string;
  readonly state: string;
  readonly fingerprintSha256: string;
  readonly certificates: { readonly live: number };
  readonly probe: { readonly addresses: readonly object[] } | null;
}
const issuerOf = (answer: Answer) => answer.body as IssuerBody;
const one = '/v1/clusters/demo/issuers/default';

describe('the issuers of a cluster', () => {
  it('are listed for whoever sees the cluster, with the members of the contract and no path', async () => {
    const answer = await service.as('alice')('get', '/v1/clusters/demo/issuers').expect(200);
    const { items } = answer.body as { readonly items: readonly IssuerBody[] };
    expect(Object.keys(items[0] ?? {})).toEqual([
      ...['name', 'state', 'since', 'fingerprintSha256', 'spkiSha256', 'subject', 'notBefore', 'notAfter'],
      ...['chain', 'anchors', 'key', 'certificates', 'probe'],
    ]);
    expect(items).toMatchObject([
      {
        ...{ name: 'default', state: 'active', subject: 'CN=kubepass-demo-ca', chain: [] },
        ...{ key: { kind: 'file', algorithm: 'RSA-2048', available: true }, certificates: { live: 0 } },
      },
    ]);
    expect(answer.text).not.toContain(directory.path);
    const sha256 = new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
    expect(items[0]?.fingerprintSha256).toBe(sha256);
    await service.anonymous('get', '/v1/clusters/demo/issuers').expect(401);
  });

  it('are none where the cluster signs by itself', async () => {
    const { body } = await service.as('alice')('get', '/v1/clusters/prod/issuers').expect(200);
    expect(body).toEqual({ items: [], nextCursor: null });
    await service.as('alice')('get', '/v1/clusters/prod/issuers/default').expect(404);
  });

  it.each(['/v1/clusters/nowhere/issuers', '/v1/clusters/demo/issuers/nobody', '/v1/clusters/nowhere/issuers/default'])(
    'are 404 at %s',
    async (path) => {
      await service.as('root')('get', path).expect(404);
    },
  );

  it('come as PEM, one by one', async () => {
    const answer = await service.as('alice')('get', one).set('Accept', 'application/pem-certificate-chain').expect(200);
    expect(answer.text).toBe(pem);
    expect(issuerOf(await service.as('alice')('get', one).expect(200)).name).toBe('default');
  });
});

describe('a probe', () => {
  it('is for admins, and its answer stays', async () => {
    for (const name of ['alice', 'bob', 'audrey'] as const) await service.as(name)('post', `${one}/probe`).expect(403);
    const { probe } = issuerOf(await service.as('root')('post', `${one}/probe`).expect(200));
    const addresses = [{ address: server.url, accepts: 'yes', acceptedAs: 'kubepass-probe', reason: null }];
    expect(probe).toMatchObject({ addresses });
    expect(issuerOf(await service.as('alice')('get', one).expect(200)).probe).toEqual(probe);
    await service.as('root')('post', '/v1/clusters/demo/issuers/nobody/probe').expect(404);
    await service.as('root')('post', '/v1/clusters/prod/issuers/default/probe').expect(404);
  });

  it('says which API server refuses', async () => {
    server.trustClients(server.servingAuthority.pem);
    const { probe } = issuerOf(await service.as('root')('post', `${one}/probe`).expect(200));
    expect(probe?.addresses).toMatchObject([{ accepts: 'no', reason: 'CertificateNotAccepted' }]);
    server.trustClients(pem);
  });
});

describe.each(['activate', 'retire'] as const)('%s', (act) => {
  const option = act === 'activate' ? 'withoutProbe' : 'abandonLive';

  it('is for admins', async () => {
    for (const name of ['alice', 'bob', 'audrey'] as const) {
      const answer = await service.as(name)('post', `${one}/${act}`).expect(403);
      expect(as.problem(answer).type).toBe('urn:kubepass:problem:not-permitted');
    }
  });

  it('knows no other member, and takes a comment where a check is left out', async () => {
    const admin = service.as('root');
    await admin('post', `${one}/${act}`).send({ force: true }).expect(400);
    await admin('post', `${one}/${act}`).send({ comment: '' }).expect(400);
    await admin('post', `${one}/${act}`).send({ comment: '\u0007' }).expect(400);
    const answer = await admin('post', `${one}/${act}`)
      .send({ [option]: true })
      .expect(400);
    expect(as.problem(answer).errors).toEqual([{ pointer: '/comment', message: `is required with ${option}` }]);
  });

  it('does not know an issuer that is not there', async () => {
    await service.as('root')('post', `/v1/clusters/demo/issuers/nobody/${act}`).expect(404);
    await service.as('root')('post', `/v1/clusters/prod/issuers/default/${act}`).expect(404);
  });

  it('is a conflict for the issuer that is active', async () => {
    const answer = await service.as('root')('post', `${one}/${act}`).expect(409);
    expect(as.problem(answer)).toMatchObject({
      type: 'urn:kubepass:problem:state-conflict',
      detail: expect.stringContaining('issuer "default" is active') as string,
    });
  });
});

describe('the client CAs of a cluster', () => {
  const path = '/v1/clusters/demo/certificate-authority?role=client';
  const asPem = 'application/pem-certificate-chain';

  it('are sent again only when they have changed', async () => {
    const first = await service.as('alice')('get', path).set('Accept', asPem).expect(200);
    expect(first.text).toBe(pem);
    const etag = first.headers['etag'] ?? '';
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    const again = () => service.as('alice')('get', path).set('Accept', asPem);
    expect((await again().set('If-None-Match', etag).expect(304)).text).toBe('');
    await again().set('If-None-Match', '"another"').expect(200);
    const json = await service.as('alice')('get', path).set('If-None-Match', etag).expect(200);
    expect(as.authorities(json).client?.pem).toBe(pem);
    await service
      .as('alice')('get', path)
      .set('If-None-Match', json.headers['etag'] ?? '')
      .expect(304);
  });

  it('are read by the reviewer of that cluster, and by no reviewer of another', async () => {
    const reviewer = async (cluster: string) => {
      const body = { name: `reviewer-of-${cluster}`, roles: ['reviewer'], cluster };
      return as.token(await service.as('root')('post', '/v1/api-tokens').send(body).expect(201)).token;
    };
    const [own, other] = [await reviewer('demo'), await reviewer('prod')];
    const read = (token: string) =>
      service.anonymous('get', path).set('Authorization', `Bearer ${token}`).set('Accept', asPem);
    expect((await read(own).expect(200)).text).toBe(pem);
    await read(other).expect(403);
  });
});

it('tells metrics and readiness of the issuers', async () => {
  await expect
    .poll(async () => (await service.as('root')('get', '/metrics')).text)
    .toContain('kubepass_issuer_key_available{cluster="demo",issuer="default",state="active"} 1');
  const { body } = await service.as('root')('get', '/readyz?verbose').expect(200);
  const { components } = body as { readonly components: readonly { readonly name: string }[] };
  expect(components.find(({ name }) => name === 'certificate-authorities')).toMatchObject({ state: 'ok' });
  expect(readFileSync(join(directory.path, 'ca.crt'), 'utf8')).toBe(pem);
});

it('has an issuer ask for its certificate, for admins alone', async () => {
  const path = `${one}/certification-request`;
  await service.as('alice')('get', path).expect(403);
  await service.as('root')('get', '/v1/clusters/demo/issuers/nobody/certification-request').expect(404);
  const { pem: request } = (await service.as('root')('get', path).expect(200)).body as { readonly pem: string };
  expect(request).toContain('-----BEGIN CERTIFICATE REQUEST-----');
  const asPem = await service.as('root')('get', path).set('Accept', 'application/x-pem-file').expect(200);
  expect(asPem.text).toContain('-----BEGIN CERTIFICATE REQUEST-----');
  const asDer = await service
    .as('root')('get', path)
    .set('Accept', 'application/pkcs10')
    .responseType('blob')
    .expect(200);
  expect((asDer.body as Buffer)[0]).toBe(0x30);
});
