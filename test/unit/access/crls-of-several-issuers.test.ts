// Tests src/access/build-crls.ts
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CertificateLists } from '../../../src/access/build-crls.js';
import { DenyList } from '../../../src/access/deny-list.js';
import { type CaKey, KeyUnavailableError } from '../../../src/signing/keys/ca-key.js';
import type { KeyFailure } from '../../../src/model/issuer.js';
import { readCertificate, readCertificateList, signatureAlgorithmFor, signaturesHere } from '@kubepass/x509';
import type { MadeCertificate } from '../../../packages/x509/test/helpers/certificates.js';
import { testIssuance, type TestIssuance } from '../../helpers/issuance.js';
import { makeCa, severalIssuers, type TestIssuer } from '../../helpers/several-issuers.js';

let issuance: TestIssuance;
beforeEach(async () => (issuance = await testIssuance()));
afterEach(() => issuance.close());

const [old, users, next] = [makeCa('old'), makeCa('users'), makeCa('next')];
const active: TestIssuer = { name: 'users', state: 'active', certificate: users };
const retiring: TestIssuer = { name: 'old', state: 'retiring', certificate: old };
const fingerprintOf = ({ der }: MadeCertificate) => readCertificate(der).fingerprintSha256;

/** A key that fails as it is told, and counts what it signs. */
class FailingKey {
  failure: KeyFailure | null = null;
  wrong = false;
  available = true;
  signed = 0;

  readonly over = (held: CaKey): CaKey => ({
    ...held,
    availability: () => ({ available: this.available, checkedAt: new Date() }),
    sign: async (data) => {
      this.signed += 1;
      if (this.failure !== null) throw new KeyUnavailableError(this.failure, 'the key cannot sign');
      return held.sign(this.wrong ? Buffer.from('other octets') : data);
    },
  });
}

async function listsOf(issuers: readonly TestIssuer[], others: readonly TestIssuer[] = []) {
  const { context } = issuance;
  const denyList = new DenyList({ reader: context.store.revocations, clock: context.clock, log: context.log });
  await denyList.load();
  const found = context.clusters.get('demo');
  if (!found) throw new Error('there is no cluster');
  const clusters = new Map([
    ['demo', { ...found, issuers: severalIssuers(issuers) }],
    ['other', { ...found, issuers: others.length === 0 ? null : severalIssuers(others) }],
  ]);
  const revoke = (serialNumber: string, { issuer = 'CN=old', by = null as MadeCertificate | null } = {}) =>
    denyList.add({
      fingerprintSha256: createHash('sha256').update(serialNumber).digest('hex'),
      cluster: 'demo',
      serialNumber,
      issuer,
      issuerFingerprintSha256: by && fingerprintOf(by),
      username: 'jane',
      notAfter: new Date(context.clock().getTime() + 30 * 86_400_000),
      reason: 'keyCompromise',
      comment: null,
      revokedAt: context.clock(),
      revokedBy: null,
    });
  return { lists: new CertificateLists({ ...context, clusters }, denyList), revoke };
}
type Lists = Awaited<ReturnType<typeof listsOf>>['lists'];

async function read(lists: Lists, name?: string) {
  const outcome = await lists.of('demo', name);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
  const { revoked, tbsCertList, signature, ...parsed } = readCertificateList(outcome.value.der);
  return { ...parsed, tbsCertList, signature, revoked: [...revoked], list: outcome.value };
}

async function whyNot(lists: Lists, name?: string, cluster = 'demo') {
  const outcome = await lists.of(cluster, name);
  if (outcome.ok) throw new Error('there is a list');
  return outcome.refusal.kind === 'certificate-conflict' ? outcome.refusal.message : outcome.refusal.kind;
}

