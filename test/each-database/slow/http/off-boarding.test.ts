// Tests docs/off-boarding.md, src/directory/consequences.ts, src/access/block-identity.ts
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csrFor } from '../../../../packages/x509/test/helpers/csr.js';
import { isInstalled } from '../../../helpers/is-installed.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { startService, type TestService } from '../../../http/support/service.js';

const people = Array.from({ length: 500 }, (_, i) => `p${String(i).padStart(3, '0')}@corp.example`);
const leaving = people.filter((_, i) => i % 10 === 3);
const staying = people.filter((_, i) => i % 10 !== 3);

/** The script of the page about off-boarding. */
const script =
  /```shell file=off-board\.sh\n([\s\S]*?)```/.exec(readFileSync('docs/off-boarding.md', 'utf8'))?.[1] ?? '';

let service: TestService;
const directory = temporaryDirectory();
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

const groups = ['team-a'];
const post = (as: 'hr-system' | 'root', path: string, body: object) => service.as(as)('post', path).send(body);

/** Without the checks of the contract, which take longer than everything else. */
async function onboard(username: string): Promise<void> {
  const headers = { authorization: `Bearer ${service.tokenOf('hr-system')}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ username, groups });
  const { status } = await fetch(`${service.address}/v1/kubeconfigs`, { method: 'POST', headers, body });
  expect(status).toBe(201);
}

async function eachAtOnce<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let begin = 0; begin < items.length; begin += 25)
    results.push(...(await Promise.all(items.slice(begin, begin + 25).map(work))));
  return results;
}

async function offBoard(): Promise<string> {
  const file = join(directory.path, 'off-board.sh');
  const list = join(directory.path, 'leaving.txt');
  writeFileSync(file, script);
  writeFileSync(list, `${leaving.join('\n')}\n`);
  const env = { ...process.env, KUBEPASS: service.address, TOKEN: service.tokenOf('petra') };
  return (await promisify(execFile)('sh', [file, list], { env })).stdout;
}

/** Milliseconds that the programs take which the script starts for each person. */
async function timeOfPrograms(): Promise<number> {
  const begun = performance.now();
  const call = 'printf x | jq -sRr @uri && curl -sS "$KUBEPASS/livez" | jq -r .';
  for (let i = 0; i < 5; i++)
    await promisify(execFile)('sh', ['-c', call], { env: { ...process.env, KUBEPASS: service.address } });
  return (performance.now() - begun) / 5;
}

describe.skipIf(!isInstalled('jq') || !isInstalled('curl'))('off-boarding 50 of 500 people', () => {
  it('takes a script of less than 20 lines, which ends all access by any way in', async () => {
    expect(script.trim().split('\n').length).toBeLessThan(20);
    await eachAtOnce(people, onboard);
    // Tokens in their names, which somebody who is blocked gets no more.
    const makeToken = (name: string) => post('root', '/v1/api-tokens', { name, roles: ['requester'] });
    const tokens = new Map<string, string>();
    await eachAtOnce(leaving, async (username) => {
      const { body } = await makeToken(username).expect(201);
      tokens.set(username, (body as { token: string }).token);
    });
    const [first = '', second = ''] = leaving;
    // Whatever they still could collect, and whatever waits for approval.
    const collectable = await post('hr-system', '/v1/certificate-requests', {
      username: 'other',
      groups,
      collector: first,
    });
    const waiting = await post('hr-system', '/v1/certificate-requests', { username: second, groups: ['ops-a'] });
    const idOf = ({ body }: { body: unknown }) => (body as { id: string }).id;

    const begun = performance.now();
    const exposed = (await offBoard()).trim().split('\n');
    const took = performance.now() - begun;
    // Half a minute, or longer on a machine so busy that the programs of the script alone take most of that.
    expect(took).toBeLessThan(Math.max(30_000, 2 * leaving.length * (await timeOfPrograms())));

    // The list is exactly what still works: on a cluster that refuses nothing, one certificate of each of them.
    expect(exposed.map((line) => line.split('\t')[0])).toEqual(leaving);
    const { body: blocked } = await service.as('petra')('get', '/v1/identities?blocked=true&limit=500').expect(200);
    expect((blocked as { items: { username: string }[] }).items.map(({ username }) => username)).toEqual(leaving);
    const { body: left } = await service.as('petra')('get', '/v1/identities?usernamePrefix=p&limit=500').expect(200);
    expect((left as { items: { username: string }[] }).items.map(({ username }) => username)).toEqual(staying);

    await eachAtOnce(leaving, async (username) => {
      const { pem } = await csrFor(username, groups);
      await makeToken(username).expect(403);
      const own = service.withToken(tokens.get(username) ?? '');
      const everyWay = [
        () => post('hr-system', '/v1/kubeconfigs', { username, groups }),
        () => post('hr-system', '/v1/certificate-requests', { csr: pem }),
        () => post('hr-system', '/v1/certificate-requests', { username: username.toUpperCase(), groups }),
        () => post('hr-system', '/v1/certificate-requests', { username: 'other', groups, collector: username }),
      ];
      // By their own credential they have no role.
      for (const ask of [{ username: 'other', groups }, { csr: pem }])
        expect((await own('post', '/v1/certificate-requests').send(ask).expect(403)).body).toMatchObject({
          detail: expect.stringContaining('your name is blocked on every cluster') as unknown,
        });
      // Everybody by the first way, and a fifth of them by every way.
      for (const way of leaving.indexOf(username) % 5 === 0 ? everyWay : everyWay.slice(0, 1)) {
        const { body } = await way().expect(403);
        expect(body).toMatchObject({
          violations: expect.arrayContaining([expect.objectContaining({ reason: 'IdentityBlocked' })]) as unknown,
        });
      }
      await own('post', `/v1/certificate-requests/${idOf(collectable)}/kubeconfig`).expect(403);
      // A renewal of whatever they had.
      const fingerprint = exposed[leaving.indexOf(username)]?.split('\t')[2] ?? '';
      await post('hr-system', `/v1/certificates/${fingerprint}/renew`, {}).expect(409);
    });
    await service
      .as('bob')('post', `/v1/certificate-requests/${idOf(waiting)}/approve`)
      .send({})
      .expect(409);
    await post('hr-system', '/v1/kubeconfigs', { username: staying[0] ?? '', groups }).expect(201);

    // Nothing is recorded twice where it is run again.
    expect((await offBoard()).trim().split('\n')).toEqual(exposed);
    const { body: events } = await service
      .as('audrey')('get', '/v1/audit-events?type=IdentityBlocked&limit=500')
      .expect(200);
    expect((events as { items: object[] }).items).toHaveLength(50);
  });
});
