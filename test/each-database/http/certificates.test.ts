// Tests src/access/certificate-routes.ts, src/access/read-certificates.ts, src/access/send-certificate.ts,
// src/access/certificate-schemas.ts
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCertificate } from '@kubepass/x509';
import { makeCa } from '../../helpers/several-issuers.js';
import { answerFromCache } from '../../../packages/kubectl-kubepass/src/exec-credential.js';
import { runPlugin } from '../../../packages/kubectl-kubepass/src/run-plugin.js';
import { testMachine } from '../../../packages/kubectl-kubepass/test/helpers/plugin-machine.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { as, type Answer } from '../../http/support/call.js';
import { startService, type TestService } from '../../http/support/service.js';
import { withMethods } from '../../helpers/other-methods.js';

let service: TestService;
let fingerprint: string;
let requestUrl: string;

beforeAll(async () => {
  service = await startService();
  for (const [username, groups, expirationSeconds] of [
    ['jane', ['team-a', 'team-b'], 3600],
    ['joan', ['team-b'], 7200],
    ['jude', [], 86400],
  ] as const) {
    const { pem } = await csrFor(username, groups);
    const answer = await service
      .as('alice')('post', '/v1/certificate-requests')
      .set('prefer', 'wait=10')
      .send({ csr: pem, expirationSeconds })
      .expect(201);
    if (username !== 'jane') continue;
    fingerprint = as.request(answer).certificate?.fingerprintSha256 ?? '';
    requestUrl = answer.headers['location'] ?? '';
  }
});
afterAll(() => service.close());

describe('a certificate', () => {
  const urls = () => [`/v1/certificates/${fingerprint}`, `${requestUrl}/certificate`];

  it('comes as PEM where the caller prefers that', async () => {
    for (const url of urls()) {
      const answer = await service
        .as('alice')('get', url)
        .set('accept', 'application/pem-certificate-chain')
        .expect(200);
      expect(answer.type).toBe('application/pem-certificate-chain');
      expect(new X509Certificate(answer.text).fingerprint256.replaceAll(':', '').toLowerCase()).toBe(fingerprint);
      expect(answer.text).toMatch(
        /^-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END CERTIFICATE-----\n$/,
      );
      expect(answer.headers['vary']).toMatch(/accept/i);
    }
  });

  it('comes as JSON by itself, as text and as DER', async () => {
    for (const url of urls()) {
      const call = (accept: string) => service.as('alice')('get', url).set('accept', accept).expect(200);
      const pem = (await call('application/pem-certificate-chain')).text;
      const certificate = new X509Certificate(pem);
      const json = as.certificate(await call('*/*'));
      expect(json).toMatchObject({
        fingerprintSha256: fingerprint,
        serialNumber: certificate.serialNumber.toLowerCase(),
        username: 'jane',
        groups: ['team-a', 'team-b'],
        cluster: 'demo',
        orphan: false,
        pem,
      });
      expect(Date.parse(json.notAfter)).toBe(Date.parse(certificate.validTo));

      const text = await call('text/plain');
      expect(text.type).toBe('text/plain');
      expect(text.text).toMatch(/^Certificate:\n {4}Data:\n {8}Version: 3 \(0x2\)\n/);
      expect(text.text).toContain('Subject: O=team-a, O=team-b, CN=jane');
      expect(text.text).toContain('TLS Web Client Authentication');

      const der = await call('application/pkix-cert').responseType('blob');
      expect(der.type).toBe('application/pkix-cert');
      expect(Buffer.from(der.body as Uint8Array).equals(certificate.raw)).toBe(true);
    }
  });

  it('is not sent again to a caller who has it', async () => {
    const [url = ''] = urls();
    const pem = () => service.as('alice')('get', url).set('accept', 'application/pem-certificate-chain');
    const first = await pem().expect(200);
    const etag = first.headers['etag'] ?? '';
    expect(etag).toBe(`"${fingerprint}"`);
    const again = await pem().set('if-none-match', `"x", ${etag}`).expect(304);
    expect(again.text).toBe('');
    expect(again.headers['etag']).toBe(etag);
    const asText = service.as('alice')('get', url).set('accept', 'text/plain').set('if-none-match', etag);
    const text = await asText.expect(200);
    expect(text.headers['etag']).not.toBe(etag);
    expect(text.headers['etag']).toContain(fingerprint);
  });

  it('is 404 for whom it does not concern, as if it were not there', async () => {
    const other = await service.as('hr-system')('get', `/v1/certificates/${fingerprint}`).expect(404);
    const none = await service
      .as('hr-system')('get', `/v1/certificates/${'0'.repeat(64)}`)
      .expect(404);
    expect({ ...as.problem(other), requestId: '' }).toEqual({ ...as.problem(none), requestId: '' });
  });

  it('answers HEAD with the headers alone', async () => {
    const answer = await service.as('alice')('head', `/v1/certificates/${fingerprint}`);
    expect(answer.status).toBe(200);
    expect(answer.headers['etag']).toBe(`"${fingerprint}-json-valid"`);
  });
});

