// Tests src/inspections/inspection-routes.ts, src/inspections/upload-bodies.ts, src/inspections/inspect-upload.ts,
// src/inspections/known-clusters.ts
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { rawMediaTypes } from '../../src/inspections/upload-bodies.js';
import { InspectionBusyError } from '../../src/model/errors.js';
import type { CertificateContent, InspectedObject, Inspection } from '@kubepass/inspect';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { readFixture } from '../../packages/inspect/test/helpers/inspection-corpus.js';
import { tarOf } from '../../packages/inspect/test/helpers/tar-of.js';
import { as, type Answer } from './support/call.js';
import { type Person, type SharedService, sharedService, startService } from './support/service.js';

let service: SharedService;
let pem: string;
let der: Buffer;
let keyPem: string;
let caPem: string;
let caKeyPem: string;
let requestUrl: string;

beforeAll(async () => {
  service = await sharedService();
  const { pem: csr, keyPair } = await csrFor('jane', ['team-a', 'team-b']);
  const answer = await service
    .as('alice')('post', '/v1/certificate-requests')
    .set('prefer', 'wait=10')
    .send({ csr, expirationSeconds: 3600 })
    .expect(201);
  pem = as.request(answer).certificate?.pem ?? '';
  der = new X509Certificate(pem).raw;
  keyPem = keyPair.privateKeyPem;
  requestUrl = answer.headers['location'] ?? '';
  caPem = readFileSync(join(service.dataDir, 'ca', 'ca.crt'), 'utf8');
  caKeyPem = readFileSync(join(service.dataDir, 'ca', 'ca.key'), 'utf8');
});

const url = '/v1/inspections';
const post = (who: Person = 'alice') => service.as(who)('post', url);
const raw = (body: Buffer | string, type = 'application/octet-stream') => post().set('content-type', type).send(body);
const json = (body: unknown) => post().set('content-type', 'application/json').send(body);
const type = (name: string) => `urn:kubepass:problem:${name}`;

/** superagent removes the folder from a plain file name. */
const inFolder = (filepath: string) => ({ filename: filepath, filepath });

const typesIn = (answer: Answer) => as.inspection(answer).objects.map((object) => object.type);
const objectAt = (inspection: Inspection, path: string): InspectedObject | undefined =>
  inspection.objects.find((object) => object.path === path);
const certificateIn = (answer: Answer): CertificateContent => {
  const found = as.inspection(answer).objects.find((object) => object.type === 'Certificate');
  if (found === undefined) throw new Error(`no certificate in ${answer.text}`);
  return found;
};
const codesIn = (answer: Answer) => as.inspection(answer).findings.map(({ code }) => code);

