// Tests src/requests/kubeconfig-routes.ts, src/requests/collect-kubeconfig.ts, src/kubernetes/render-kubeconfig.ts
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { hostileTexts } from '../../helpers/hostile-texts.js';
import { as, type Answer } from '../../http/support/call.js';
import { type SharedService, sharedService } from '../../http/support/service.js';

let service: SharedService;
beforeAll(async () => {
  service = await sharedService();
});

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: { readonly 'certificate-authority-data': string } }[];
  readonly users: readonly {
    readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string };
  }[];
}

const fromBase64 = (text: string) => Buffer.from(text, 'base64').toString();

function read(yaml: string) {
  const { clusters, users } = parse(yaml) as Kubeconfig;
  return {
    ca: fromBase64(clusters[0]!.cluster['certificate-authority-data']),
    cert: fromBase64(users[0]!.user['client-certificate-data']),
    key: fromBase64(users[0]!.user['client-key-data']),
  };
}

describe('POST /v1/kubeconfigs, as an HR system calls it', () => {
  it('answers a complete kubeconfig that a TLS server with that CA accepts, with both groups in order', async () => {
    const answer = await service
      .as('hr-system')('post', '/v1/kubeconfigs')
      .set('accept', 'application/yaml')
      .send({ cluster: 'demo', username: 'jane@corp.example', groups: ['team-z', 'team-a'] })
      .expect(201);
    expect(answer.type).toBe('application/yaml');
    expect(answer.headers['cache-control']).toBe('no-store');
    const { cert, key } = read(answer.text);
    expect(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))).toBe(true);

    // The server may use any certificate, because the test is about the identity of the client.
    const server = createServer({
      cert,
      key,
      ca: readFileSync(join(service.dataDir, 'ca', 'ca.crt')),
      requestCert: true,
      rejectUnauthorized: true,
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const accepted = new Promise<TLSSocket>((resolve) => server.once('secureConnection', resolve));
    const client = connect({ host: '127.0.0.1', port, cert, key, rejectUnauthorized: false });
    const socket = await accepted;
    expect(socket.authorized).toBe(true);
    expect(socket.getPeerX509Certificate()?.subject.split('\n')).toEqual([
      'O=team-z',
      'O=team-a',
      'CN=jane@corp.example',
    ]);
    client.destroy();
    socket.destroy();
    server.close();

    const request = as.request(
      await service
        .as('hr-system')('get', answer.headers['location'] ?? '')
        .expect(200),
    );
    expect(request).toMatchObject({ state: 'issued', username: 'jane@corp.example', requester: 'hr-system' });
    expect(JSON.stringify(request)).not.toContain('PRIVATE');
  });

  it.each(['ECDSA-P384', 'Ed25519', 'RSA-2048'])(
    'generates an %s key where that is asked for',
    async (keyAlgorithm) => {
      const answer = await service.as('alice')('post', '/v1/kubeconfigs').send({ username: 'jane', keyAlgorithm });
      expect(answer.status).toBe(201);
      const { cert, key } = read(as.kubeconfig(answer).kubeconfig);
      expect(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))).toBe(true);
    },
  );

  it('answers 202, Location and Retry-After where a person must decide, and the key to the collector later', async () => {
    const alice = service.as('alice');
    const answer = await alice('post', '/v1/kubeconfigs')
      .send({ username: 'on-call', groups: ['ops-eu'] })
      .expect(202);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    const url = answer.headers['location'] ?? '';
    expect(as.waiting(answer)).toMatchObject({ state: 'pending' });
    expect(as.problem(await alice('post', `${url}/kubeconfig`).expect(409)).state).toBe('pending');

    await service.as('bob')('post', `${url}/approve`).expect(200);
    await service.as('bob')('post', `${url}/kubeconfig`).expect(403);
    const collected = await alice('post', `${url}/kubeconfig`).set('accept', 'application/yaml').expect(200);
    expect(collected.type).toBe('application/yaml');
    expect(collected.headers['cache-control']).toBe('no-store');
    expect(read(collected.text).key).toContain('PRIVATE KEY');

    const again = await alice('post', `${url}/kubeconfig`).expect(409);
    expect(again.text).not.toContain('PRIVATE KEY');
    const bare = as.kubeconfig(await alice('get', `${url}/kubeconfig`).expect(200));
    expect(bare.kubeconfig).toContain('client-key: "client.key"');
  });

  it('answers 202 where somebody else is the collector, who alone gets the key', async () => {
    const answer = await service
      .as('hr-system')('post', '/v1/kubeconfigs')
      .send({ username: 'new-hire', groups: ['team-a'], collector: 'alice' })
      .expect(202);
    const url = answer.headers['location'] ?? '';
    expect(as.waiting(answer)).toMatchObject({ state: 'approved', collector: 'alice' });
    await service.as('hr-system')('post', `${url}/kubeconfig`).expect(403);
    const collected = await service.as('alice')('post', `${url}/kubeconfig`).send({}).expect(200);
    expect(read(as.kubeconfig(collected).kubeconfig).key).toContain('PRIVATE KEY');
  });

  it('issues nothing where policy denies', async () => {
    const answer = await service
      .as('hr-system')('post', '/v1/kubeconfigs')
      .send({ username: 'jane', groups: ['system:masters'] })
      .expect(403);
    expect(answer.type).toBe('application/problem+json');
    expect(answer.text).not.toContain('PRIVATE');
    expect(as.request(await service.as('hr-system')('get', answer.headers['location'] ?? ''))).toMatchObject({
      state: 'denied',
      certificate: null,
    });
  });

  it('takes no properties where a kubeconfig is collected', async () => {
    const answer = await service
      .as('hr-system')('post', '/v1/kubeconfigs')
      .send({ username: 'someone', groups: ['ops-eu'] })
      .expect(202);
    await service.as('hr-system')('post', `${answer.headers['location']}/kubeconfig`).send({ a: 1 }).expect(400);
  });
});