describe('the inventory', () => {
  const usernames = async (query: string) =>
    as
      .certificates(await service.as('audrey')('get', `/v1/certificates?${query}`).expect(200))
      .items.map(({ username }) => username)
      .sort();
  const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();

  it('is filtered by username, group, cluster and serial number', async () => {
    expect(await usernames('')).toEqual(['jane', 'joan', 'jude']);
    expect(await usernames('username=jane')).toEqual(['jane']);
    expect(await usernames('group=team-b')).toEqual(['jane', 'joan']);
    expect(await usernames('group=team')).toEqual([]);
    expect(await usernames('cluster=demo&group=team-a')).toEqual(['jane']);
    expect(await usernames('cluster=other')).toEqual([]);
    const { serialNumber } = as.certificate(
      await service.as('audrey')('get', `/v1/certificates/${fingerprint}`).set('accept', 'application/json'),
    );
    expect(await usernames(`serialNumber=${serialNumber}`)).toEqual(['jane']);
  });

  it('is found by a fingerprint and a serial number as OpenSSL and browsers print them', async () => {
    const read = (printed: string) =>
      service.as('audrey')('get', `/v1/certificates/${printed}`).set('accept', 'application/json').expect(200);
    const { serialNumber, pem } = as.certificate(await read(fingerprint));
    const { fingerprint256, serialNumber: printedSerial } = new X509Certificate(pem ?? '');
    for (const printed of [fingerprint256, fingerprint256.toLowerCase(), fingerprint.toUpperCase()])
      expect(as.certificate(await read(printed))).toMatchObject({ serialNumber });
    const colons = printedSerial.replaceAll(/..(?!$)/g, '$&:');
    for (const printed of [printedSerial, colons]) expect(await usernames(`serialNumber=${printed}`)).toEqual(['jane']);
    const events = await service
      .as('audrey')('get', `/v1/audit-events?fingerprintSha256=${fingerprint256}`)
      .expect(200);
    expect((events.body as { readonly items: readonly object[] }).items.length).toBeGreaterThan(0);
  });

  it('is filtered by expiry', async () => {
    expect(await usernames(`notAfterBefore=${inMinutes(90)}`)).toEqual(['jane']);
    expect(await usernames(`notAfterAfter=${inMinutes(90)}`)).toEqual(['joan', 'jude']);
    expect(await usernames(`notAfterAfter=${inMinutes(90)}&notAfterBefore=${inMinutes(180)}`)).toEqual(['joan']);
  });

  it('is filtered by issuer: by its name on the cluster, or by the fingerprint of its certificate', async () => {
    const { issuerFingerprintSha256: own } = as.certificate(
      await service.as('audrey')('get', `/v1/certificates/${fingerprint}`).set('accept', 'application/json'),
    );
    const [recorded] = await service.store.issuers.ofCluster('demo');
    expect([own]).toEqual(recorded?.fingerprints);
    for (const issuer of [`cluster=demo&issuer=${recorded?.name ?? ''}`, `issuer=${own ?? ''}`]) {
      expect(await usernames(issuer)).toEqual(['jane', 'joan', 'jude']);
      expect(await usernames(`${issuer}&status=live&group=team-b`)).toEqual(['jane', 'joan']);
      expect(await usernames(`${issuer}&status=revoked`)).toEqual([]);
      const { items } = as.certificates(await service.as('audrey')('get', `/v1/certificates?${issuer}`).expect(200));
      expect(items.map(({ username }) => username)).toEqual(['jane', 'joan', 'jude']);
    }
    for (const issuer of ['cluster=demo&issuer=nobody', `issuer=${'0'.repeat(64)}`, 'cluster=other&issuer=default'])
      expect(await usernames(issuer)).toEqual([]);
  });

  it('refuses the name of an issuer without its cluster, and what is neither name nor fingerprint', async () => {
    const refused = async (query: string) =>
      as.problem(await service.as('audrey')('get', `/v1/certificates?${query}`).expect(400));
    expect(await refused('issuer=default')).toMatchObject({
      type: expect.stringContaining('invalid-request') as unknown,
      errors: [{ pointer: '/query/issuer', message: expect.stringContaining('`cluster`') as unknown }],
    });
    for (const text of ['', 'Default', `${'a'.repeat(64)}b`, 'g'.repeat(64), '-a', 'a%20b', 'AB', 'A'.repeat(66)])
      expect((await refused(`cluster=demo&issuer=${text}`)).errors?.[0]).toMatchObject({ pointer: '/query/issuer' });
  });

  it('is read page by page along next links that keep the filters', async () => {
    const seen: string[] = [];
    let url: string | null = `/v1/certificates?limit=1&notAfterAfter=${inMinutes(0)}`;
    while (url !== null) {
      const answer: Answer = await service.as('audrey')('get', url).expect(200);
      const { items, nextCursor } = as.certificates(answer);
      expect(items).toHaveLength(1);
      seen.push(...items.map(({ username }) => username));
      const link = /^<([^>]+)>; rel="next"$/.exec(answer.headers['link'] ?? '')?.[1] ?? null;
      expect(link === null).toBe(nextCursor === null);
      url = link;
    }
    expect(seen.sort()).toEqual(['jane', 'joan', 'jude']);
  });

  it('says whose a certificate is wherever it shows one, so that one call tells to whom to write', async () => {
    const { body } = await service
      .as('alice')('post', '/v1/certificate-requests')
      .send({ cluster: 'demo', username: 'owned', groups: ['team-a'], expirationSeconds: 700, collector: 'carol' })
      .expect(201);
    const { id } = body as { readonly id: string };
    await service.as('carol')('post', `/v1/certificate-requests/${id}/kubeconfig`).expect(200);
    const parties = { username: 'owned', requester: 'alice', collector: 'carol' };
    const ofRequest = as.request(await service.as('alice')('get', `/v1/certificate-requests/${id}`).expect(200));
    expect(ofRequest.certificate).toMatchObject(parties);
    const { fingerprintSha256 } = ofRequest.certificate ?? {};
    const url = `/v1/certificates/${fingerprintSha256 ?? ''}`;
    const read = await service.as('carol')('get', url).set('accept', 'application/json').expect(200);
    expect(as.certificate(read)).toMatchObject({ ...parties, pem: expect.stringContaining('BEGIN') as string });
    const ending = `/v1/certificates?status=live&notAfterBefore=${inMinutes(20)}`;
    const { items } = as.certificates(await service.as('audrey')('get', ending).expect(200));
    expect(items).toMatchObject([parties]);
    expect(items[0]).not.toHaveProperty('pem');
    expect(items[0]).not.toHaveProperty('enforcement');
    expect(await usernames('collector=carol')).toEqual(['owned']);
    expect(await usernames('collector=alice')).toEqual(['jane', 'joan', 'jude']);
    expect(await usernames('collector=carol&requester=carol')).toEqual([]);
    const revoked = await service.as('carol')('post', `${url}/revoke`).send({ reason: 'superseded' }).expect(200);
    expect(as.certificate(revoked)).toMatchObject({ ...parties, status: 'revoked', enforcement: { mode: 'none' } });
    expect(revoked.body).not.toHaveProperty('pem');
    const held = await service.as('audrey')('get', '/v1/identities/alice').expect(200);
    expect(held.body).toMatchObject({ certificates: [], requestedForOthers: expect.any(Array) as unknown });
  });

  it('shows a caller their own alone', async () => {
    expect(as.certificates(await service.as('hr-system')('get', '/v1/certificates').expect(200)).items).toEqual([]);
    expect(as.certificates(await service.as('alice')('get', '/v1/certificates').expect(200)).items).toHaveLength(4);
  });
});

