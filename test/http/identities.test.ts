// Tests src/access/identity-routes.ts, src/access/read-identities.ts, src/access/block-identity.ts,
// src/access/exposed-identities.ts, src/access/identity-schemas.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { revokedCertificate } from '../../src/access/revoke-certificate.js';
import { exposedForm } from '../../src/access/identity-schemas.js';
import { insertCertificate } from '../../src/store/tables/insert-certificate.js';
import { insertRevocation } from '../../src/store/tables/revocation-table.js';
import { insertRequest } from '../../src/store/tables/write-request.js';
import { aCertificate, aRequest } from '../unit/store/records.js';
import { startService, type Person, type TestService } from './support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const path = (username: string, rest = '') => `/v1/identities/${encodeURIComponent(username)}${rest}`;
const reason = { reason: 'cessationOfOperation' };

/** Has a certificate issued and answers its request. */
async function issue(username: string, groups: readonly string[] = ['team-a'], as: Person = 'hr-system') {
  const { headers } = await service.as(as)('post', '/v1/kubeconfigs').send({ username, groups }).expect(201);
  const location = (headers as unknown as { location: string }).location;
  const { body } = await service.as(as)('get', location).expect(200);
  return body as { id: string; certificate: { fingerprintSha256: string } };
}
const ask = (username: string, more: object = {}) =>
  service
    .as('hr-system')('post', '/v1/certificate-requests')
    .send({ username, groups: ['team-a'], ...more });
const events = async (type: string) => {
  const { body } = await service.as('audrey')('get', `/v1/audit-events?type=${type}&limit=500`).expect(200);
  return (body as { items: { principal: string; details: Record<string, unknown> }[] }).items;
};
const certificateOf = async (fingerprint: string) => {
  const call = service.as('root')('get', `/v1/certificates/${fingerprint}`);
  return (await call.set('accept', 'application/json').expect(200)).body as object;
};
const block = (username: string, body: object = reason) =>
  service.as('petra')('post', path(username, '/block')).send(body);

describe('an identity', () => {
  it('is read with everything about it, its name percent-encoded', async () => {
    const username = 'ns/jane:read@corp.example';
    const { certificate } = await issue(username, ['team-b', 'team-a']);
    const { body: waiting } = await ask(username, { groups: ['ops-a'] }).expect(201);
    const { body } = await service.as('petra')('get', path(username)).expect(200);
    expect(body).toMatchObject({
      username,
      blocked: null,
      clusters: [{ cluster: 'demo', groups: ['team-a', 'team-b'], liveCertificates: 1, enforcement: 'none' }],
      certificates: [{ fingerprintSha256: certificate.fingerprintSha256, status: 'valid' }],
      waitingRequests: [{ id: (waiting as { id: string }).id, state: 'pending' }],
      residualExposure: [],
      requestedForOthers: [],
      roleBindings: [],
      omitted: false,
    });
  });

  it('is 404 where nobody knows it, and 403 for a requester', async () => {
    await service.as('petra')('get', path('nobody')).expect(404);
    await service.as('hr-system')('get', path('nobody')).expect(403);
    await service.as('hr-system')('get', '/v1/identities').expect(403);
    await service.as('audrey')('post', path('nobody', '/block')).send(reason).expect(403);
    await service.as('bob')('post', path('nobody', '/unblock')).expect(403);
  });

  it('may have 64 characters of four octets each', async () => {
    const username = '\u{1f510}'.repeat(64);
    await block(username).expect(200);
    const { body } = await service.as('root')('get', path(username)).expect(200);
    expect(body).toMatchObject({ username, blocked: { blockedBy: 'petra' } });
  });
});

