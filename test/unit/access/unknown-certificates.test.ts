// Tests src/access/unknown-certificates.ts, src/access/answer-subject-access-review.ts, src/context/listed-names.ts
import { hash } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { reviewAccess } from '../../../src/access/answer-subject-access-review.js';
import { reviewing } from '../../helpers/reviews.js';
import { UnknownCertificates } from '../../../src/access/unknown-certificates.js';
import { DenyList } from '../../../src/access/deny-list.js';
import { revokeCertificate } from '../../../src/access/revoke-certificate.js';
import type { Context } from '../../../src/context/context.js';
import { ListedNames } from '../../../src/context/listed-names.js';
import { credentialId } from '../../../src/kubernetes/revocation-enforcement-files.js';
import type { Certificate } from '../../../src/model/certificate.js';
import { probeUsername } from '../../../src/model/cluster.js';
import type { Store } from '../../../src/store/store.js';
import { insertIdentityBlock, removeIdentityBlock } from '../../../src/store/tables/identity-block-table.js';
import { createKubeconfig } from '../../../src/requests/collect-kubeconfig.js';
import { testIssuance, type TestIssuance } from '../../helpers/issuance.js';
import { otherEncodings } from '../../helpers/other-encodings.js';
import { admin, alice } from '../../helpers/principals.js';

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance();
});
afterEach(() => issuance.close());

async function issue(username: string): Promise<Certificate> {
  const made = await createKubeconfig(issuance.context, alice, { username, groups: ['team-a'] }, { idempotency: null });
  if (!made.ok || made.value.kind !== 'collected') throw new Error('there is no certificate');
  return made.value.kubeconfig.certificate;
}

/** A replica that reads the database through `identities`. */
async function replica(identities: (own: Store['identities']) => object = () => ({})) {
  const { store, clock, log, identityBlocks } = issuance.context;
  const denyList = new DenyList({ reader: store.revocations, clock, log });
  await denyList.load();
  const reader = {
    identityBlocks: store.identityBlocks,
    identities: Object.assign(Object.create(store.identities) as Store['identities'], identities(store.identities)),
  };
  const listedNames = new ListedNames({ store: reader, denyList, identityBlocks, clock, log });
  await listedNames.follow();
  const context: Context = { ...issuance.context, denyList, listedNames };
  const reviews = reviewing(context);
  return {
    listedNames,
    async passes(user: string, fingerprintSha256: string) {
      const extra = { [credentialId]: [`X509SHA256=${fingerprintSha256}`] };
      const asked = { user, extra, resourceAttributes: { verb: 'get', resource: 'pods' } };
      const outcome = await reviewAccess(reviews, admin, 'demo', asked);
      if (!outcome.ok) throw new Error('it is not reviewed');
      return !outcome.value.denied;
    },
  };
}

const revoke = ({ fingerprintSha256 }: Certificate) =>
  revokeCertificate(issuance.context, admin, fingerprintSha256, { reason: 'keyCompromise', comment: null });
const seen = async () =>
  (await issuance.context.store.auditEvents.list({ type: 'UnknownCertificateSeen' }, { limit: 100, cursor: null }))
    .items;
const idOf = (n: number) => hash('sha256', `encoding ${n}`, 'hex');

it('a certificate that another replica issued while its name is listed passes at its first use', async () => {
  await revoke(await issue('jane'));
  const other = await replica();
  // Somebody else's unknown encodings are looked up meanwhile.
  const flood = Promise.all(Array.from({ length: 50 }, (_, n) => other.passes('jane', idOf(n))));
  const made = await issue('jane');
  expect(await other.passes('jane', made.fingerprintSha256)).toBe(true);
  expect(await flood).not.toContain(true);
});

it('endless encodings read their name a few times, and keep nobody else waiting', async () => {
  await revoke(await issue('jane'));
  const joan = await issue('joan');
  await revoke(await issue('joan'));
  let reads = 0;
  const counted = await replica((own) => ({
    unexpiredOf(...asked: Parameters<Store['identities']['unexpiredOf']>) {
      reads += 1;
      return own.unexpiredOf(...asked);
    },
  }));
  reads = 0;
  const flood = Promise.all(Array.from({ length: 1_000 }, (_, n) => counted.passes('jane', idOf(n))));
  expect(await counted.passes('joan', joan.fingerprintSha256)).toBe(true);
  expect(await flood).not.toContain(true);
  expect(reads).toBeLessThanOrEqual(2);
});