describe('a certificate of an issuer below what its API servers trust', () => {
  const [root, between] = [makeCa('root'), makeCa('between')];
  let chain = [between];
  let behind: TestService;
  let url: string;
  beforeAll(async () => {
    behind = await startService({
      context: (context) => {
        const demo = context.clusters.get('demo');
        if (!demo?.issuers) throw new Error('no issuers');
        const { issuers } = demo;
        const withFingerprint = (fingerprint: string) => {
          const found = issuers.withFingerprint(fingerprint);
          return found && { ...found, chain: chain.map(({ der }) => readCertificate(der)) };
        };
        const clusters = new Map([['demo', { ...demo, issuers: withMethods(issuers, { withFingerprint }) }]]);
        return { ...context, clusters };
      },
    });
    const { pem } = await csrFor('jane', []);
    const answer = await behind
      .as('alice')('post', '/v1/certificate-requests')
      .set('prefer', 'wait=10')
      .send({ csr: pem })
      .expect(201);
    url = `/v1/certificates/${as.request(answer).certificate?.fingerprintSha256 ?? ''}`;
    expect(as.request(answer).certificate?.pem).toMatch(`-----END CERTIFICATE-----\n${between.pem}`);
  });
  afterAll(() => behind.close());

  const read = async (accept: string) => {
    const answer = await behind.as('alice')('get', url).set('accept', accept).expect(200);
    return { tag: answer.headers['etag'] ?? '', answer };
  };

  it('has the chain behind it as PEM and in JSON, and is alone as text and as DER', async () => {
    const { answer } = await read('application/pem-certificate-chain');
    expect(answer.text.endsWith(between.pem)).toBe(true);
    expect(answer.text.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(as.certificate((await read('application/json')).answer).pem).toBe(answer.text);
    const der = await behind.as('alice')('get', url).set('accept', 'application/pkix-cert').responseType('blob');
    expect(new X509Certificate(answer.text).raw.equals(der.body as Uint8Array)).toBe(true);
    expect((await read('text/plain')).answer.text.match(/Certificate:/g)).toHaveLength(1);
  });

  it('has the chain in the plugin’s answer to kubectl, the leaf first and with its key and its end', async () => {
    const home = temporaryDirectory();
    const machine = testMachine(home.path, { environment: { KUBEPASS_TOKEN: behind.tokenOf('alice') } });
    const args = ['--server', behind.address, '--cluster', 'demo', '--username', 'judy', '--expires-in', '10m'];
    expect(await runPlugin(['login', ...args], machine)).toBe(0);
    machine.takeOutput();
    expect(await runPlugin(['get-credential', ...args], machine)).toBe(0);
    const output = machine.takeOutput();
    const { status } = JSON.parse(output) as { readonly status: Readonly<Record<string, string>> };
    const { clientCertificateData = '', clientKeyData = '', expirationTimestamp = '' } = status;
    expect(clientCertificateData).toMatch(`-----END CERTIFICATE-----\n${between.pem}`);
    const leaf = new X509Certificate(clientCertificateData);
    expect(leaf.subject).toBe('CN=judy');
    expect(leaf.checkPrivateKey(createPrivateKey(clientKeyData))).toBe(true);
    expect(Date.parse(expirationTimestamp)).toBeLessThanOrEqual(Date.parse(leaf.validTo));
    // The next answers come from the cache.
    expect(answerFromCache(['get-credential', ...args], { ...machine, environment: {} })).toBe(output);
    home.remove();
  });

  it('has another entity tag as PEM and in JSON where its chain is another one, and nowhere else', async () => {
    const forms = ['application/pem-certificate-chain', 'application/json', 'application/pkix-cert', 'text/plain'];
    const tags = async () => Promise.all(forms.map(async (form) => (await read(form)).tag));
    const before = await tags();
    chain = [between, root];
    const after = await tags();
    expect(after.map((tag, i) => tag === before[i])).toEqual([false, false, true, true]);
    chain = [];
    expect(await read('application/pem-certificate-chain')).toMatchObject({ tag: `"${url.split('/').at(-1) ?? ''}"` });
  });
});