describe('a block', () => {
  it('cancels, revokes and answers what is left, and records it once', async () => {
    const username = 'joe@corp.example';
    const { certificate } = await issue(username);
    const other = await issue('other@corp.example');
    const { body: waiting } = await ask(username, { groups: ['ops-a'] }).expect(201);
    const { body: approved } = await ask(username).expect(201);
    const before = (await events('IdentityBlocked')).length;

    const { body } = await block(username, { ...reason, comment: 'left' }).expect(200);
    const { fingerprintSha256 } = certificate;
    expect(body).toMatchObject({
      username,
      clusters: [],
      blocked: { ...reason, comment: 'left', clusters: null, until: null, blockedBy: 'petra' },
      certificates: [],
      waitingRequests: [],
      residualExposure: [{ cluster: 'demo', fingerprintSha256, enforcement: 'none' }],
    });
    for (const { id } of [waiting, approved] as { id: string }[]) {
      const { body: request } = await service.as('root')('get', `/v1/certificate-requests/${id}`).expect(200);
      expect(request).toMatchObject({ state: 'cancelled' });
    }
    expect(await certificateOf(fingerprintSha256)).toMatchObject({
      status: 'revoked',
      revocation: { ...reason, comment: 'left', revokedBy: 'petra' },
    });
    expect(await certificateOf(other.certificate.fingerprintSha256)).toMatchObject({ status: 'valid' });

    const { body: again } = await block(username, { ...reason, comment: 'left' }).expect(200);
    expect(again).toEqual(body);
    const recorded = (await events('IdentityBlocked')).slice(before);
    expect(recorded).toMatchObject([
      { principal: 'petra', details: { username, revokedCertificates: 1, cancelledRequests: 2 } },
    ]);
  });

  it('denies with IdentityBlocked, asked and tried out', async () => {
    await block('lea').expect(200);
    const { body } = await ask('Lea').expect(403);
    expect(body).toMatchObject({ violations: [{ source: 'built-in/identity-blocks', reason: 'IdentityBlocked' }] });
    const evaluated = await service
      .as('hr-system')('post', '/v1/policies/evaluate')
      .send({ username: 'lea', groups: ['team-a'] })
      .expect(200);
    expect(evaluated.body).toMatchObject({ outcome: 'denied', violations: [{ reason: 'IdentityBlocked' }] });
  });

  it('leaves what somebody requested for others, and lists it', async () => {
    const { certificate } = await issue('service-x', ['team-a'], 'alice');
    const { body } = await block('alice').expect(200);
    const { fingerprintSha256 } = certificate;
    expect(body).toMatchObject({ requestedForOthers: [{ fingerprintSha256, username: 'service-x', status: 'valid' }] });
    const refused = { username: 'service-x', groups: ['team-a'] };
    await service.as('alice')('post', '/v1/kubeconfigs').send(refused).expect(403);
    await service.as('petra')('post', path('alice', '/unblock')).expect(200);
  });

  it('only grows, until it is unblocked, each change one event', async () => {
    const soon = new Date(Date.now() + 60_000).toISOString();
    const later = new Date(Date.now() + 600_000).toISOString();
    const blocked = async (body: object) =>
      ((await block('max', { ...reason, ...body }).expect(200)).body as { blocked: object }).blocked;
    expect(await blocked({ until: later, clusters: ['demo'] })).toMatchObject({ until: later, clusters: ['demo'] });
    expect(await blocked({ until: soon, clusters: ['demo'] })).toMatchObject({ until: later, clusters: ['demo'] });
    expect(await blocked({})).toMatchObject({ until: null, clusters: null });
    expect(await blocked({ until: soon, clusters: ['demo'] })).toMatchObject({ until: null, clusters: null });
    const part = service
      .as('petra')('post', path('max', '/unblock'))
      .send({ clusters: ['demo'] });
    expect((await part.expect(400)).body).toMatchObject({ errors: [{ pointer: '/clusters' }] });
    const freed = await service.as('petra')('post', path('max', '/unblock')).send({ comment: 'is back' }).expect(200);
    expect(freed.body).toMatchObject({ blocked: null });
    await service.as('petra')('post', path('max', '/unblock')).expect(200);
    const mine = ({ details }: { details: Record<string, unknown> }) => details['username'] === 'max';
    expect((await events('IdentityBlocked')).filter(mine)).toHaveLength(2);
    expect((await events('IdentityUnblocked')).filter(mine)).toMatchObject([{ details: { comment: 'is back' } }]);
    await ask('max').expect(201);
  });

  it('holds for every spelling of the name, and the exposure that is left lists each', async () => {
    const spellings = ['Ute@corp.example', 'UTE@corp.example', 'ute@corp.example'];
    const fingerprints: string[] = [];
    for (const username of spellings) fingerprints.push((await issue(username)).certificate.fingerprintSha256);
    const { body: waiting } = await ask('uTe@corp.example', { groups: ['ops-a'] }).expect(201);
    const { body } = await block('ute@Corp.example').expect(200);
    for (const fingerprint of fingerprints)
      expect(await certificateOf(fingerprint)).toMatchObject({ status: 'revoked', revocation: reason });
    const { id } = waiting as { id: string };
    const { body: request } = await service.as('root')('get', `/v1/certificate-requests/${id}`).expect(200);
    expect(request).toMatchObject({ state: 'cancelled' });
    const exposed = (found: unknown) =>
      (found as { residualExposure: { fingerprintSha256: string }[] }).residualExposure
        .map(({ fingerprintSha256 }) => fingerprintSha256)
        .sort();
    expect(exposed(body)).toEqual(fingerprints.toSorted());
    for (const username of spellings)
      expect(exposed((await service.as('petra')('get', path(username)).expect(200)).body)).toEqual(
        fingerprints.toSorted(),
      );
  });

  it('is refused for a cluster that is not configured, and for an end that has passed', async () => {
    const { body } = await block('eva', { ...reason, clusters: ['nowhere'], until: '2020-01-01T00:00:00Z' }).expect(
      400,
    );
    expect(body).toMatchObject({ errors: [{ pointer: '/clusters/0' }, { pointer: '/until' }] });
  });

  it('revives nothing when it ends', async () => {
    const { certificate } = await issue('ida');
    await block('ida').expect(200);
    await service.as('petra')('post', path('ida', '/unblock')).expect(200);
    expect(await certificateOf(certificate.fingerprintSha256)).toMatchObject({ status: 'revoked' });
    const { body } = await service.as('petra')('get', path('ida')).expect(200);
    expect(body).toMatchObject({ blocked: null, clusters: [], residualExposure: [{ cluster: 'demo' }] });
  });
});