describe('the body of an inspection', () => {
  it.each([...rawMediaTypes, 'text/plain; charset=utf-8', 'Application/PKIX-Cert'])(
    'is taken as it is under %s',
    async (mediaType) => {
      // superagent encodes octets as a form for that media type.
      for (const body of mediaType.endsWith('urlencoded') ? [pem] : [der, Buffer.from(pem)]) {
        const answer = await raw(body, mediaType).expect(200);
        expect(certificateIn(answer)).toMatchObject({ kubernetes: { username: 'jane', groups: ['team-a', 'team-b'] } });
        expect(answer.type).toBe('application/json');
        expect(answer.headers['cache-control']).toBe('no-store');
      }
    },
  );

  it('is taken as it is without a media type', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const headers = { authorization: `Bearer ${service.tokenOf('alice')}` };
      const call = httpRequest(new URL(url, service.address), { method: 'POST', headers }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(text));
      });
      call.on('error', reject);
      call.end(der);
    });
    expect(answer).toContain('"username":"jane"');
  });

  it.each([
    ['PEM', () => pem],
    ['base64 of DER', () => der.toString('base64')],
    ['wrapped base64 of PEM', () => Buffer.from(pem).toString('base64').replace(/.{76}/g, '$&\r\n')],
    ['PEM among other text', () => `Here it is:\r\n\r\n${pem.replaceAll('\n', '\r\n')}\r\nRegards`],
  ])('is JSON with %s', async (_what, content) => {
    const answer = await json({ content: content(), name: 'jane.crt' }).expect(200);
    expect(typesIn(answer)).toEqual(['Certificate']);
    expect(as.inspection(answer).objects[0]?.path).toBe('jane.crt');
  });

  it('is JSON of more than other routes take', async () => {
    const answer = await json({ content: `${'# a comment\n'.repeat(60_000)}${pem}` }).expect(200);
    expect(typesIn(answer)).toEqual(['Certificate']);
  });

  it('is multipart with several files and their folders, and octets without a file name', async () => {
    const answer = await post()
      .attach('file', Buffer.from(caPem), inFolder('pki/ca.crt'))
      .attach('file', der, inFolder('pki/users/jane.crt'))
      .field('key', keyPem)
      .expect(200);
    const inspection = as.inspection(answer);
    expect(inspection.objects.map((object) => [object.path, object.type])).toEqual([
      ['pki/ca.crt', 'Certificate'],
      ['pki/users/jane.crt', 'Certificate'],
      ['key', 'PrivateKey'],
    ]);
    expect(inspection.relations).toEqual(
      expect.arrayContaining([
        { type: 'SignedBy', from: 'pki/users/jane.crt', to: 'pki/ca.crt' },
        { type: 'IsKeyOf', from: 'key', to: 'pki/users/jane.crt' },
      ]),
    );
  });

  it('says the same in every way that a text may come', async () => {
    // The rest of a validity is another number a moment later.
    const timeless = ({ text }: Answer): unknown =>
      JSON.parse(text, (key, value: unknown) => (/remaining/i.test(key) ? undefined : value));
    for (const name of ['parameters-dh', 'parameters-ec', 'user', 'public-key', 'key-sec1', 'pem-empty-block']) {
      const [part] = readFixture(name).upload.parts;
      const body = Buffer.from(part!.bytes);
      const answers = await Promise.all([
        raw(body).expect(200),
        json({ content: body.toString() }).expect(200),
        json({ content: body.toString('base64') }).expect(200),
        json({ content: body.toString(), name: 'upload' }).expect(200),
        post().attach('file', body, 'upload').expect(200),
      ]);
      const [first, ...others] = answers.map(timeless);
      for (const other of others) expect(other, name).toEqual(first);
    }
  });

  it('is a tar', async () => {
    const tar = await tarOf({ 'pki/ca.crt': caPem, 'pki/jane.crt': pem });
    const inspection = as.inspection(await raw(tar, 'application/x-tar').expect(200));
    expect(objectAt(inspection, 'pki/ca.crt')).toMatchObject({ type: 'Certificate', role: 'CA' });
    expect(objectAt(inspection, 'pki/jane.crt')).toMatchObject({ type: 'Certificate', role: 'User' });
  });

  it('that is a certificate may come with others, and is still what it is', async () => {
    const answer = await raw(`${pem}${caPem}`, 'application/pem-certificate-chain').expect(200);
    expect(typesIn(answer)).toEqual(['Certificate', 'Certificate']);
  });

  it.each(['image/png', 'application/jsonx', 'text/html', 'nonsense'])('is refused as %s: 415', async (mediaType) => {
    const { body } = await raw('x', mediaType).expect(415);
    expect(body).toMatchObject({ type: type('unsupported-media-type') });
  });

  it.each<[string, string, object[] | null]>([
    ['not JSON', '{"content":', null],
    ['JSON and more', '{"content":"x"} {}', null],
    ['a comma too many', '{"content":"x",}', null],
    ['a string that does not end', '{"content":"x\\"}', null],
    ['a line break in a string', '{"content":"x\ny"}', null],
    ['one member twice', '{"content":"x","content":"y"}', null],
    ['one member twice, written differently', '{"content":"x","c\\u006fntent":"y"}', null],
    ['a lone surrogate', '{"content":"\\ud800"}', null],
    ['thousands of members', `{${Array.from({ length: 5000 }, (_, i) => `"a${i}":""`).join()}}`, null],
    ['a list', '[]', [{ pointer: '', message: 'must be an object' }]],
    ['nothing in it', '{}', [{ pointer: '/content', message: 'is required' }]],
    ['a number', '{"content":7}', [{ pointer: '/content', message: 'must be a text' }]],
    [
      'an object for a password',
      '{"content":"x","password":{}}',
      [{ pointer: '/password', message: 'must be a text' }],
    ],
    [
      'a name too long and unknown members',
      JSON.stringify({ content: 'x', name: 'a'.repeat(256), passwort: '', 'a/b': '' }),
      [
        { pointer: '/passwort', message: 'is not a known property; did you mean "password"?' },
        { pointer: '/a~1b', message: 'is not a known property' },
        { pointer: '/name', message: 'must have at most 255 characters' },
      ],
    ],
    [
      'a property of every object',
      '{"content":"x","__proto__":"y"}',
      [{ pointer: '/__proto__', message: 'is not a known property' }],
    ],
    [
      'an unknown member that is no string',
      '{"content":"x","a":[1]}',
      [{ pointer: '/a', message: 'is not a known property' }],
    ],
  ])('is refused as JSON that is %s: 400', async (_what, text, errors) => {
    const { body } = await json(text).expect(400);
    expect(body).toMatchObject({ type: type('invalid-request') });
    expect(as.problem({ body } as Answer).errors ?? null).toEqual(errors);
  });

  it.each([
    ['nothing', '', 'there is nothing in the upload'],
    ['more members than are read', `{"content":"x"${',"a":1'.repeat(60)}}`, 'the body gives "a" twice'],
    [
      'many different members',
      `{${Array.from({ length: 60 }, (_, i) => `"m${String(i)}":1`).join(',')}}`,
      'the body has too many members',
    ],
    [
      'objects within one another',
      `{"content":${'{"a":'.repeat(60)}1${'}'.repeat(60)}}`,
      'the body has too many members',
    ],
  ])('is refused as JSON with %s: 400, with a reason', async (_what, text, detail) => {
    const answer = await json(text).expect(400);
    expect(as.problem(answer).detail).toMatch(detail);
  });

  it('is refused as JSON that is not UTF-8', async () => {
    await raw(Buffer.from([0x7b, 0xff, 0x7d]), 'application/json').expect(400);
  });

  it.each<[string, string, string]>([
    ['no boundary', 'multipart/form-data', 'x'],
    ['no part', 'multipart/form-data; boundary=b', '--b--\r\n'],
    [
      'another boundary',
      'multipart/form-data; boundary=b',
      '--c\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--c--\r\n',
    ],
    [
      'no end',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nx',
    ],
    ['nothing at all', 'multipart/form-data; boundary=b', ''],
  ])('is refused as multipart with %s: 400', async (_what, mediaType, text) => {
    const { body } = await raw(text, mediaType).expect(400);
    expect(body).toMatchObject({ type: type('invalid-request') });
  });

  it('is refused with two passwords, or one that is too long: 400', async () => {
    const file = () => post().attach('file', der, 'a.crt');
    await file().field('password', 'a').field('password', 'b').expect(400);
    await file().field('password', 'ä'.repeat(1025)).expect(400);
    await file().field('password', 'a'.repeat(10_000)).expect(400);
    await file().field('password', 'ä'.repeat(1024)).expect(200);
  });

  it('is refused where there is none: 400', async () => {
    await post().expect(400);
    await raw('').expect(400);
    await json({ content: '' }).expect(400);
  });
});

