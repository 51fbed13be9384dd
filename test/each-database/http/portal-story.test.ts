// Tests src/requests/request-routes.ts, src/requests/kubeconfig-routes.ts, src/access/certificate-routes.ts, openapi/
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { as, type Answer } from '../../http/support/call.js';
import { startService, type Method, type Person, type TestService } from '../../http/support/service.js';

const { paths } = JSON.parse(readFileSync(new URL('../../../openapi/portal.json', import.meta.url), 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
};

let service: TestService;
beforeAll(async () => {
  const policies = readFileSync(new URL('../../../policies/demo.yaml', import.meta.url), 'utf8');
  service = await startService({ policies });
});
afterAll(() => service.close());

it('the document for portals has 17 operations', () => {
  expect(Object.values(paths).flatMap((methods) => Object.values(methods).map((one) => one.operationId))).toHaveLength(
    17,
  );
});

it('a portal comes from the wish to the list of what ends in seven calls, and no field needs another one', async () => {
  let calls = 0;
  const call = async (who: Person, method: Method, template: string, values: readonly string[] = [], body?: object) => {
    expect(Object.keys(paths[template] ?? {}), template).toContain(method);
    calls += 1;
    const rest = [...values];
    const made = service.as(who)(method, template.replaceAll(/\{\w+\}/g, () => rest.shift() ?? '') + rest.join(''));
    const answer: Answer = await (body === undefined ? made : made.send(body));
    expect(answer.status, answer.text).toBeLessThan(300);
    return answer;
  };

  const ask = { username: 'jane', groups: ['dev'], expirationSeconds: 172_800, reason: 'on call' };
  const asked = as.waiting(await call('alice', 'post', '/v1/kubeconfigs', [], ask));
  expect(asked).toMatchObject({ ...ask, cluster: 'demo', state: 'pending', requester: 'alice', collector: 'alice' });
  expect(asked.awaiting).toMatchObject([{ stage: 0, needed: 1 }]);
  expect(asked.waitsUntil).not.toBeNull();

  const one = '/v1/certificate-requests/{id}';
  expect(as.request(await call('alice', 'get', one, [asked.id])).state).toBe('pending');
  expect(as.request(await call('bob', 'post', `${one}/approve`, [asked.id])).state).toBe('approved');

  const collected = as.kubeconfig(await call('alice', 'post', `${one}/kubeconfig`, [asked.id]));
  expect(collected.kubeconfig).toContain('client-key-data');
  expect(collected.request).toMatchObject({ id: asked.id, state: 'issued', certificate: collected.certificate });
  expect(collected.certificate).toMatchObject({
    username: 'jane',
    groups: ['dev'],
    requester: 'alice',
    requestId: asked.id,
  });

  const certificate = '/v1/certificates/{fingerprintSha256}';
  const { fingerprintSha256, notAfter, notBefore } = collected.certificate;
  const renewed = as.kubeconfig(await call('alice', 'post', `${certificate}/renew`, [fingerprintSha256]));
  expect(renewed.kubeconfig).toContain('client-key-data');
  expect(renewed.request).toMatchObject({ renewalOf: fingerprintSha256, expirationSeconds: ask.expirationSeconds });
  const lifetime = (one: { notAfter: string; notBefore: string }) =>
    Date.parse(one.notAfter) - Date.parse(one.notBefore);
  expect(lifetime(renewed.certificate)).toBe(lifetime({ notAfter, notBefore }));

  const reason = { reason: 'superseded' };
  const revoked = as.certificate(await call('alice', 'post', `${certificate}/revoke`, [fingerprintSha256], reason));
  expect(revoked).toMatchObject({
    status: 'revoked',
    revocation: reason,
    supersededBy: renewed.certificate.fingerprintSha256,
  });
  expect(revoked.enforcement?.continues).not.toEqual([]);

  const inFourDays = new Date(Date.now() + 4 * 86_400_000).toISOString();
  const query = `?status=live&notAfterBefore=${inFourDays}`;
  const { items } = as.certificates(await call('alice', 'get', '/v1/certificates', [query]));
  expect(items).toMatchObject([
    { fingerprintSha256: renewed.certificate.fingerprintSha256, requester: 'alice', collector: 'alice' },
  ]);
  expect(calls).toBe(7);
});
