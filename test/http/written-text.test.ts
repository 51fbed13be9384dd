// Tests src/http/schemas/schema-parts.ts, src/model/name-grammar.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from './support/call.js';
import { localCluster } from './support/local-cluster.js';
import { exampleId } from '../../src/http/schemas/schema-parts.js';
import { startService, type TestService } from './support/service.js';

const directory = temporaryDirectory();
let service: TestService;
beforeAll(async () => {
  service = await startService({ config: await localCluster(directory.path) });
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

const ask = { username: 'somebody', groups: ['team-a'] };
const post = (path: string, body: object) => service.as('root')('post', path).send(body);
const pathsOf = (id: string, fingerprint: string): readonly (readonly [string, object, string])[] => [
  ['/v1/certificate-requests', ask, 'reason'],
  ['/v1/kubeconfigs', ask, 'reason'],
  [`/v1/certificates/${fingerprint}/renew`, {}, 'reason'],
  ['/v1/policies/evaluate', ask, 'reason'],
  ...['approve', 'deny', 'cancel'].map(
    (decision) => [`/v1/certificate-requests/${id}/${decision}`, {}, 'comment'] as const,
  ),
  [`/v1/certificates/${fingerprint}/revoke`, { reason: 'superseded' }, 'comment'],
  ['/v1/identities/nobody/block', { reason: 'superseded' }, 'comment'],
  ['/v1/identities/nobody/unblock', {}, 'comment'],
];

describe('text in which callers say why', () => {
  it.each(['\u0000', '\u0001', '\u000b', '\u001b', '\u007f', '\u009f'])(
    'is refused with the control character %j',
    async (control) => {
      const found = await service.store.requests.list({}, { limit: 1, cursor: null });
      for (const [path, body, member] of pathsOf(exampleId, 'ab'.repeat(32))) {
        const answer = await post(path, { ...body, [member]: `why${control}` });
        expect(answer.status, path).toBe(400);
        expect(as.problem(answer).errors, path).toEqual([
          { pointer: `/${member}`, message: 'must not have control characters other than tabs and line ends' },
        ]);
      }
      expect(await service.store.requests.list({}, { limit: 1, cursor: null })).toEqual(found);
    },
  );

  it('has lines and tabs, and every other character', async () => {
    const text = 'joins team A:\r\n\tas a reviewer 👩‍💻 “since Monday”\n';
    const asked = await post('/v1/certificate-requests', { ...ask, reason: text });
    expect(asked.status).toBe(201);
    expect(as.request(asked).reason).toBe(text);
    const blocked = await post('/v1/identities/nobody/block', { reason: 'superseded', comment: text });
    expect(blocked.status).toBe(200);
    expect(blocked.text).toContain(JSON.stringify(text));
  });
});

it('a name with control characters is not blocked, because a block is kept for good', async () => {
  const answer = await post('/v1/identities/no%01body/block', { reason: 'superseded' });
  expect(answer.status).toBe(400);
  expect(as.problem(answer).errors).toMatchObject([{ pointer: '/path/username' }]);
});