describe('limits', () => {
  const mebibyte = 1024 * 1024;
  const tooLarge = { type: type('content-too-large'), status: 413 };

  it('take 1 MiB of whatever it is', async () => {
    const answer = await raw(Buffer.alloc(mebibyte, 0x78)).expect(200);
    expect(typesIn(answer)).toEqual(['Unknown']);
    await post()
      .attach('a', Buffer.alloc(mebibyte / 2, 0x78), 'a')
      .attach('b', Buffer.alloc(mebibyte / 2, 0x78), 'b')
      .expect(200);
    await json({ content: 'x'.repeat(mebibyte) }).expect(200);
  });

  it('refuse more: 413', async () => {
    expect((await raw(Buffer.alloc(mebibyte + 1, 0x78)).expect(413)).body).toMatchObject(tooLarge);
    expect((await raw(Buffer.alloc(2 * mebibyte, 0x78)).expect(413)).body).toMatchObject(tooLarge);
    expect((await json({ content: 'x'.repeat(mebibyte + 1) }).expect(413)).body).toMatchObject(tooLarge);
    expect((await json({ content: 'x'.repeat(2 * mebibyte) }).expect(413)).body).toMatchObject(tooLarge);
    const halves = post()
      .attach('a', Buffer.alloc(mebibyte / 2, 0x78), 'a')
      .attach('b', Buffer.alloc(mebibyte / 2 + 1, 0x78), 'b');
    expect((await halves.expect(413)).body).toMatchObject(tooLarge);
  });

  it('refuse multipart that never ends, wherever it does not: 413', async () => {
    const part = '--b\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n';
    for (const beginning of ['a preamble ', part, `${part}x\r\n--b--\r\n an epilogue `])
      expect(await endless('multipart/form-data; boundary=b', beginning)).toBe(413);
  });

  it('refuse more than 200 parts: 422', async () => {
    const parts = (count: number) => {
      const call = post();
      for (let i = 0; i < count; i += 1) call.attach('file', Buffer.from('x'), `${i}`);
      return call;
    };
    await parts(200).expect(200);
    const { body } = await parts(201).expect(422);
    expect(body).toMatchObject({ type: type('unacceptable-upload'), reason: 'TooManyObjects' });
    await parts(1000).expect(422);
  });

  it('refuse more than 200 objects: 422, with the reason', async () => {
    const { body } = await raw(pem.repeat(201)).expect(422);
    expect(body).toMatchObject({ type: type('unacceptable-upload'), reason: 'TooManyObjects' });
  });

  it('stay what they were on other routes', async () => {
    await service.as('alice')('post', '/v1/policies/evaluate').set('content-type', 'text/plain').send('{}').expect(415);
    await service
      .as('alice')('post', '/v1/policies/evaluate')
      .send({ username: 'jane', reason: 'x'.repeat(70_000) })
      .expect(413);
  });

  it('are answered with 503 and Retry-After where too many wait', async () => {
    const busy = await startService({
      context: (context) => ({
        ...context,
        inspecting: {
          ...context.inspecting,
          pool: { inspect: () => Promise.reject(new InspectionBusyError('too many')) },
        },
      }),
    });
    try {
      const two = pem.repeat(2);
      const answer = await busy.as('alice')('post', url).set('content-type', 'text/plain').send(two).expect(503);
      expect(answer.headers['retry-after']).toBe('2');
      expect(answer.body).toMatchObject({ type: type('service-unavailable') });
    } finally {
      await busy.close();
    }
  });
});

