// Tests src/access/answer-subject-access-review.ts, src/access/probe-revocation.ts
import { createHash, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { certificatePem } from '../../src/http/schemas/example-certificate.js';
import { passesConfiguration, type Shown } from '../helpers/enforcement-verdicts.js';
import { otherEncodings } from '../helpers/other-encodings.js';
import { makeCa } from '../helpers/several-issuers.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from './support/call.js';
import { startService, type TestService } from './support/service.js';

const directory = temporaryDirectory();
let service: TestService;
beforeAll(async () => {
  const ca = join(directory.path, 'ca.crt');
  writeFileSync(ca, certificatePem);
  const users = makeCa('users');
  writeFileSync(join(directory.path, 'users.crt'), users.pem);
  writeFileSync(join(directory.path, 'users.key'), users.key.privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  });
  service = await startService({
    config: `
publicAddress: { url: "https://kubepass.example:8443", certificateAuthority: ${ca} }
clusters:
  - name: demo
    server: https://demo.example:6443
    servingCertificateAuthority: ${ca}
    signer: { localCA: { certFile: ${join(directory.path, 'users.crt')}, keyFile: ${join(directory.path, 'users.key')} } }
    revocation: { mode: webhook }
`,
  });
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

async function issue(username: string): Promise<Shown & { readonly der: Buffer }> {
  const answer = await service
    .as('alice')('post', '/v1/kubeconfigs')
    .send({ username, groups: ['team-a'], cluster: 'demo' })
    .expect(201);
  const { fingerprintSha256, pem } = (answer.body as { certificate: { fingerprintSha256: string; pem: string } })
    .certificate;
  return { user: username, fingerprintSha256, der: new X509Certificate(pem).raw };
}

/** The answer to an API server that asks about somebody. */
async function review({ user, fingerprintSha256 }: Shown): Promise<boolean> {
  const extra = { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprintSha256}`] };
  const resourceAttributes = { verb: 'list', resource: 'configmaps' };
  const { body } = await service
    .as('root')('post', '/v1/clusters/demo/access-reviews')
    .send({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, extra, resourceAttributes },
    })
    .expect(200);
  return !(body as { status: { denied: boolean } }).status.denied;
}

const configuration = async (mode: string) =>
  (
    await service
      .as('root')('get', `/v1/clusters/demo/authorization-configuration?mode=${mode}`)
      .set('accept', 'application/yaml')
      .expect(200)
  ).text;

it('a revoked certificate is refused in every encoding that an API server takes; all others work', async () => {
  const [revoked, sibling, joan] = [await issue('jane'), await issue('jane'), await issue('joan')];
  const others = otherEncodings(revoked.der).map(({ name, der }) => ({
    ...{ name, user: 'jane' },
    fingerprintSha256: createHash('sha256').update(der).digest('hex'),
  }));
  expect(others.length).toBeGreaterThan(10);
  for (const one of [revoked, ...others, sibling, joan]) expect(await review(one)).toBe(true);
  const path = `/v1/certificates/${revoked.fingerprintSha256}/revoke`;
  await service.as('root')('post', path).send({ reason: 'keyCompromise' }).expect(200);
  const [webhook, listed] = [await configuration('webhook'), await configuration('listed')];
  for (const file of [webhook, listed]) {
    for (const one of [revoked, ...others])
      expect(await passesConfiguration(file, one, review), JSON.stringify(one)).toBe(false);
    for (const one of [sibling, joan]) expect(await passesConfiguration(file, one, review)).toBe(true);
  }
  for (const one of [revoked, ...others]) expect(await passesConfiguration(listed, one, null)).toBe(false);
  for (const one of [sibling, joan]) expect(await passesConfiguration(listed, one, null)).toBe(true);

  const next = await issue('jane');
  for (const file of [webhook, listed]) expect(await passesConfiguration(file, next, review)).toBe(true);
  // The file still has the sibling as a live one.
  const also = `/v1/certificates/${sibling.fingerprintSha256}/revoke`;
  await service.as('root')('post', also).send({ reason: 'superseded' }).expect(200);
  expect(await passesConfiguration(listed, sibling, review)).toBe(false);

  const events = as.events(await service.as('root')('get', '/v1/audit-events?type=UnknownCertificateSeen').expect(200));
  expect(events.items).toHaveLength(10);
  const details = { username: 'jane', verb: 'list', resource: 'configmaps' };
  for (const event of events.items) expect(event).toMatchObject({ cluster: 'demo', principal: null, details });
  const { text } = await service.as('root')('get', '/metrics').expect(200);
  expect(text).toContain('kubepass_unknown_certificates_total{cluster="demo",verb="list"} 10');
  // Nobody renews by another encoding, nor finds one.
  for (const { fingerprintSha256 } of others) {
    await service.as('root')('get', `/v1/certificates/${fingerprintSha256}`).expect(404);
    await service.as('root')('post', `/v1/certificates/${fingerprintSha256}/renew`).send({}).expect(404);
  }
});
