// Tests src/http/problems/problem.ts, src/http/problems/error-to-problem.ts, src/http/hooks/errors.ts,
// src/http/problems/unknown-path.ts, src/http/hooks/request-input.ts, src/http/pages/health-routes.ts
import { createConnection } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { type SharedService, sharedService } from './support/service.js';

let service: SharedService;
beforeAll(async () => {
  service = await sharedService();
});

const type = (name: string) => `urn:kubepass:problem:${name}`;
const post = (body: string, contentType = 'application/json') =>
  service.as('alice')('post', '/v1/certificate-requests').set('content-type', contentType).send(body);

/** The server's answer to bytes that no HTTP client would send. */
async function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(service.address);
  const socket = createConnection({ host: hostname, port: Number(port) });
  socket.write(bytes);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

describe('problems', () => {
  it('have type, title, status, detail and the request’s id', async () => {
    const { body, headers, type: mediaType } = await service.as('alice')('get', '/v1/certificates/none').expect(404);
    expect(mediaType).toBe('application/problem+json');
    expect(body).toEqual({
      type: type('not-found'),
      title: 'There is no such resource',
      status: 404,
      detail: expect.any(String) as unknown,
      requestId: headers['x-request-id'],
    });
  });

  it('list twenty errors, and say how many there are', async () => {
    const body = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`unknown-${i}`, i]));
    const problem = (await post(JSON.stringify({ username: 'jane', ...body })).expect(400)).body as {
      readonly detail: string;
      readonly errors: readonly object[];
    };
    expect(problem.errors).toHaveLength(20);
    expect(problem.detail).toBe('/unknown-0: is not a known property; `errors` has the first 20 of 30');
  });

  it.each(['/v1', '/v1/nothing', '/v1/certificate-requests/x/y/z', '/docs/nothing', '/v2/whoami'])(
    '404 where no route is: %s',
    async (path) => {
      const { body, type: mediaType } = await service.anonymous('get', path).expect(404);
      expect(mediaType).toBe('application/problem+json');
      expect(body).toMatchObject({ type: type('unknown-path') });
    },
  );

  it.each([
    ['/v1/certificate-request', '/v1/certificate-requests'],
    ['/v1/Certificates/x/renew', '/v1/certificates/{fingerprintSha256}/renew'],
    ['/v1/cluster/demo/issuers?limit=1', '/v1/clusters/{name}/issuers'],
    ['/certificate-requests/x/approve', '/v1/certificate-requests/{id}/approve'],
    ['/v1/nothing', null],
    ['/v1/certificates/x/y/z', null],
    [`/v1/${'certificate-request'.repeat(40)}`, null],
  ])('404 with the path that is meant: %s', async (path, meant) => {
    const { body } = await service.anonymous('get', path).expect(404);
    const asks = meant === null ? '' : `; did you mean ${meant}?`;
    expect((body as { readonly detail: string }).detail).toBe(`there is no such path${asks}`);
  });

  it.each([
    ['delete', '/v1/certificate-requests', 'GET, HEAD, POST'],
    ['put', '/v1/kubeconfigs', 'POST'],
    ['patch', '/v1/api-tokens/abc', 'DELETE'],
    ['post', '/v1/whoami', 'GET, HEAD'],
    ['post', '/livez', 'GET, HEAD'],
    ['post', '/openapi.json', 'GET, HEAD'],
  ] as const)('405 with Allow: %s %s', async (method, path, allow) => {
    const { body, headers } = await service.as('alice')(method, path).expect(405);
    expect(headers['allow']).toBe(allow);
    expect(body).toMatchObject({ type: type('method-not-allowed') });
  });

  it('405 before a body is looked at', async () => {
    await service.as('alice')('put', '/v1/kubeconfigs').set('content-type', 'text/csv').send('x').expect(405);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/yaml', 'application/jsonx'])(
    '415 for a body of %s',
    async (contentType) => {
      const { body } = await post('{"username":"jane"}', contentType).expect(415);
      expect(body).toMatchObject({ type: type('unsupported-media-type') });
    },
  );

  it('413 for more than 64 KiB, and not for 64 KiB', async () => {
    const of = (octets: number) => `{"username":"jane","nonsense":"${'a'.repeat(octets - 33)}"}`;
    expect(of(65_536)).toHaveLength(65_536);
    await post(of(65_536)).expect(400);
    const { body } = await post(of(65_537)).expect(413);
    expect(body).toMatchObject({ type: type('content-too-large') });
    await post(of(1_048_576)).expect(413);
  });

  it.each([
    ['not JSON', '{"username":'],
    ['nothing at all', ''],
    ['two values', '{} {}'],
    ['not an object', '[]'],
    ['a property of every object', '{"username":"jane","__proto__":{"csr":"x"}}'],
    ['one property twice', '{"username":"jane","username":"system:admin"}'],
    ['one property twice, written differently', '{"username":"jane","user\\u006eame":"root"}'],
    ['a lone surrogate', '{"username":"jane","reason":"a\\ud800b"}'],
    ['a low surrogate first', '{"username":"jane","reason":"\\uDC00\\uD83D"}'],
    ['a lone surrogate after an escaped backslash', '{"username":"jane","reason":"\\\\\\ud800"}'],
  ])('400 for a body that is %s', async (_what, body) => {
    const response = await post(body).expect(400);
    expect(response.body).toMatchObject({ type: type('invalid-request') });
  });

  it('400 for a body that is not UTF-8', async () => {
    const call = service.as('alice')('post', '/v1/certificate-requests').set('content-type', 'application/json');
    await call.send(Buffer.from([0x22, 0xff, 0x22])).expect(400);
  });

  it.each([
    ['{\n  "username": "jane"\n  "groups": []\n}', 'line 3, column 3: a comma or "}" is expected'],
    ['{"username":', 'line 1, column 13: a value is expected'],
  ])('tell where %j is not JSON', async (body, where) => {
    const detail = `the body is not valid JSON: ${where}`;
    expect((await post(body).expect(400)).body).toMatchObject({ detail });
    const inspected = service.as('alice')('post', '/v1/inspections').set('content-type', 'application/json').send(body);
    if (!body.includes('groups')) expect((await inspected.expect(400)).body).toMatchObject({ detail });
  });

  it('name the known property that is nearest to an unknown one', async () => {
    const { body } = await post('{"user":"jane","expiration_seconds":600,"ttl":1}').expect(400);
    expect(body).toMatchObject({
      errors: [
        { pointer: '/user', message: 'is not a known property; did you mean "username"?' },
        { pointer: '/expiration_seconds', message: 'is not a known property; did you mean "expirationSeconds"?' },
        { pointer: '/ttl', message: 'is not a known property' },
      ],
    });
    const query = await service.as('alice')('get', '/v1/certificates?user=jane').expect(400);
    expect(query.body).toMatchObject({
      errors: [{ pointer: '/query/user', message: 'is not a known parameter; did you mean "username"?' }],
    });
    for (const [path, name, meant] of [
      ['/v1/certificates', 'expiresBefore', 'notAfterBefore'],
      ['/v1/certificates', 'expiresAfter', 'notAfterAfter'],
      ['/v1/identities', 'expiresBefore', 'notAfterBefore'],
      ['/v1/directory-users', 'userName', 'directoryName'],
      ['/v1/certificates', 'userName', 'username'],
    ]) {
      const other = await service.as('root')('get', `${path}?${name}=x`).expect(400);
      const message = `is not a known parameter; did you mean "${meant}"?`;
      expect(other.body).toMatchObject({ errors: [{ pointer: `/query/${name}`, message }] });
    }
    const upload = service.as('alice')('post', '/v1/inspections').send({ contents: 'x' });
    expect((await upload.expect(400)).body).toMatchObject({
      errors: [
        { pointer: '/contents', message: 'is not a known property; did you mean "content"?' },
        { pointer: '/content', message: 'is required' },
      ],
    });
  });

  it.each([
    '/v1/certificate-requests/none/approve',
    '/v1/certificate-requests/none/kubeconfig',
    '/v1/clusters/demo/probe',
    '/v1/webhook-deliveries/none/retry',
  ])('400 for null where an object may be left out: %s', async (path) => {
    const send = (body: string) => service.as('root')('post', path).set('content-type', 'application/json').send(body);
    const { body } = await send('null').expect(400);
    expect(body).toMatchObject({
      type: type('invalid-request'),
      errors: [{ pointer: '', message: 'must be an object' }],
    });
    const { status } = await service.as('root')('post', path);
    expect([200, 404]).toContain(status);
  });

  it('tell every field that is wrong by its JSON pointer', async () => {
    const { body } = await post(
      JSON.stringify({
        username: '',
        groups: ['team-a', 7],
        expirationSeconds: 599,
        keyAlgorithm: 'DSA',
        namespace: 'Not_A_Label',
        'a/b~c': 1,
      }),
    ).expect(400);
    const { errors } = body as { errors: { pointer: string; message: string }[] };
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      '/a~1b~0c',
      '/expirationSeconds',
      '/groups/1',
      '/keyAlgorithm',
      '/namespace',
      '/username',
    ]);
  });

  it.each([
    ['expirationSeconds', '3600'],
    ['expirationSeconds', 3600.5],
    ['expirationSeconds', 2 ** 31],
    ['groups', ['a', 'a']],
    ['groups', Array.from({ length: 33 }, (_, i) => `team-${i}`)],
    ['groups', 'team-a'],
    ['username', 'a'.repeat(65)],
    ['username', null],
    ['csr', 'a'.repeat(32_769)],
    ['unknown', true],
  ])('400 where %s is %j: nothing is converted and nothing dropped', async (name, value) => {
    const { body } = await post(JSON.stringify({ username: 'jane', [name]: value })).expect(400);
    expect((body as { errors: { pointer: string }[] }).errors[0]?.pointer).toMatch(`/${name}`);
  });

  it.each([
    'limit=0',
    'limit=501',
    'limit=1e2',
    'limit=0x10',
    'limit=%205',
    'limit=',
    'limit=5&limit=6',
    'cursor=',
    'cursor=nonsense',
    'state=finished',
    'stat=pending',
    'notAfterBefore=tomorrow',
  ])('400 for the query ?%s', async (query) => {
    const path = query.startsWith('notAfter') ? '/v1/certificates' : '/v1/certificate-requests';
    const { body } = await service.as('alice')('get', `${path}?${query}`).expect(400);
    const { errors } = body as { errors: { pointer: string }[] };
    // A state may be repeated, so the pointer names the first one.
    const name = query.split('=')[0];
    expect(errors[0]?.pointer).toBe(`/query/${name === 'state' ? 'state/0' : name}`);
  });

  it('take a path parameter of up to 253 characters, also if each is percent-encoded', async () => {
    const get = (name: string) => service.as('bob')('get', `/v1/clusters/demo/certificate-signing-requests/${name}`);
    const encoded = (name: string) => name.replaceAll('a', '%61');
    for (const length of [101, 253]) {
      // The cluster of this service is not connected.
      await get('a'.repeat(length)).expect(409);
      await get(encoded('a'.repeat(length))).expect(409);
    }
    const { body } = await get('a'.repeat(254)).expect(400);
    expect(body).toMatchObject({ errors: [{ pointer: '/path/csrName' }] });
    expect((await get('a'.repeat(2000))).body).toMatchObject({
      status: 400,
      detail: 'a part of the path is longer than 253 characters',
    });
  });

  it('400 for a path that is not validly percent-encoded', async () => {
    const { body, headers } = await service.as('alice')('get', '/v1/certificates/%zz');
    expect(body).toMatchObject({ type: type('invalid-request'), status: 400, requestId: headers['x-request-id'] });
  });

  it('400 and 431 as problems for what is not readable as HTTP', async () => {
    const nonsense = await raw('NONSENSE\r\n\r\n');
    expect(nonsense).toMatch(/^HTTP\/1.1 400 [\s\S]*application\/problem\+json[\s\S]*invalid-request/);
    const overflow = await raw(`GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`);
    expect(overflow).toMatch(/^HTTP\/1.1 431 [\s\S]*header-fields-too-large/);
  });
});