describe('the forms of a kubeconfig', () => {
  const ask = { cluster: 'demo', username: 'jane@corp.example', groups: ['team-a'] };
  const json = 'application/json; charset=utf-8';

  it('are a JSON object where the caller does not say: all at once, collected, and with a key path', async () => {
    const alice = service.as('alice');
    const created = await alice('post', '/v1/kubeconfigs').send(ask).expect(201);
    await isJson(created, 'client-key-data');

    const waiting = await alice('post', '/v1/kubeconfigs')
      .send({ ...ask, collector: 'carol' })
      .expect(202);
    const url = waiting.headers['location'] ?? '';
    await isJson(await service.as('carol')('post', `${url}/kubeconfig`).set('accept', '*/*'), 'client-key-data');
    await isJson(await alice('get', `${url}/kubeconfig`), 'client-key');

    async function isJson(answer: Answer, key: string): Promise<void> {
      expect([200, 201], answer.text).toContain(answer.status);
      expect(answer.headers).toMatchObject({ 'content-type': json, 'cache-control': 'no-store', vary: 'Accept' });
      const { kubeconfig, request, certificate: described, ...others } = as.kubeconfig(answer);
      expect(others).toEqual({});
      const { users } = parse(kubeconfig) as Kubeconfig;
      expect(Object.keys(users[0]?.user ?? {})).toEqual(['client-certificate-data', key]);
      const certificate = new X509Certificate(fromBase64(users[0]?.user['client-certificate-data'] ?? ''));
      expect(described).toMatchObject({
        fingerprintSha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
        serialNumber: certificate.serialNumber.toLowerCase(),
        notBefore: certificate.validFromDate.toISOString(),
        notAfter: certificate.validToDate.toISOString(),
        requestId: request.id,
      });
      expect(request).toMatchObject({ state: 'issued', username: ask.username, certificate: described });
      const read = await alice('get', `/v1/certificate-requests/${request.id}`).expect(200);
      expect(as.request(read)).toMatchObject({ state: 'issued', certificate: described });
    }
  });

  it.each([
    ['*/*', json],
    ['application/*', json],
    ['', json],
    ['application/json, application/yaml', json],
    ['application/yaml', 'application/yaml'],
    ['application/json;q=0.9, application/yaml', 'application/yaml'],
    ['*/*;q=0.9, application/yaml', 'application/yaml'],
  ])('for Accept: %s are %s, with the key', async (accept, contentType) => {
    const answer = await service.as('alice')('post', '/v1/kubeconfigs').set('accept', accept).send(ask).expect(201);
    expect(answer.headers).toMatchObject({ 'content-type': contentType, 'cache-control': 'no-store' });
    const kubeconfig = contentType === json ? as.kubeconfig(answer).kubeconfig : answer.text;
    expect(read(kubeconfig).key).toContain('PRIVATE KEY');
  });

  it('are no others', async () => {
    const answer = await service
      .as('alice')('post', '/v1/kubeconfigs')
      .set('accept', 'text/html')
      .send(ask)
      .expect(406);
    expect(as.problem(answer).detail).toContain('application/json, application/yaml');
  });

  it('are not repeated for an Idempotency-Key, in neither form', async () => {
    const ask2 = (accept: string) =>
      service.as('alice')('post', '/v1/kubeconfigs').set('idempotency-key', 'forms').set('accept', accept).send(ask);
    await ask2('application/json').expect(201);
    for (const accept of ['application/json', 'application/yaml']) {
      const again = await ask2(accept).expect(409);
      expect(again.text).not.toMatch(/PRIVATE|client-key/);
    }
  });
});