it('has the certificates of the issuer that signs it, by fingerprint, and by name where that is not known', async () => {
  const { lists, revoke } = await listsOf([active, retiring]);
  revoke('0a', { by: old });
  revoke('0b', { by: users, issuer: 'CN=users' });
  // The name of one issuer, and the certificate of the other.
  revoke('0c', { by: users, issuer: 'CN=old' });
  revoke('0d', { issuer: 'CN=old' });
  // A CA of the same name that nobody knows here.
  revoke('0e', { by: makeCa('old') });
  expect((await read(lists)).revoked).toEqual(['0b', '0c']);
  expect((await read(lists, 'users')).revoked).toEqual(['0b', '0c']);
  const ofOld = await read(lists, 'old');
  expect(ofOld.revoked).toEqual(['0a', '0d']);
  expect(ofOld.issuer.raw.equals(old.subject)).toBe(true);
  const algorithm = signatureAlgorithmFor(old.key.privateKey);
  const publicKey = severalIssuers([retiring]).loaded('old')!.certified!.authority.publicKey;
  expect(await signaturesHere.verify(algorithm, ofOld.tbsCertList, publicKey, ofOld.signature)).toBe(true);
});

it('answers the lists of the active and the retiring issuers, each kept for itself', async () => {
  const { lists, revoke } = await listsOf([
    retiring,
    { ...retiring, name: 'gone', certificate: next, state: 'retired' },
    active,
  ]);
  revoke('0a', { by: old });
  const all = async () => {
    const outcome = await lists.all('demo');
    if (!outcome.ok) throw new Error(outcome.refusal.kind);
    return outcome.value;
  };
  const first = await all();
  expect(first.map(({ der }) => readCertificateList(der).issuer.raw)).toEqual([users.subject, old.subject]);
  expect(await all()).toEqual(first);
  expect((await read(lists)).list).toBe(first[0]);
  expect((await read(lists, 'old')).list).toBe(first[1]);
  const before = first.map(({ number }) => number);
  revoke('0b', { by: users });
  const after = (await all()).map(({ number }) => number);
  for (const [i, number] of after.entries()) expect(number).toBeGreaterThan(before[i]!);
  expect(new Set([...before, ...after]).size).toBe(4);
});

it('has one list for issuers that share a key and a name, with the certificates of all of them', async () => {
  const renewed = makeCa('users', { key: users.key });
  const former = makeCa('users', { key: users.key });
  const again: TestIssuer = { name: 'users-again', state: 'active', certificate: renewed, former: [former] };
  const { lists, revoke } = await listsOf([{ ...active, state: 'retiring' }, again, retiring]);
  revoke('0a', { by: users });
  revoke('0b', { by: renewed });
  revoke('0c', { by: former });
  revoke('0d', { by: old });
  expect((await read(lists)).revoked).toEqual(['0a', '0b', '0c']);
  expect((await read(lists, 'users')).list).toBe((await read(lists)).list);
  const all = await lists.all('demo');
  expect(all.ok && all.value.length).toBe(2);
});

it('refuses for an issuer that signs no lists, and knows no other', async () => {
  const { lists } = await listsOf([
    active,
    { name: 'next', state: 'next', certificate: next },
    { name: 'gone', state: 'retired', certificate: old },
  ]);
  expect(await whyNot(lists, 'next')).toBe(
    'issuer "next" is next: those that are active or retiring sign certificate lists',
  );
  expect(await whyNot(lists, 'gone')).toMatch(/is retired/);
  expect(await whyNot(lists, 'nobody')).toBe('not-found');
  expect(await whyNot(lists, 'users', 'other')).toMatch(/the cluster signs by itself/);
  expect(await whyNot(lists, 'users', 'none')).toBe('not-found');
});