describe('request ids', () => {
  it('are the caller’s where they are plain', async () => {
    const { headers } = await service.anonymous('get', '/livez').set('x-request-id', 'portal-42.a_b');
    expect(headers['x-request-id']).toBe('portal-42.a_b');
  });

  it.each(['', 'a b', '{"a":1}', '-x', 'a'.repeat(129), '<script>'])('are new ones otherwise: %j', async (given) => {
    const { headers } = await service.anonymous('get', '/livez').set('x-request-id', given);
    expect(headers['x-request-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  });

  it('stand in the log with the answer', async () => {
    await service.as('alice')('get', '/v1/whoami').set('x-request-id', 'find-me').expect(200);
    const line = service
      .log()
      .split('\n')
      .find((text) => text.includes('find-me'));
    expect(JSON.parse(line ?? '')).toMatchObject({
      requestId: 'find-me',
      method: 'GET',
      path: '/v1/whoami',
      status: 200,
      principal: 'alice',
    });
  });
});

describe('negotiation', () => {
  it('406 where nothing fits, before anything is done', async () => {
    const ask = { username: 'nobody-asked', groups: ['team-a'] };
    const { body } = await service
      .as('alice')('post', '/v1/kubeconfigs')
      .set('accept', 'text/html')
      .send(ask)
      .expect(406);
    expect(body).toMatchObject({ type: type('not-acceptable') });
    const list = await service.as('root')('get', '/v1/certificate-requests?username=nobody-asked').expect(200);
    expect(list.body).toMatchObject({ items: [] });
  });

  it.each(['*/*', 'application/*', 'application/json', 'text/html, */*;q=0.1', 'application/json;charset=utf-8'])(
    'gives lists as JSON for Accept: %s',
    async (accept) => {
      const { type: mediaType } = await service
        .as('alice')('get', '/v1/certificates')
        .set('accept', accept)
        .expect(200);
      expect(mediaType).toBe('application/json');
    },
  );
});

describe('headers', () => {
  it('let nothing of the API run or be framed, and nothing be stored', async () => {
    const { headers } = await service.as('alice')('get', '/v1/whoami').expect(200);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('let Swagger UI run scripts from here alone', async () => {
    const page = await service.anonymous('get', '/docs/').expect(200);
    expect(page.headers['content-security-policy']).toMatch(/script-src 'self';/);
    expect(page.text).not.toMatch(/<script>|<script(?![^>]*src=)/);
    expect(page.text).not.toMatch(/(?:src|href)="https?:/);
    await service.anonymous('get', '/docs/static/swagger-ui-bundle.js').expect(200);
    await service.anonymous('get', '/docs').expect(200);
  });
});

describe('the description of the API', () => {
  it.each(['/openapi.json', '/docs/json', '/docs/static/swagger-ui.css'])(
    'is not sent again to a caller who has it: %s',
    async (path) => {
      const { headers, text } = await service.anonymous('get', path).expect(200);
      const { etag = '' } = headers;
      expect(headers['content-length']).toBe(String(Buffer.byteLength(text)));
      expect((await service.anonymous('head', path).expect(200)).headers).toMatchObject({ etag });
      for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*'])
        expect((await service.anonymous('get', path).set('if-none-match', known).expect(304)).text).toBe('');
      await service.anonymous('get', path).set('if-none-match', '"x"').expect(200);
    },
  );

  it('is not there as YAML, and has no files but its own', async () => {
    for (const path of ['/docs/yaml', '/docs/static/nothing.js', '/docs/static/..%2fpackage.json'])
      await service.anonymous('get', path).expect(404);
  });
});

describe('health', () => {
  it('is answered without a token', async () => {
    for (const path of ['/livez', '/readyz']) {
      const { body } = await service.anonymous('get', path).expect(200);
      expect(body).toEqual({ status: 'ok' });
    }
  });
});