describe('GET …/kubeconfig?clientKeyPath=', () => {
  let url: string;
  beforeAll(async () => {
    const { pem } = await csrFor('path-jane', ['team-a']);
    const answer = await service.as('alice')('post', '/v1/certificate-requests').send({ csr: pem }).expect(201);
    url = `/v1/certificate-requests/${as.request(answer).id}/kubeconfig?clientKeyPath=`;
  });

  const noPaths = /[\p{Cc}\p{Noncharacter_Code_Point}\u2028\u2029\ufeff]/u;

  it('gives a path back as it is, or refuses it if it has characters that no path has', async () => {
    for (const path of hostileTexts.filter((text) => text !== '' && Array.from(text).length <= 1024)) {
      const answer = await service.as('alice')('get', url + encodeURIComponent(path));
      expect(answer.status, JSON.stringify(path)).toBe(noPaths.test(path) ? 400 : 200);
      if (answer.status === 400) expect(as.problem(answer).errors?.[0]?.pointer).toBe('/query/clientKeyPath');
      else
        for (const version of ['1.1', '1.2'] as const)
          expect(parse(as.kubeconfig(answer).kubeconfig, { version })).toMatchObject({
            clusters: [{ name: 'demo', cluster: { server: 'https://127.0.0.1:6443' } }],
            users: [{ name: 'path-jane', user: { 'client-key': path } }],
          });
    }
  });

  it('refuses every control, separator, U+FEFF and non-character', async () => {
    const refused = [
      ...range(0x00, 0x1f),
      ...range(0x7f, 0x9f),
      0x2028,
      0x2029,
      0xfeff,
      ...range(0xfdd0, 0xfdef),
      ...range(0, 16).flatMap((plane) => [plane * 0x10000 + 0xfffe, plane * 0x10000 + 0xffff]),
    ];
    for (const codePoint of refused) {
      const path = encodeURIComponent(`a${String.fromCodePoint(codePoint)}b`);
      const { status } = await service.as('alice')('get', url + path);
      expect(status, codePoint.toString(16)).toBe(400);
    }
  });
});

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
