// Tests src/access/certificate-schemas.ts, src/http/answers/exports.ts, src/http/answers/csv-record.ts,
// src/context/in-portions.ts
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertificateBody } from '../../src/access/certificate-schemas.js';
import type { ListedCertificate } from '../../src/model/certificate.js';
import type { RouteContext } from '../../src/start/route-context.js';
import { insertCertificate } from '../../src/store/tables/insert-certificate.js';
import { insertRequest } from '../../src/store/tables/write-request.js';
import { aCertificate, aRequest } from '../unit/store/records.js';
import { as } from './support/call.js';
import { startService, type TestService } from './support/service.js';
import { quietMoment } from '../helpers/quiet-moment.js';
import { withReaders } from '../helpers/other-methods.js';

const count = 1203;
const csv = 'text/csv';
const ndjson = 'application/x-ndjson';

/** The pages of the next export, instead of those of the inventory. */
let pages: (() => Promise<readonly ListedCertificate[]>) | null = null;

const withPages = (context: RouteContext): RouteContext =>
  withReaders(context, 'certificates', {
    list: async (...asked) =>
      pages === null ? context.store.certificates.list(...asked) : { items: await pages(), nextCursor: 'more' },
  });

let service: TestService;
beforeAll(async () => {
  service = await startService({ context: withPages });
  const hr = aRequest({ requester: { name: 'hr-system', groups: [], roles: ['requester'] }, collector: 'hr-system' });
  const alice = aRequest({ requester: { name: 'alice', groups: [], roles: ['requester'] }, collector: 'alice' });
  const certificates = Array.from({ length: count }, (_, i) =>
    aCertificate(i % 100 === 3 ? alice : hr, {
      username: i === 7 ? '=HYPERLINK("http://evil.example")' : `svc-${String(i % 50)}`,
      groups: i === 8 ? ['team-a', '=1+1'] : ['team-a', 'team-b'],
      subject: i === 9 ? 'CN=a "b", c' : 'CN=jane,O=dev',
    }),
  );
  await service.store.writer.commit({
    operations: [
      insertRequest(hr),
      insertRequest(alice),
      ...certificates.map((certificate) => insertCertificate(certificate)),
    ],
    events: [],
  });
});
afterAll(() => service.close());

const exported = (accept: string, query = '') =>
  service.as('audrey')('get', `/v1/certificates${query}`).set('accept', accept);

const linesIn = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as CertificateBody);

/** Reads CSV as RFC 4180 says. */
function recordsIn(text: string): readonly (readonly string[])[] {
  const records: string[][] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/y;
  let record: string[] = [];
  while (field.lastIndex < text.length) {
    const [, quoted, plain, end] = field.exec(text) ?? [];
    if (end === undefined) throw new Error('this is no CSV');
    record.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    records.push(record);
    record = [];
  }
  return records;
}

describe('certificates as NDJSON', () => {
  it('are all that match, in the order of the list and with the same members, whatever page is asked for', async () => {
    const answer = await exported(ndjson, '?limit=2').expect(200);
    expect(answer.type).toBe(ndjson);
    const lines = linesIn(answer.text);
    expect(lines).toHaveLength(count);
    const { items } = as.certificates(await service.as('audrey')('get', '/v1/certificates?limit=500').expect(200));
    expect(lines.slice(0, 500)).toEqual(items);
    expect(new Set(lines.map(({ fingerprintSha256 }) => fingerprintSha256)).size).toBe(count);
    expect(answer.text).not.toContain('pem');
  });

  it('are filtered as the list is', async () => {
    const lines = linesIn((await exported(ndjson, '?usernamePrefix=svc-3&requester=alice').expect(200)).text);
    expect(lines.map(({ username }) => username)).toEqual(Array<string>(12).fill('svc-3'));
    expect((await exported(ndjson, '?username=nobody').expect(200)).text).toBe('');
  });

  it('are the caller’s own alone, unless they may read all', async () => {
    const answer = await service.as('alice')('get', '/v1/certificates').set('accept', ndjson).expect(200);
    expect(linesIn(answer.text)).toHaveLength(12);
    const none = await service.as('carol')('get', '/v1/certificates').set('accept', ndjson).expect(200);
    expect(none.text).toBe('');
  });
});