it('leaves out beside others a CA that has expired or may not sign a list, and refuses where it is asked for', async () => {
  const expired = makeCa('expired', { notAfter: new Date(Date.now() - 3_600_000) });
  const mute = makeCa('mute', { keyUsage: ['keyCertSign'] });
  const unable: readonly TestIssuer[] = [
    { name: 'expired', state: 'retiring', certificate: expired },
    { name: 'mute', state: 'retiring', certificate: mute },
  ];
  const { lists } = await listsOf([active, ...unable]);
  const all = await lists.all('demo');
  expect(all.ok && all.value.length).toBe(1);
  expect(await whyNot(lists, 'expired')).toMatch(/has expired/);
  expect(await whyNot(lists, 'mute')).toMatch(/lacks cRLSign/);
  const alone = await (await listsOf([{ ...unable[1]!, state: 'active' }])).lists.all('demo');
  expect(alone).toMatchObject({ ok: false, refusal: { kind: 'certificate-conflict' } });
});

it('gives the kept list to its end while the key cannot be used, but none that lacks a revocation', async () => {
  const key = new FailingKey();
  const { lists, revoke } = await listsOf([{ ...active, key: key.over }, retiring], [{ ...active, name: 'fine' }]);
  const kept = (await read(lists)).list;
  key.failure = 'silent';
  issuance.advance(13 * 3600);
  expect((await read(lists)).list).toBe(kept);
  expect(key.signed).toBe(2);
  // Nobody waits for a key that is known to be away.
  key.available = false;
  expect((await read(lists)).list).toBe(kept);
  expect(key.signed).toBe(2);
  issuance.advance(12 * 3600);
  await expect(lists.of('demo')).rejects.toMatchObject({ failure: 'silent' });
  await expect(lists.all('demo')).rejects.toMatchObject({ failure: 'silent' });
  // The others go on.
  expect((await read(lists, 'old')).revoked).toEqual([]);
  expect((await lists.of('other')).ok).toBe(true);
  key.failure = null;
  await read(lists);
  key.failure = 'unreachable';
  revoke('0a', { by: users });
  await expect(lists.of('demo')).rejects.toMatchObject({ failure: 'unreachable' });
  key.failure = null;
  expect((await read(lists)).revoked).toEqual(['0a']);
});

it('publishes no list whose signature does not verify', async () => {
  const key = new FailingKey();
  key.wrong = true;
  const { lists } = await listsOf([{ ...active, key: key.over }]);
  await expect(lists.of('demo')).rejects.toMatchObject({ failure: 'wrong-signature' });
  key.wrong = false;
  expect((await read(lists)).revoked).toEqual([]);
});

it('says that a list is too long for an agent, and asks the agent again only when something has changed', async () => {
  const key = new FailingKey();
  key.failure = 'overlong';
  const { lists, revoke } = await listsOf([{ ...active, key: key.over }, retiring]);
  expect(await whyNot(lists)).toMatch(/^the certificate list of issuer "users" is longer than an agent signs/);
  expect(await whyNot(lists)).toMatch(/longer/);
  expect(await lists.all('demo')).toMatchObject({ ok: false });
  expect(key.signed).toBe(1);
  expect((await read(lists, 'old')).revoked).toEqual([]);
  key.failure = null;
  revoke('0a', { by: users });
  expect((await read(lists)).revoked).toEqual(['0a']);
});

it('says so where the issuer is not loaded here', async () => {
  const { lists } = await listsOf([active]);
  const issuers = severalIssuers([active]);
  issuers.know([...issuers.recorded().values()].map((one) => ({ ...one, name: 'elsewhere' })));
  const found = issuance.context.clusters.get('demo')!;
  const clusters = new Map([['demo', { ...found, issuers }]]);
  const denyList = { isLoaded: () => true, changesOf: () => 0, ofCluster: function* () {} };
  const other = new CertificateLists({ ...issuance.context, clusters }, denyList);
  await expect(other.of('demo')).rejects.toThrow('has not loaded it');
  await expect(other.of('demo', 'elsewhere')).rejects.toThrow('has not loaded it');
  await expect(other.all('demo')).rejects.toThrow('has not loaded it');
  expect((await lists.of('demo')).ok).toBe(true);
});