describe('the list of identities', () => {
  const list = async (query: string, as: Person = 'petra') => {
    const { body } = await service.as(as)('get', `/v1/identities${query}`).expect(200);
    return body as {
      items: { username: string; clusters: object[]; blocked: object | null }[];
      nextCursor: string | null;
    };
  };
  const names = async (query: string) => (await list(query)).items.map(({ username }) => username);

  beforeAll(async () => {
    for (const username of ['z-1', 'z-2', 'z-3']) await issue(username, username === 'z-2' ? ['team-z'] : ['team-a']);
    await issue('z-2', ['team-a']);
    await block('z-3').expect(200);
    await block('z-4', { ...reason, clusters: ['demo'] }).expect(200);
  });

  it('has who has access, by username, page by page', async () => {
    expect(await names('?usernamePrefix=z-')).toEqual(['z-1', 'z-2']);
    const first = await list('?usernamePrefix=z-&limit=1');
    expect(first.items.map(({ username }) => username)).toEqual(['z-1']);
    const second = await list(`?usernamePrefix=z-&limit=1&cursor=${String(first.nextCursor)}`);
    expect(second.items).toMatchObject([
      { username: 'z-2', clusters: [{ cluster: 'demo', groups: ['team-a', 'team-z'], liveCertificates: 2 }] },
    ]);
    expect(second.nextCursor).toBeNull();
  });

  it('is filtered', async () => {
    expect(await names('?group=team-z')).toEqual(['z-2']);
    expect(await names('?username=z-1')).toEqual(['z-1']);
    expect(await names('?username=z-3')).toEqual([]);
    expect(await names('?username=z-3&blocked=true')).toEqual(['z-3']);
    expect(await names('?username=z-1&usernamePrefix=y')).toEqual([]);
    expect(await names('?usernamePrefix=z-&cluster=demo')).toEqual(['z-1', 'z-2']);
    expect(await names('?cluster=other')).toEqual([]);
    expect(await names('?usernamePrefix=z-&blocked=true')).toEqual(['z-3', 'z-4']);
    expect(await names('?usernamePrefix=z-&blocked=false')).toEqual(['z-1', 'z-2']);
    const [soon, late] = [new Date(Date.now() + 60_000), new Date(Date.now() + 200_000_000)];
    expect(await names(`?usernamePrefix=z-&notAfterBefore=${soon.toISOString()}`)).toEqual([]);
    expect(await names(`?usernamePrefix=z-&notAfterBefore=${late.toISOString()}`)).toEqual(['z-1', 'z-2']);
  });
});

