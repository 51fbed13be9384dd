// Tests src/store/tables/inventory.ts
import { expect, it } from 'vitest';
import { aCertificate, aRequest, testStore } from './records.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';

it('finds certificates by fingerprint, with the state and the parties of their requests', async () => {
  const { store, commit } = await testStore();
  const request = aRequest({ state: 'issued', collector: 'jane' });
  const certificate = aCertificate(request);
  const orphan = aCertificate(request, { cluster: 'other', orphan: true });
  await commit([insertRequest(request), insertCertificate(certificate), insertCertificate(orphan)]);

  const unknown = Array.from({ length: 1000 }, (_, i) => i.toString(16).padStart(64, '0'));
  const found = await store.inventory.find([certificate.fingerprintSha256, ...unknown, orphan.fingerprintSha256]);
  const common = { requestId: request.id, state: 'issued', requester: 'hr', collector: 'jane' };
  expect(found).toHaveLength(2);
  expect(found).toEqual(
    expect.arrayContaining([
      { ...common, fingerprintSha256: certificate.fingerprintSha256, cluster: 'demo', orphan: false, revocation: null },
      { ...common, fingerprintSha256: orphan.fingerprintSha256, cluster: 'other', orphan: true, revocation: null },
    ]),
  );
  expect(await store.inventory.find([])).toEqual([]);
  expect(await store.inventory.find(['" OR 1=1', '[]'])).toEqual([]);
});

it('sees what was committed a moment ago', async () => {
  const { store, commit } = await testStore();
  const request = aRequest();
  const certificate = aCertificate(request);
  const look = async () => (await store.inventory.find([certificate.fingerprintSha256])).map(({ state }) => state);
  expect(await look()).toEqual([]);
  await commit([insertRequest(request), insertCertificate(certificate)]);
  expect(await look()).toEqual(['pending']);
});
