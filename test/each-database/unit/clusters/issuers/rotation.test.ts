// Tests src/clusters/issuers/activate-issuer.ts, src/clusters/issuers/probe-issuer.ts,
// src/clusters/issuers/retire-issuer.ts, src/clusters/issuers/change-issuer.ts, src/clusters/issuers/read-issuers.ts
import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IssuingCluster } from '../../../../../src/context/context.js';
import { readClientTrust } from '../../../../../src/kubernetes/certificate-authorities.js';
import { createKubeconfig } from '../../../../../src/requests/collect-kubeconfig.js';
import type { Outcome } from '../../../../../src/model/outcome.js';
import { activateIssuer } from '../../../../../src/clusters/issuers/activate-issuer.js';
import { probeIssuer } from '../../../../../src/clusters/issuers/probe-issuer.js';
import { listIssuers, showIssuer } from '../../../../../src/clusters/issuers/read-issuers.js';
import { retireIssuer } from '../../../../../src/clusters/issuers/retire-issuer.js';
import { testIssuers, type TestIssuers } from '../../../../helpers/issuers.js';
import { admin, alice } from '../../../../helpers/principals.js';

const ask = { username: 'jane', groups: ['team-a'], expirationSeconds: 3600 };
const activation = { comment: null, withoutProbe: false };
const retirement = { comment: null, abandonLive: false };

let all: TestIssuers;
beforeEach(async () => {
  all = await testIssuers({ servers: 2 });
});
afterEach(() => all.close());

function granted<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
  return outcome.value;
}
const refusalOf = (outcome: Outcome<unknown>) => (outcome.ok ? null : outcome.refusal);

/** Both API servers trust both CAs. */
const trustBoth = () => {
  for (const server of all.servers) server.trustClients(`${all.issuance.caPem}${all.next.pem}`);
};

async function issue() {
  const outcome = await createKubeconfig(all.context, alice, ask, { idempotency: null });
  if (!outcome.ok || outcome.value.kind !== 'collected') throw new Error('nothing was issued');
  return outcome.value.kubeconfig.certificate;
}

const eventsOf = async (type: string) =>
  (await all.context.store.auditEvents.list({ type }, { limit: 100, cursor: null })).items;

describe('a probe of an issuer', () => {
  it('says which API servers accept what it signs, and is recorded with its certificate', async () => {
    const [first, second] = all.servers;
    second?.trustClients(`${all.issuance.caPem}${all.next.pem}`);
    const { probe, state } = granted(await probeIssuer(all.context, admin, 'demo', 'users-2027'));
    expect(state).toBe('next');
    expect(probe?.addresses).toEqual([
      { address: first?.url, accepts: 'no', acceptedAs: null, reason: 'CertificateNotAccepted' },
      { address: second?.url, accepts: 'yes', acceptedAs: 'kubepass-probe', reason: null },
    ]);
    expect((await eventsOf('IssuerProbed'))[0]).toMatchObject({
      principal: 'admin',
      cluster: 'demo',
      details: { issuer: 'users-2027', fingerprintSha256: all.next.fingerprintSha256, probe: true },
    });
    expect((await eventsOf('IssuanceStarted'))[0]?.details).toMatchObject({ issuer: 'users-2027', probe: true });
    const found = await all.context.store.certificates.list(
      { username: 'kubepass-probe' },
      { limit: 10, cursor: null },
    );
    expect(found.items).toHaveLength(1);
    expect(found.items[0]?.issuer).toBe('CN=users-2027');
  });

  it('is not known to be accepted where an API server is away', async () => {
    await all.servers[1]?.stop();
    const { probe } = granted(await probeIssuer(all.context, admin, 'demo', 'default'));
    expect(probe?.addresses.map(({ accepts }) => accepts)).toEqual(['yes', 'unknown']);
    await all.servers[1]?.restart();
  });

  it('leaves the other issuer the one that signs', async () => {
    await probeIssuer(all.context, admin, 'demo', 'users-2027');
    expect((await issue()).issuer).toBe('CN=kubepass-demo-ca');
  });
});