describe('the identities with residual exposure', () => {
  interface Exposed {
    readonly username: string;
    readonly leftAt: string | null;
    readonly blocked: object | null;
    readonly residualExposure: readonly { readonly fingerprintSha256: string; readonly continues: readonly string[] }[];
  }
  const url = (query = '') => `/v1/identities?residualExposure=true&usernamePrefix=x-${query}`;
  const exposed = async (query = '') =>
    (await service.as('audrey')('get', url(query)).expect(200)).body as {
      readonly items: readonly Exposed[];
      readonly nextCursor: string | null;
    };
  const names = async (query = '') => (await exposed(query)).items.map(({ username }) => username);
  const issued = new Map<string, string>();
  beforeAll(async () => {
    for (const username of ['x-lives', 'x-left', 'x-revoked', 'x-revoked', 'X-Left', 'x-also'])
      issued.set(username, (await issue(username)).certificate.fingerprintSha256);
    const revoke = service.as('root')('post', `/v1/certificates/${issued.get('x-revoked') ?? ''}/revoke`);
    await revoke.send({ reason: 'keyCompromise' }).expect(200);
    await block('x-left', { ...reason, comment: 'left' }).expect(200);
    await block('x-also').expect(200);
    await block('x-nobody').expect(200);
  });

  it('say in one page who is blocked or revoked and still works where, until when', async () => {
    const { items, nextCursor } = await exposed('&limit=500');
    expect(nextCursor).toBeNull();
    expect(items.map(({ username }) => username)).toEqual(['x-also', 'x-left', 'x-revoked']);
    expect(items[1]).toMatchObject({
      clusters: [],
      leftAt: null,
      blocked: { ...reason, comment: 'left', blockedBy: 'petra' },
      residualExposure: [
        {
          cluster: 'demo',
          fingerprintSha256: issued.get('x-left'),
          notAfter: expect.stringMatching(/Z$/) as string,
          enforcement: 'none',
          continues: ['everything, until the certificate expires or its bindings are removed'],
        },
      ],
      omitted: false,
    });
    // One of the two certificates is not revoked.
    expect(items[2]).toMatchObject({ blocked: null, clusters: [{ liveCertificates: 1 }] });
    expect(items[2]?.residualExposure).toMatchObject([{ fingerprintSha256: issued.get('x-revoked') }]);
    for (const { username, residualExposure } of items) {
      const { body } = await service.as('audrey')('get', path(username)).expect(200);
      const own = (body as Exposed).residualExposure.filter(({ fingerprintSha256 }) =>
        residualExposure.some((one) => one.fingerprintSha256 === fingerprintSha256),
      );
      expect(own).toEqual(residualExposure);
    }
    const upper = await service.as('root')('get', '/v1/identities?residualExposure=true&username=X-Left').expect(200);
    expect(upper.body).toMatchObject({ items: [{ username: 'X-Left', blocked: { username: 'x-left' } }] });
  });

  it('are listed page by page and filtered', async () => {
    const first = await exposed('&limit=2');
    expect(first.items).toHaveLength(2);
    const rest = await exposed(`&limit=2&cursor=${first.nextCursor ?? ''}`);
    expect([rest.items.map(({ username }) => username), rest.nextCursor]).toEqual([['x-revoked'], null]);
    expect(await names('&blocked=true')).toEqual(['x-also', 'x-left']);
    expect(await names('&blocked=false')).toEqual(['x-revoked']);
    expect(await names('&cluster=demo&group=team-a')).toHaveLength(3);
    expect(await names('&cluster=other')).toEqual([]);
    expect(await names('&group=team-b')).toEqual([]);
    expect(await names('&username=x-left')).toEqual(['x-left']);
    expect(await names(`&notAfterBefore=${new Date().toISOString()}`)).toEqual([]);
    await service.as('audrey')('get', '/v1/identities?residualExposure=false').expect(400);
    await service.as('hr-system')('get', url()).expect(403);
  });

  it('say that there are more certificates than are shown, and only then', async () => {
    const notAfter = new Date(Date.now() + 3_600_000);
    for (const [username, revoked, live] of [
      ['y-many', 501, 1],
      ['y-some', 300, 300],
    ] as const) {
      const request = aRequest({ username, state: 'issued' });
      const certificates = Array.from({ length: revoked + live }, () => aCertificate(request, { username, notAfter }));
      const revocation = { reason: 'superseded', comment: null, revokedAt: new Date(), revokedBy: 'root' } as const;
      await service.store.writer.commit({
        operations: [
          insertRequest(request),
          ...certificates.map((certificate) => insertCertificate(certificate)),
          ...certificates.slice(0, revoked).map((one) => insertRevocation(revokedCertificate(one, revocation))),
        ],
        events: [],
      });
      const list = service.as('audrey')('get', `/v1/identities?residualExposure=true&username=${username}`);
      const whole = service.as('audrey')('get', path(username));
      const [item] = ((await list.expect(200)).body as { items: (Exposed & { omitted: boolean })[] }).items;
      const details = (await whole.expect(200)).body as Exposed & { omitted: boolean };
      for (const { residualExposure, omitted } of [item!, details]) {
        expect(residualExposure).toHaveLength(Math.min(revoked, 500));
        expect(omitted).toBe(revoked > 500);
      }
      expect(item).toMatchObject({ clusters: [{ liveCertificates: live }] });
    }
  });

  it('come as CSV, a record for each certificate, without a formula', async () => {
    const csv = (query: string, person: Person = 'audrey') =>
      service.as(person)('get', `/v1/identities?${query}`).set('accept', 'text/csv');
    const answer = await csv('residualExposure=true&usernamePrefix=x-&limit=1').expect(200);
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    const [head, ...lines] = answer.text.trimEnd().split('\r\n');
    expect(head).toBe(
      'username,leftAt,blockedAt,blockedBy,blockReason,cluster,fingerprintSha256,notAfter,enforcement,continues,omitted',
    );
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(
      /^x-left,,.+Z,petra,cessationOfOperation,demo,[0-9a-f]{64},.+Z,none,"everything, .+",false$/,
    );
    const formula = { username: '=1+1', clusters: [], blocked: null, omitted: false };
    const exposure = { cluster: 'demo', fingerprintSha256: '00', notAfter: '2026-11-26T12:00:00.000Z' };
    const residualExposure = [{ ...exposure, enforcement: 'none' as const, continues: ['all', 'more'] }];
    expect(exposedForm.lines({ ...formula, residualExposure })).toMatch(/^"'=1\+1",.*,"all; more",false\r\n$/);
    expect((await csv('residualExposure=true&username=%3D1').expect(200)).text.trimEnd()).toBe(head);
    const refused = await csv('blocked=true').expect(406);
    expect(refused.body).toMatchObject({ detail: 'text/csv comes with `residualExposure=true` alone' });
    await csv('residualExposure=true', 'hr-system').expect(403);
  });
});