/** Sends an endless body until an answer arrives, and returns its status. */
function endless(contentType: string, beginning: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${service.tokenOf('alice')}`, 'content-type': contentType };
    const call = httpRequest(new URL(url, service.address), { method: 'POST', headers }, (response) => {
      resolve(response.statusCode ?? 0);
      response.resume();
      clearInterval(timer);
      call.destroy();
    });
    const block = Buffer.alloc(64 * 1024, 0x78);
    call.on('error', reject);
    call.write(beginning);
    const timer = setInterval(() => call.write(block), 1);
  });
}

describe('the answer', () => {
  it.each([
    [undefined, 'application/json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
    ['application/json', 'application/json; charset=utf-8'],
    ['text/plain', 'text/plain; charset=utf-8'],
    ['application/sarif+json', 'application/sarif+json; charset=utf-8'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html; charset=utf-8'],
  ])('to Accept: %s is %s', async (accept, contentType) => {
    // One upload that is read at once, and one that a worker reads.
    for (const body of [der, Buffer.from(pem + caPem)]) {
      const call = raw(body);
      if (accept !== undefined) call.set('accept', accept);
      const answer = await call.expect(200);
      expect(answer.headers).toMatchObject({
        'content-type': contentType,
        'cache-control': 'no-store',
        vary: 'Accept',
        'x-content-type-options': 'nosniff',
      });
      expect(answer.text).toContain(contentType.includes('sarif') ? '"version":"2.1.0"' : 'jane');
    }
  });

  it('as a page allows nothing but its own style', async () => {
    const answer = await raw(der).set('accept', 'text/html').expect(200);
    const policy = answer.headers['content-security-policy'] ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='/);
    expect(policy).not.toMatch(/unsafe|script-src|\*/);
    expect(answer.text).toMatch(/^<!doctype html>/i);
    expect(answer.text).not.toMatch(/<script/i);
  });

  it('as anything else is refused: 406', async () => {
    await raw(der).set('accept', 'application/pdf').expect(406);
  });

  it('is for callers with a token: 401', async () => {
    const { headers, body } = await service
      .anonymous('post', url)
      .set('content-type', 'text/plain')
      .send(pem)
      .expect(401);
    expect(headers['www-authenticate']).toMatch(/^Bearer/);
    expect(body).toMatchObject({ type: type('unauthenticated') });
  });

  it('is for every principal, whatever it may do', async () => {
    for (const who of ['alice', 'bob', 'audrey', 'root'] as const)
      await post(who).set('content-type', 'application/octet-stream').send(der).expect(200);
  });

  it('says where the chain ends, at a cluster of ours', async () => {
    const answer = await raw(pem).expect(200);
    expect(as.inspection(answer).relations).toContainEqual({
      type: 'ChainsTo',
      from: as.inspection(answer).objects[0]?.path,
      to: '/v1/clusters/demo',
    });
  });

  it.each<[Person, boolean]>([
    ['alice', true],
    ['audrey', true],
    ['root', true],
    ['hr-system', false],
    ['bob', false],
  ])('to %s tells of the record: %s', async (who, mayRead) => {
    for (const body of [der, Buffer.from(pem + caPem)]) {
      const answer = await post(who).set('content-type', 'application/octet-stream').send(body).expect(200);
      const { inventory } = certificateIn(answer);
      if (mayRead)
        expect(inventory).toEqual({
          requestId: requestUrl.split('/').at(-1),
          state: 'issued',
          cluster: 'demo',
          requester: 'alice',
          orphan: false,
          revocation: null,
        });
      else expect(inventory).toBeNull();
      expect(answer.text.includes(requestUrl)).toBe(mayRead);
    }
  });

  it('remarks upon lifetimes as the configuration says', async () => {
    const { dataDir } = service;
    const ca = (name: string) => join(dataDir, 'ca', name);
    const configured = await startService({
      config: `clusters:
  - name: demo
    server: https://127.0.0.1:6443
    servingCertificateAuthority: ${ca('ca.crt')}
    signer: { localCA: { certFile: ${ca('ca.crt')}, keyFile: ${ca('ca.key')} } }
inspection: { expiresWithinSeconds: 60, maxValiditySeconds: 600 }
`,
    });
    try {
      const codes = async () =>
        codesIn(await configured.as('alice')('post', url).set('content-type', 'text/plain').send(pem).expect(200));
      expect(codesIn(await raw(pem).expect(200))).not.toContain('ValidityTooLong');
      expect(await codes()).toContain('ValidityTooLong');
      const left = (new X509Certificate(pem).validToDate.getTime() - Date.now()) / 1000;
      configured.advance(left - 300);
      expect(await codes()).not.toContain('CertificateExpiresSoon');
      configured.advance(270);
      expect(await codes()).toContain('CertificateExpiresSoon');
    } finally {
      await configured.close();
    }
  });
});

describe('secrets', () => {
  const formats = ['application/json', 'application/sarif+json', 'text/plain', 'text/html'];

  it('of a private key are in no answer and no log', async () => {
    const key = createPrivateKey(keyPem);
    const secrets = [keyPem, caKeyPem].flatMap((text) => {
      const lines = text.trim().split('\n').slice(1, -1);
      return [lines.join(''), lines[1] ?? '', Buffer.from(lines.join(''), 'base64').toString('hex')];
    });
    const jwk = key.export({ format: 'jwk' });
    secrets.push(jwk.d ?? '', Buffer.from(jwk.d ?? '', 'base64url').toString('hex'));
    for (const format of formats)
      for (const body of [
        keyPem,
        caKeyPem,
        `${keyPem}${pem}${caKeyPem}`,
        keyPem.slice(0, -60),
        keyPem.replace('M', '?'),
      ]) {
        const answer = await raw(body).set('accept', format).expect(200);
        for (const secret of secrets) {
          expect(secret.length).toBeGreaterThan(30);
          expect(answer.text.replace(/\s/g, '')).not.toContain(secret);
        }
      }
    for (const secret of secrets) expect(service.log()).not.toContain(secret);
  });

  it('that open a key are used for that upload and told to nobody', async () => {
    const password = 'correct horse battery staple';
    const encrypted = createPrivateKey(keyPem)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: password })
      .toString();
    for (const format of formats)
      for (const given of [password, 'a wrong password']) {
        const byJson = await json({ content: encrypted, password: given }).set('accept', format).expect(200);
        const byForm = await post()
          .attach('file', Buffer.from(encrypted), 'key.pem')
          .field('password', given)
          .set('accept', format)
          .expect(200);
        for (const answer of [byJson, byForm]) {
          expect(answer.text).not.toContain(given);
          if (format !== 'application/json') continue;
          const [object] = as.inspection(answer).objects;
          expect(object).toMatchObject({ type: 'PrivateKey', encrypted: true });
          expect(object?.type === 'PrivateKey' && object.publicKey !== null).toBe(given === password);
        }
        expect(service.log()).not.toContain(given);
      }
    const without = as.inspection(await raw(encrypted).expect(200));
    expect(without.objects[0]).toMatchObject({ type: 'PrivateKey', encrypted: true, publicKey: null });
  });

  it('of a kubeconfig are not shown, and what it would run is not run', async () => {
    const touched = join(service.dataDir, 'touched');
    const kubeconfig = `apiVersion: v1
kind: Config
current-context: c
clusters:
- name: c
  cluster: { server: "http://127.0.0.1:1/", certificate-authority: ${join(service.dataDir, 'ca', 'ca.key')} }
contexts: [{ name: c, context: { cluster: c, user: u } }]
users:
- name: u
  user:
    token: my-static-token
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: /usr/bin/touch
      args: [${touched}, --token, my-secret-argument]
      env: [{ name: VARIABLE, value: my-secret-value }]
- name: file
  user: { tokenFile: ${join(service.dataDir, 'admin-token')} }
`;
    for (const format of formats) {
      const answer = await raw(kubeconfig, 'application/yaml').set('accept', format).expect(200);
      expect(answer.text).toContain('/usr/bin/touch');
      expect(answer.text).toContain('[redacted]');
      expect(answer.text).toContain('SecretRedacted');
      for (const secret of ['my-static-token', 'my-secret-value', 'my-secret-argument', service.adminToken]) {
        expect(answer.text).not.toContain(secret);
        expect(service.log()).not.toContain(secret);
      }
    }
    const codes = codesIn(await raw(kubeconfig, 'application/yaml').expect(200));
    expect(codes).toEqual(expect.arrayContaining(['ExecCommand', 'StaticToken', 'ServerOverHttp']));
    expect(existsSync(touched)).toBe(false);
  });

  it('of an upload are not in the log, not even at its lowest level', async () => {
    await raw(`my-upload-content ${pem}`).expect(200);
    await post().attach('file', Buffer.from('my-upload-content'), 'my-upload-name').expect(200);
    await json({ content: 'my-upload-content', name: 'my-upload-name' }).expect(200);
    for (const secret of ['my-upload-content', 'my-upload-name', service.tokenOf('alice'), 'Bearer'])
      expect(service.log()).not.toContain(secret);
  });
});
