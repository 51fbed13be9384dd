// Tests src/store/tables/cluster-tables.ts
import { expect, it } from 'vitest';
import { aCertificate, anAttempt, anEvent, aProbe, aRequest, instant, sha256, testStore } from './records.js';
import { insertUnknownIdentity, rememberProbe } from '../../../src/store/tables/cluster-tables.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';

it('keeps the latest probe of each cluster, in whatever order they come', async () => {
  const { store, commit } = await testStore();
  expect(await store.clusterProbes.find('demo')).toBeNull();
  const first = aProbe();
  const later = aProbe(
    { probedAt: instant('2026-03-02T10:00:00.000Z') },
    { signs: 'no', reason: 'ApprovedButNotSigned' },
  );
  const other = aProbe({ cluster: 'other' });
  for (const probe of [later, first, other]) await commit([rememberProbe(probe)]);
  expect(await store.clusterProbes.find('demo')).toEqual(later);
  expect(await store.clusterProbes.find('other')).toEqual(other);
});

it('puts an unknown identity on record once per cluster, and its event with it', async () => {
  const { store, commit } = await testStore();
  const identity = {
    cluster: 'demo',
    fingerprintSha256: sha256('unknown'),
    objectUid: 'uid-1',
    recordedAt: instant('2026-03-01T10:00:00.000Z'),
  };
  const event = anEvent({ type: 'UnknownIdentityIssued' });
  const record = (of: typeof identity) => commit([insertUnknownIdentity(of)], [event]);
  expect(await record(identity)).toEqual({ committed: true });
  expect(await record({ ...identity, objectUid: 'uid-2' })).toMatchObject({ conflict: { kind: 'unique' } });
  expect(await record({ ...identity, cluster: 'other' })).toEqual({ committed: true });
  expect((await store.auditEvents.head()).seq).toBe(2);
});

it('finds the requests whose attempts were for one of many keys, on an index', async () => {
  const { store, commit, explain } = await testStore();
  const keys = Array.from({ length: 1200 }, (_, i) => sha256(`key ${i}`));
  const ofCluster = { signer: 'kubernetes', objectName: 'kubepass-1-1' };
  const ours = [0, 499, 500, 1199].map((i) =>
    aRequest({ state: 'issuing', attempt: anAttempt({ spkiSha256: keys[i] ?? '', intent: ofCluster }) }),
  );
  const elsewhere = aRequest({
    cluster: 'other',
    attempt: anAttempt({ spkiSha256: keys[1] ?? '', intent: ofCluster }),
  });
  // An attempt of a local CA makes no object in a cluster.
  const local = aRequest({ state: 'issuing', attempt: anAttempt({ spkiSha256: keys[2] ?? '' }) });
  const certificate = aCertificate(elsewhere);
  await commit([
    ...[...ours, elsewhere, local].map((request) => insertRequest(request)),
    insertCertificate(certificate),
  ]);
  const found = await store.requests.attemptedFor('demo', keys);
  expect(found.map(({ id }) => id).sort()).toEqual(ours.map(({ id }) => id).sort());
  expect(await store.requests.attemptedFor('demo', [])).toEqual([]);
  const known = await store.certificates.findByFingerprints([...keys, certificate.fingerprintSha256]);
  expect(known.map(({ fingerprintSha256 }) => fingerprintSha256)).toEqual([certificate.fingerprintSha256]);
  const plan = await explain(
    `SELECT "id" FROM "RequestRecord" WHERE "attemptSpkiSha256" IN ('a', 'b') AND "cluster" = 'demo' AND "attemptObjectName" IS NOT NULL`,
  );
  expect(plan).toContain('RequestRecord_cluster_attemptSpkiSha256_idx');
});
