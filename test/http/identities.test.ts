import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