describe('an activation', () => {
  it('is refused where another cluster, as far as is known, would let in its users, unless both say so', async () => {
    trustBoth();
    const clusters = all.context.clusters as Map<string, IssuingCluster>;
    const demo = clusters.get('demo')!;
    const trust = readClientTrust(all.next.pem);
    const other = (sharedTrust: boolean): IssuingCluster => ({
      ...{ ...demo, issuers: null, cluster: { ...demo.cluster, name: 'prod', sharedTrust } },
      clientTrust: () => Promise.resolve(trust),
    });
    clusters.set('prod', other(false));
    const activate = () =>
      activateIssuer(all.context, admin, 'demo', 'users-2027', { comment: 'by hand', withoutProbe: true });
    expect(refusalOf(await activate())).toMatchObject({
      kind: 'certificate-conflict',
      message: expect.stringMatching(/^cluster "(?:prod|demo)" trusts CN=users-2027, .*sharedTrust: true$/) as string,
    });
    clusters.set('prod', other(true));
    clusters.set('demo', { ...demo, cluster: { ...demo.cluster, sharedTrust: true } });
    expect(refusalOf(await activate())).toBeNull();
  });

  it('is refused with each address until every API server accepts the issuer', async () => {
    all.servers[0]?.trustClients(`${all.issuance.caPem}${all.next.pem}`);
    const refusal = refusalOf(await activateIssuer(all.context, admin, 'demo', 'users-2027', activation));
    expect(refusal).toMatchObject({
      kind: 'issuer-not-accepted',
      addresses: [{ accepts: 'yes' }, { accepts: 'no', reason: 'CertificateNotAccepted' }],
    });
    expect(await all.states()).toEqual({ default: 'active', 'users-2027': 'next' });
    expect(await eventsOf('IssuerActivated')).toEqual([]);
  });

  it('lets the issuer sign from then on, and the one before retire, in one commit', async () => {
    trustBoth();
    const before = await issue();
    const view = granted(
      await activateIssuer(all.context, admin, 'demo', 'users-2027', { ...activation, comment: 'yearly' }),
    );
    expect(view).toMatchObject({ name: 'users-2027', state: 'active' });
    expect(await all.states()).toEqual({ default: 'retiring', 'users-2027': 'active' });
    const after = await issue();
    expect([before.issuer, after.issuer]).toEqual(['CN=kubepass-demo-ca', 'CN=users-2027']);
    expect(new X509Certificate(after.der).checkIssued(new X509Certificate(all.next.certificateDer))).toBe(true);
    const [event] = await eventsOf('IssuerActivated');
    const details = { issuer: 'users-2027', previous: 'default', withoutProbe: false, comment: 'yearly' };
    expect(event).toMatchObject({ principal: 'admin', cluster: 'demo', details });
    expect(all.announced.filter(({ event: type }) => type === 'issuer.activated')).toMatchObject([
      { previous: 'default', activatedBy: 'admin', issuer: { cluster: 'demo', name: 'users-2027' } },
    ]);
  });

  it('goes back to an issuer that is retiring', async () => {
    trustBoth();
    granted(await activateIssuer(all.context, admin, 'demo', 'users-2027', activation));
    granted(await activateIssuer(all.context, admin, 'demo', 'default', activation));
    expect(await all.states()).toEqual({ default: 'active', 'users-2027': 'retiring' });
    expect((await issue()).issuer).toBe('CN=kubepass-demo-ca');
  });

  it('asks nobody without a probe, which takes a comment', async () => {
    const options = { comment: null, withoutProbe: true };
    expect(refusalOf(await activateIssuer(all.context, admin, 'demo', 'users-2027', options))).toMatchObject({
      kind: 'invalid-request',
      errors: [{ pointer: '/comment' }],
    });
    granted(await activateIssuer(all.context, admin, 'demo', 'users-2027', { comment: 'stolen', withoutProbe: true }));
    expect(all.servers.flatMap(({ requests }) => requests)).toEqual([]);
    expect((await eventsOf('IssuerActivated'))[0]?.details).toMatchObject({ withoutProbe: true, comment: 'stolen' });
    expect(await eventsOf('IssuanceStarted')).toEqual([]);
  });

  it.each([
    ['default', /issuer "default" is active/],
    ['nobody', null],
  ])('is refused for %s', async (name, message) => {
    const refusal = refusalOf(await activateIssuer(all.context, admin, 'demo', name, activation));
    if (message === null) expect(refusal).toEqual({ kind: 'not-found' });
    else
      expect(refusal).toMatchObject({
        kind: 'certificate-conflict',
        message: expect.stringMatching(message) as string,
      });
  });

  it('is refused for an issuer that is not loaded, has no certificate, or whose key is away', async () => {
    const loaded = all.issuers.loaded('users-2027');
    if (loaded === null) throw new Error('not loaded');
    all.issuers.replace({ ...loaded, certified: null });
    const message = async () => refusalOf(await activateIssuer(all.context, admin, 'demo', 'users-2027', activation));
    expect(await message()).toMatchObject({ message: expect.stringContaining('its certificate is missing') as string });
    const away = { ...loaded.key, check: () => Promise.resolve({ available: false, checkedAt: new Date() }) };
    all.issuers.replace({ ...loaded, certified: loaded.certified && { ...loaded.certified, key: away } });
    expect(await message()).toMatchObject({ message: expect.stringContaining('key') as string });
    all.issuers.replace(loaded);
    all.issuance.advance(20 * 365 * 86_400);
    expect(await message()).toMatchObject({ message: expect.stringContaining('ended at') as string });
    all.issuance.advance(-21 * 365 * 86_400);
    expect(await message()).toMatchObject({ message: expect.stringContaining('is valid from') as string });
  });

  it('of two at once, on two replicas, leaves exactly one active', async () => {
    trustBoth();
    const options = { comment: 'both', withoutProbe: true };
    const outcomes = await Promise.all([
      activateIssuer(all.context, admin, 'demo', 'users-2027', options),
      activateIssuer(all.replica().context, admin, 'demo', 'users-2027', options),
    ]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(refusalOf(outcomes.find(({ ok }) => !ok) ?? outcomes[0])).toMatchObject({ kind: 'certificate-conflict' });
    expect(await all.states()).toEqual({ default: 'retiring', 'users-2027': 'active' });
    expect(await eventsOf('IssuerActivated')).toHaveLength(1);
  });

  it('is followed by another replica at its next request', async () => {
    const { context } = all.replica();
    granted(await activateIssuer(all.context, admin, 'demo', 'users-2027', { comment: 'now', withoutProbe: true }));
    const outcome = await createKubeconfig(context, alice, ask, { idempotency: null });
    if (!outcome.ok || outcome.value.kind !== 'collected') throw new Error('nothing was issued');
    expect(outcome.value.kubeconfig.certificate.issuer).toBe('CN=users-2027');
  });
});

describe('a retirement', () => {
  beforeEach(async () => {
    await issue();
    granted(await activateIssuer(all.context, admin, 'demo', 'users-2027', { comment: 'now', withoutProbe: true }));
  });

  it('is refused while the issuer has live certificates, and then takes it out of the bundle', async () => {
    const bundle = all.context.clusters.get('demo')?.clientTrust;
    expect((await bundle?.())?.authorities).toHaveLength(2);
    expect(refusalOf(await retireIssuer(all.context, admin, 'demo', 'default', retirement))).toMatchObject({
      kind: 'issuer-in-use',
      served: { live: 1, latestNotAfter: expect.any(Date) as Date },
    });
    all.issuance.advance(3601);
    const retired = granted(
      await retireIssuer(all.context, admin, 'demo', 'default', { ...retirement, comment: 'empty' }),
    );
    expect(retired).toMatchObject({ state: 'retired', certificates: { live: 0, latestNotAfter: null } });
    expect(retired.note).toContain('extension-apiserver-authentication');
    expect((await bundle?.())?.pem).toBe(all.next.pem);
    const details = { issuer: 'default', live: 0, latestNotAfter: null, abandonLive: false, comment: 'empty' };
    expect((await eventsOf('IssuerRetired'))[0]?.details).toMatchObject(details);
    expect(all.announced.at(-1)).toMatchObject({ event: 'issuer.retired', live: 0, retiredBy: 'admin' });
    const again = refusalOf(await retireIssuer(all.context, admin, 'demo', 'default', retirement));
    expect(again).toMatchObject({ message: expect.stringContaining('is retired') as string });
  });

  it('abandons what is live with a comment, which the event has', async () => {
    const options = { comment: null, abandonLive: true };
    expect(refusalOf(await retireIssuer(all.context, admin, 'demo', 'default', options))).toMatchObject({
      errors: [{ pointer: '/comment' }],
    });
    granted(await retireIssuer(all.context, admin, 'demo', 'default', { comment: 'leaked', abandonLive: true }));
    expect((await eventsOf('IssuerRetired'))[0]?.details).toMatchObject({ live: 1, abandonLive: true });
  });

  it('is refused for the active issuer', async () => {
    expect(refusalOf(await retireIssuer(all.context, admin, 'demo', 'users-2027', retirement))).toMatchObject({
      message: expect.stringContaining('is active') as string,
    });
  });

  it('leaves an issuer that can be probed, which shows that nobody accepts it', async () => {
    granted(await retireIssuer(all.context, admin, 'demo', 'default', { comment: 'leaked', abandonLive: true }));
    for (const server of all.servers) server.trustClients(all.next.pem);
    const { probe } = granted(await probeIssuer(all.context, admin, 'demo', 'default'));
    expect(probe?.addresses.map(({ accepts }) => accepts)).toEqual(['no', 'no']);
    expect(refusalOf(await activateIssuer(all.context, admin, 'demo', 'default', activation))).toMatchObject({
      message: expect.stringContaining('is retired') as string,
    });
  });
});

describe('the issuers of a cluster', () => {
  it('are shown to everybody who sees the cluster, and changed by admins alone', async () => {
    const listed = granted(await listIssuers(all.context, alice, 'demo'));
    expect(listed.map(({ name, state }) => [name, state])).toEqual([
      ['default', 'active'],
      ['users-2027', 'next'],
    ]);
    expect(listed[1]).toMatchObject({
      fingerprintSha256: all.next.fingerprintSha256,
      subject: 'CN=users-2027',
      chain: [],
      anchors: [{ fingerprintSha256: all.next.fingerprintSha256 }],
      key: { kind: 'file', available: true },
      certificates: { live: 0, latestNotAfter: null },
      probe: null,
    });
    for (const refused of [
      await probeIssuer(all.context, alice, 'demo', 'default'),
      await activateIssuer(all.context, alice, 'demo', 'users-2027', activation),
      await retireIssuer(all.context, alice, 'demo', 'users-2027', retirement),
    ])
      expect(refusalOf(refused)).toEqual({ kind: 'not-permitted', message: 'issuers are for admins' });
  });

  it('are shown with what is recorded where the configuration does not have them any more', async () => {
    vi.spyOn(all.issuers, 'loaded').mockImplementation(() => null);
    const { view, pem } = granted(await showIssuer(all.context, alice, 'demo', 'users-2027'));
    expect(pem).toBeNull();
    expect(view).toMatchObject({
      fingerprintSha256: all.next.fingerprintSha256,
      subject: null,
      notAfter: null,
      chain: [],
      anchors: [],
      key: null,
    });
  });
});

it('loses no request of 32 callers while the issuers change places, and starts nothing with one that is not active', async () => {
  const { context: other } = all.replica();
  let stopped = false;
  const issued = new Array<number>(32).fill(0);
  const callers = issued.map(async (_, i) => {
    while (!stopped) {
      const outcome = await createKubeconfig(
        i % 2 === 0 ? all.context : other,
        alice,
        { ...ask, username: `u-${i}` },
        { idempotency: null },
      );
      if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
      issued[i] = (issued[i] ?? 0) + 1;
    }
  });
  const failure = Promise.all(callers).then(
    () => null,
    (error: unknown) => error,
  );
  for (const [i, name] of ['users-2027', 'default', 'users-2027'].entries()) {
    const context = i % 2 === 0 ? all.context : other;
    granted(await activateIssuer(context, admin, 'demo', name, { comment: 'to and fro', withoutProbe: true }));
    // A request that three changes overtake is told to come again: on a busy machine a pause alone is not enough.
    const before = [...issued];
    const allIssued = () => issued.every((count, caller) => count > (before[caller] ?? 0));
    await Promise.race([failure, expect.poll(allIssued, { interval: 20 }).toBe(true)]);
  }
  stopped = true;
  expect(await failure).toBeNull();
  let active: unknown = 'default';
  let cursor: string | null = null;
  let started = 0;
  const events = [];
  do {
    const page = await all.context.store.auditEvents.list({}, { limit: 500, cursor });
    events.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  for (const { type, details } of events.toSorted((a, b) => a.seq - b.seq)) {
    if (type === 'IssuerActivated') active = details['issuer'];
    if (type !== 'IssuanceStarted') continue;
    started += 1;
    expect(details['issuer']).toBe(active);
  }
  expect(started).toBeGreaterThan(32);
});
