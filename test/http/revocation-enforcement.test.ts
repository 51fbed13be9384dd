// Tests src/access/answer-subject-access-review.ts, src/access/revocation-enforcement-routes.ts,
// src/access/render-revocation-enforcement.ts, src/access/probe-revocation.ts, src/model/revocation-enforcement.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../src/model/errors.js';
import type { Store } from '../../src/store/store.js';
import { insertRevocation } from '../../src/store/tables/revocation-table.js';
import { certificatePem } from '../../src/http/schemas/example-certificate.js';
import { aRevocation } from '../helpers/revocations.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as, type Answer } from './support/call.js';
import { sharedService, startService, type TestService } from './support/service.js';

const directory = temporaryDirectory();
let service: TestService;
let reviewer: string;
let isDatabaseGone = false;

/** Makes a reviewer of the cluster, and answers its token. */
const newReviewer = async (cluster: string, more: object = { expiresInSeconds: null }) =>
  as.token(
    await service
      .as('root')('post', '/v1/api-tokens')
      .send({ name: `api-server-${cluster}`, roles: ['reviewer'], cluster, ...more })
      .expect(201),
  );

beforeAll(async () => {
  const ca = join(directory.path, 'ca.crt');
  writeFileSync(ca, certificatePem);
  const cluster = (name: string, revocation: string) => `
  - name: ${name}
    server: https://${name}.example:6443
    servingCertificateAuthority: ${ca}
    signer: { localCA: { certFile: ${join(directory.path, `${name}-ca.crt`)}, keyFile: ${join(directory.path, `${name}-ca.key`)} } }
    revocation: ${revocation}`;
  await makeAuthorities(['demo', 'soft', 'plain', 'eks']);
  service = await startService({
    config: `
publicAddress: { url: "https://kubepass.example:8443", certificateAuthority: ${ca} }
clusters:${cluster('demo', '{ mode: webhook }')}${cluster('soft', '{ mode: listed, whenInDoubt: noOpinion }')}${cluster('plain', '{}')}${cluster('eks', '{}').replace('eks.example:6443', 'a.gr7.eu.eks.amazonaws.com')}
`,
    overrides: {
      tokenReader: (reader: Store['apiTokens']) => {
        const gone = <T>(read: () => Promise<T>): Promise<T> =>
          isDatabaseGone ? Promise.reject(new StoreUnavailableError('gone')) : read();
        return Object.assign(Object.create(reader) as Store['apiTokens'], {
          findBySecretSha256s: (hashes: readonly string[]) => gone(() => reader.findBySecretSha256s(hashes)),
          liveReviewers: (now: Date) => gone(() => reader.liveReviewers(now)),
        });
      },
    },
  });
  reviewer = (await newReviewer('demo')).token;
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

const reviews = '/v1/clusters/demo/access-reviews';
const reviewOf = (...ids: readonly string[]) => ({
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SubjectAccessReview',
  metadata: {},
  spec: {
    user: 'jane',
    groups: ['team-a'],
    extra: { 'authentication.kubernetes.io/credential-id': ids },
    resourceAttributes: { verb: 'get', resource: 'pods', version: 'v1' },
  },
  status: { allowed: false },
});
const statusOf = ({ body }: Answer) => (body as { status: object }).status;
const revoke = async (fingerprintSha256: string, cluster = 'demo', username = 'jane') => {
  await service.store.writer.commit({
    operations: [insertRevocation(aRevocation({ fingerprintSha256, cluster, username }))],
    events: [],
  });
};

describe('a review', () => {
  it('denies a revoked certificate at once, with the reason, and has no opinion on others', async () => {
    const [revoked, other] = ['a'.repeat(64), 'b'.repeat(64)];
    const ask = (...ids: readonly string[]) =>
      service
        .withToken(reviewer)('post', `${reviews}?timeout=3s`)
        .send(reviewOf(...ids))
        .expect(200);
    expect(statusOf(await ask(`X509SHA256=${revoked}`))).toEqual({ allowed: false, denied: false });
    await revoke(revoked);
    expect(statusOf(await ask(`X509SHA256=${revoked}`))).toEqual({
      allowed: false,
      denied: true,
      reason: expect.stringMatching(/^this client certificate was revoked at .*Z \(keyCompromise\)$/) as unknown,
    });
    expect(statusOf(await ask(`X509SHA256=${revoked.toUpperCase()}`))).toMatchObject({ denied: true });
    expect(statusOf(await ask('JTI=1', `X509SHA256=${revoked}`))).toMatchObject({ denied: true });
    for (const id of [`JTI=${revoked}`, revoked, ''])
      expect(statusOf(await ask(id)), id).toEqual({ allowed: false, denied: false });
    // It may be the revoked one in another encoding.
    expect(statusOf(await ask(`X509SHA256=${other}`))).toMatchObject({ denied: true });
  });

  it('denies only on the cluster of the certificate', async () => {
    const { token } = await newReviewer('soft');
    const answer = await service
      .withToken(token)('post', '/v1/clusters/soft/access-reviews')
      .send(reviewOf(`X509SHA256=${'a'.repeat(64)}`))
      .expect(200);
    expect(statusOf(answer)).toEqual({ allowed: false, denied: false });
  });

  it('takes a user without extras, and refuses what is no review', async () => {
    const post = (body: object) => service.withToken(reviewer)('post', reviews).send(body);
    const { spec, ...rest } = reviewOf();
    for (const extra of [undefined, null, {}]) await post({ ...rest, spec: { ...spec, extra } }).expect(200);
    await post({ ...rest, spec: { ...spec, extra: { a: 'text' } } }).expect(400);
    await post({ ...rest, apiVersion: 'authorization.k8s.io/v1beta1' }).expect(400);
  });

  it('goes on without the database, and never answers 429 or 5xx', async () => {
    const { token: fresh } = await newReviewer('demo');
    isDatabaseGone = true;
    service.advance(60);
    try {
      const known = await service
        .withToken(reviewer)('post', reviews)
        .send(reviewOf(`X509SHA256=${'a'.repeat(64)}`));
      expect([known.status, statusOf(known)]).toMatchObject([200, { denied: true }]);
      for (let i = 0; i < 100; i += 1) {
        const unknown = await service
          .withToken(`kubepass_${'x'.repeat(43)}`)('post', reviews)
          .send(reviewOf());
        expect(unknown.status).toBe(401);
      }
      expect((await service.withToken(reviewer)('post', reviews).send(reviewOf())).status).toBe(200);
    } finally {
      isDatabaseGone = false;
    }
    service.advance(60);
    expect((await service.withToken(fresh)('post', reviews).send(reviewOf())).status).toBe(200);
  });
});

describe('a reviewer', () => {
  it('may live until it is revoked, and two are valid side by side', async () => {
    const [first, second] = [await newReviewer('demo'), await newReviewer('demo')];
    expect(first).toMatchObject({ expiresAt: null, cluster: 'demo', roles: ['reviewer'] });
    const ask = (token: string) => service.withToken(token)('post', reviews).send(reviewOf());
    expect([(await ask(first.token)).status, (await ask(second.token)).status]).toEqual([200, 200]);
    await service.as('root')('delete', `/v1/api-tokens/${first.id}`).expect(204);
    expect([(await ask(first.token)).status, (await ask(second.token)).status]).toEqual([401, 200]);
  });

  it('ends with its token', async () => {
    const { token } = await newReviewer('demo', { expiresInSeconds: 60 });
    const ask = () => service.withToken(token)('post', reviews).send(reviewOf());
    expect((await ask()).status).toBe(200);
    service.advance(61);
    expect((await ask()).status).toBe(401);
  });

  it('asks for its own cluster alone, and does nothing else', async () => {
    const call = service.withToken(reviewer);
    await call('post', '/v1/clusters/soft/access-reviews').send(reviewOf()).expect(403);
    await call('get', '/v1/clusters/soft/authorization-configuration').expect(403);
    await call('get', '/v1/clusters/demo/authorization-configuration').expect(200);
    for (const path of ['clusters', 'policies', 'certificates', 'certificate-requests', 'audit-events', 'api-tokens'])
      await call('get', `/v1/${path}`).expect(403);
    await call('post', '/v1/policies/evaluate').send({ username: 'jane' }).expect(403);
    await call('post', '/v1/kubeconfigs').send({ username: 'jane', cluster: 'demo' }).expect(403);
    const whoami = as.whoami(await call('get', '/v1/whoami').expect(200));
    expect(whoami).toMatchObject({ cluster: 'demo', permissions: ['review-access', 'read-enforcement'] });
  });

  it.each([
    ['without a cluster', { roles: ['reviewer'] }, '/cluster'],
    ['for a cluster that is not there', { roles: ['reviewer'], cluster: 'none' }, '/cluster'],
    ['with another role', { roles: ['reviewer', 'admin'], cluster: 'demo' }, '/roles'],
    ['that is no reviewer and has a cluster', { roles: ['admin'], cluster: 'demo' }, '/cluster'],
    ['that is no reviewer and never ends', { roles: ['admin'], expiresInSeconds: null }, '/expiresInSeconds'],
  ])('is not a token %s', async (_what, ask, pointer) => {
    const answer = await service
      .as('root')('post', '/v1/api-tokens')
      .send({ name: 'x', ...ask })
      .expect(400);
    expect(as.problem(answer).errors).toMatchObject([{ pointer }]);
  });

  it('is no other caller', async () => {
    await service.as('alice')('post', reviews).send(reviewOf()).expect(403);
    await service.as('root')('post', reviews).send(reviewOf()).expect(200);
    await service.anonymous('post', reviews).send(reviewOf()).expect(401);
    await service.as('alice')('get', '/v1/clusters/demo/authorization-configuration').expect(403);
  });
});

interface Configuration {
  readonly authorizers: readonly {
    readonly type: string;
    readonly webhook?: {
      readonly failurePolicy: string;
      readonly authorizedTTL: string;
      readonly connectionInfo: { readonly kubeConfigFile: string };
      readonly matchConditions: readonly { readonly expression: string }[];
    };
  }[];
}

describe('the rendered files', () => {
  const read = async (cluster: string, file: string) =>
    (await service.as('root')('get', `/v1/clusters/${cluster}/${file}`).set('accept', 'application/yaml').expect(200))
      .text;

  it('ask before RBAC, about client certificates alone', async () => {
    const text = await read('demo', 'authorization-configuration?directory=/etc/kp');
    const { authorizers } = parse(text) as Configuration;
    expect(authorizers.map(({ type }) => type)).toEqual(['Node', 'Webhook', 'RBAC']);
    const webhook = authorizers[1]?.webhook;
    expect(webhook).toMatchObject({
      failurePolicy: 'Deny',
      authorizedTTL: '1ms',
      connectionInfo: { kubeConfigFile: '/etc/kp/authorization-webhook.kubeconfig' },
    });
    expect(webhook?.matchConditions).toHaveLength(2);
    expect(text).not.toContain('cacheAuthorizedRequests');
  });

  it('name those with revoked certificates in mode listed, which refuses them whatever becomes of kubepass', async () => {
    const empty = parse(await read('soft', 'authorization-configuration')) as Configuration;
    expect(empty.authorizers[1]?.webhook?.matchConditions.at(-1)).toEqual({ expression: 'false' });
    await revoke('c'.repeat(64), 'soft');
    const text = await read('soft', 'authorization-configuration');
    const { authorizers } = parse(text) as Configuration;
    expect(text).toMatch(/^# kubepass: 1 of at most 1000 usernames are listed\n/);
    expect(authorizers[1]?.webhook?.failurePolicy).toBe('Deny');
    expect(authorizers[1]?.webhook?.matchConditions.at(-1)?.expression).toBe("request.user in ['jane']");
    const asked = parse(await read('soft', 'authorization-configuration?mode=webhook')) as Configuration;
    expect(asked.authorizers[1]?.webhook?.failurePolicy).toBe('NoOpinion');
  });

  it('are refused where there are more of them than an API server loads', async () => {
    const operations = Array.from({ length: 1001 }, (_, i) =>
      insertRevocation(
        aRevocation({
          fingerprintSha256: i.toString(16).padStart(64, '0'),
          ...{ cluster: 'plain', username: `person ${i}` },
        }),
      ),
    );
    await service.store.writer.commit({ operations, events: [] });
    const answer = await service.as('root')('get', '/v1/clusters/plain/authorization-configuration?mode=listed');
    expect(answer.status).toBe(409);
    expect(as.problem(answer).detail).toContain('1001 usernames with revoked certificates are more than the 1000');
    await read('plain', 'authorization-configuration?mode=webhook');
  });

  it('are refused for a provider that takes none', async () => {
    const answer = await service.as('root')('get', '/v1/clusters/eks/authorization-configuration');
    expect([answer.status, as.problem(answer).detail]).toEqual([409, expect.stringContaining('Amazon EKS')]);
  });

  it('have the address of kubepass and no token', async () => {
    const text = await read('demo', 'authorization-webhook-kubeconfig');
    expect(parse(text)).toMatchObject({
      clusters: [
        {
          cluster: {
            server: 'https://kubepass.example:8443/v1/clusters/demo/access-reviews',
            'certificate-authority-data': Buffer.from(certificatePem).toString('base64'),
          },
        },
      ],
      users: [{ user: { tokenFile: '/etc/kubernetes/kubepass/reviewer-token' } }],
    });
    expect(text).not.toContain('kubepass_');
  });

  it('take a folder that cannot break out of its line, and no other', async () => {
    for (const bad of ['etc', '/etc/../x', '/a b', '/a"', '/a%0Ab', '/a/'])
      await service
        .as('root')('get', `/v1/clusters/demo/authorization-webhook-kubeconfig?directory=${bad}`)
        .expect(400);
  });

  it('are manifests of an admission policy', async () => {
    const list = await service.as('root')('get', '/v1/clusters/demo/revocation-policy').expect(200);
    const manifests = parseAllDocuments(await read('demo', 'revocation-policy')).map(
      (document) => document.toJS() as { kind: string },
    );
    expect(manifests.map(({ kind }) => kind)).toEqual([
      'ConfigMap',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
    ]);
    // `kubectl apply` takes a List as it takes several documents.
    expect(list.body).toEqual({ apiVersion: 'v1', kind: 'List', items: manifests });
  });

  it('do not exist for a cluster that does not', async () => {
    for (const file of ['authorization-configuration', 'authorization-webhook-kubeconfig', 'revocation-policy'])
      await service.as('root')('get', `/v1/clusters/none/${file}`).expect(404);
  });
});

it('does not know an address without TLS, and says so', async () => {
  const plain = await sharedService();
  const answer = await plain.as('root')('get', '/v1/clusters/demo/authorization-webhook-kubeconfig');
  expect([answer.status, as.problem(answer).detail]).toEqual([409, expect.stringContaining('publicAddress')]);
});

async function makeAuthorities(names: readonly string[]): Promise<void> {
  const { randomBytes } = await import('node:crypto');
  const { generateCertificateAuthority } = await import('../../src/signing/generate-certificate-authority.js');
  for (const name of names) {
    const made = await generateCertificateAuthority({ commonName: name, now: new Date(), random: randomBytes });
    writeFileSync(join(directory.path, `${name}-ca.crt`), made.certificatePem);
    writeFileSync(join(directory.path, `${name}-ca.key`), made.privateKeyPem, { mode: 0o600 });
  }
}