describe('certificates as CSV', () => {
  it('are records of the same fields, with their names first', async () => {
    const answer = await exported(csv).expect(200);
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    const [head = [], ...records] = recordsIn(answer.text);
    expect(head.slice(0, 3)).toEqual(['fingerprintSha256', 'serialNumber', 'subject']);
    expect(records).toHaveLength(count);
    expect(records.every(({ length }) => length === head.length)).toBe(true);
    const [newest] = linesIn((await exported(ndjson)).text);
    expect(Object.fromEntries(head.map((name, i) => [name, records[0]?.[i]]))).toEqual({
      ...newest,
      groups: 'team-a;team-b',
      publicKey: undefined,
      keyAlgorithm: newest?.publicKey.algorithm,
      spkiSha256: newest?.publicKey.spkiSha256,
      orphan: 'false',
      revocation: undefined,
      revokedAt: '',
      revocationReason: '',
      renewalOf: '',
      supersededBy: '',
    });
  });

  it('say whose each one is', async () => {
    const [head = [], ...records] = recordsIn((await exported(csv)).text);
    const counted = (name: string, value: string) =>
      records.filter((record) => record[head.indexOf(name)] === value).length;
    for (const name of ['requester', 'collector'])
      expect([counted(name, 'alice'), counted(name, 'hr-system')]).toEqual([12, count - 12]);
    expect(head).not.toContain('pem');
    expect(head).not.toContain('enforcement');
  });

  it('hold no formula, and quotes and commas stay in their field', async () => {
    const records = recordsIn((await exported(csv)).text);
    const values = (name: string) => records.map((record) => record[records[0]?.indexOf(name) ?? -1]);
    expect(values('username')).toContain(`'=HYPERLINK("http://evil.example")`);
    expect(values('groups')).toContain(`team-a;'=1+1`);
    expect(values('subject')).toContain('CN=a "b", c');
    for (const record of records) for (const value of record) expect(value).not.toMatch(/(^|[;,])\s*[=+@-]/);
  });

  it('have their head where none matches', async () => {
    expect(recordsIn((await exported(csv, '?username=nobody').expect(200)).text)).toHaveLength(1);
  });
});

it('HEAD gets the headers alone', async () => {
  const answer = await service.as('audrey')('head', '/v1/certificates').set('accept', csv);
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toContain(csv);
  expect(answer.headers['content-length']).toBeUndefined();
});

it('a filter that is not valid has its own answer, and another form is 406', async () => {
  await exported(csv, '?usernamePrefix=').expect(400);
  await exported(ndjson, '?nonsense=1').expect(400);
  await exported('text/html').expect(406);
});

describe('an export that breaks off', () => {
  const fault = () => Promise.reject(new Error('the disk of 10.1.2.3 is gone'));
  const someThenFault = () => {
    pages = fault;
    return Promise.resolve([aCertificate({ id: '01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f' })]);
  };

  it('is answered as a problem while nothing was sent', async () => {
    pages = fault;
    for (const accept of [csv, ndjson]) {
      const answer = await exported(accept).expect(500);
      expect(as.problem(answer).type).toBe('urn:kubepass:problem:internal-error');
    }
    pages = null;
  });

  it('ends with a line that says so, and not what the log says', async () => {
    pages = someThenFault;
    const lines = (await exported(ndjson).expect(200)).text.trimEnd().split('\n');
    pages = someThenFault;
    const records = recordsIn((await exported(csv).expect(200)).text);
    pages = null;
    expect(lines).toHaveLength(2);
    const last = JSON.parse(lines[1] ?? '') as { problem: { status: number; requestId: string } };
    expect(Object.keys(last)).toEqual(['problem']);
    expect(last.problem).toMatchObject({ status: 500, type: 'urn:kubepass:problem:internal-error' });
    expect(service.log()).toContain(last.problem.requestId);
    expect(records).toHaveLength(3);
    expect(records[2]?.[0]).toBe('ERROR');
    expect(records[2]?.[1]).toMatch(/^the export broke off here: /);
    expect(records[2]).toHaveLength((records[0]?.length ?? 0) + 1);
    expect([...lines, ...records.flat()].join()).not.toContain('10.1.2.3');
    expect(service.log()).toContain('an export broke off');
  });
});

describe('an export without end', () => {
  const some = Array.from({ length: 500 }, () => aCertificate({ id: '01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f' }));
  let taken = 0;
  const endless = () => {
    taken += 1;
    return Promise.resolve(some);
  };
  const isQuiet = async () => {
    const before = taken;
    await quietMoment(200);
    return taken === before;
  };

  it('is read no further than its caller reads, and ends when they leave', async () => {
    pages = endless;
    const headers = { authorization: `Bearer ${service.tokenOf('audrey')}`, accept: ndjson };
    const call = get(`${service.address}/v1/certificates`, { headers });
    const [answer] = (await once(call, 'response')) as [IncomingMessage];
    answer.pause();
    // It goes on until the buffers between the two are full.
    await expect.poll(isQuiet).toBe(true);
    const before = taken;
    // A portion is 250 KB here; the sockets hold a few MB.
    expect(taken).toBeLessThan(100);

    answer.resume();
    await expect.poll(() => taken).toBeGreaterThan(before + 10);
    call.destroy();
    await expect.poll(isQuiet).toBe(true);
    pages = null;
  });
});