it('while the database is away, known live certificates pass and others of their name do not', async () => {
  const [first, second, stranger] = [await issue('jane'), await issue('jane'), await issue('joan')];
  await revoke(first);
  let isDown = false;
  const { passes } = await replica((own) => ({
    unexpiredOf: (...asked: Parameters<Store['identities']['unexpiredOf']>) =>
      isDown ? Promise.reject(new Error('down')) : own.unexpiredOf(...asked),
  }));
  isDown = true;
  expect(await passes('jane', second.fingerprintSha256)).toBe(true);
  expect(await passes('joan', stranger.fingerprintSha256)).toBe(true);
  for (const { der } of otherEncodings(first.der)) expect(await passes('jane', hash('sha256', der, 'hex'))).toBe(false);
});

it('a revoked certificate passes neither as another name nor as its folded one', async () => {
  const [first] = [await issue('jane'), await issue('jane')];
  const { passes } = await replica();
  await revoke(first);
  const again = await replica();
  expect(await passes('joan', first.fingerprintSha256)).toBe(true);
  for (const name of ['jane', 'JANE', 'Jane', 'joan'])
    expect(await again.passes(name, first.fingerprintSha256)).toBe(false);
});

it('is recorded once a day for each certificate that nobody issued, and ten times for each name', async () => {
  const first = await issue('jane');
  await revoke(first);
  const [one, other] = [await replica(), await replica()];
  const foreign = idOf(0);
  expect(await one.passes('jane', foreign)).toBe(false);
  await expect.poll(seen).toHaveLength(1);
  expect(await seen()).toMatchObject([
    {
      cluster: 'demo',
      fingerprintSha256: foreign,
      principal: null,
      details: { username: 'jane', verb: 'get', resource: 'pods' },
    },
  ]);
  await one.passes('jane', foreign);
  await other.passes('jane', foreign);
  // A revoked certificate is not unknown.
  await one.passes('jane', first.fingerprintSha256);
  for (let n = 1; n < 30; n += 1) await one.passes('jane', idOf(n));
  await expect.poll(seen).toHaveLength(10);
  issuance.advance(86_401);
  await revoke(await issue('jane'));
  const next = await replica();
  await next.passes('jane', foreign);
  await expect.poll(seen).toHaveLength(11);
});

it('is recorded later where the database is away, and never where a probe shows it', async () => {
  let isDown = true;
  const { store } = issuance.context;
  const writer = Object.assign(Object.create(store.writer) as Store['writer'], {
    commit: (...step: Parameters<Store['writer']['commit']>) =>
      isDown ? Promise.reject(new Error('down')) : store.writer.commit(...step),
  });
  const reader = Object.assign(Object.create(store) as Store, { writer });
  const unknown = new UnknownCertificates({ ...issuance.context, store: reader });
  await unknown.seen('demo', idOf(0), { user: 'jane' });
  expect(await seen()).toEqual([]);
  isDown = false;
  await unknown.seen('demo', idOf(1), { user: probeUsername });
  expect(await seen()).toEqual([]);
  await unknown.seen('demo', idOf(0), { user: 'jane' });
  expect(await seen()).toHaveLength(1);
});

it('a name that is blocked again is listed as soon as the process hears of the block', async () => {
  const { store, clock, identityBlocks } = issuance.context;
  await issue('jane');
  const { listedNames } = await replica();
  const block = async () => {
    const made = { username: 'jane', clusters: ['demo'], reason: 'unspecified', comment: null, until: null } as const;
    const operation = insertIdentityBlock({
      block: { ...made, blockedAt: clock(), blockedBy: 'admin' },
      folded: 'jane',
    });
    await store.writer.commit({ operations: [operation], events: [] });
    identityBlocks.add('jane');
  };
  const listed = async () => {
    await listedNames.follow();
    return [...(await listedNames.of('demo')).keys()];
  };
  await block();
  expect(await listed()).toEqual(['jane']);
  const [found] = await store.identityBlocks.find(['jane']);
  await store.writer.commit({
    operations: [removeIdentityBlock({ folded: 'jane', n: found!.n })],
    events: [],
  });
  issuance.advance(61);
  expect(await listed()).toEqual([]);
  await block();
  expect(await listed()).toEqual(['jane']);
});
