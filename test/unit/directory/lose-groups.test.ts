// Tests src/directory/lose-groups.ts
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Context } from '../../../src/context/context.js';
import { settleLosses } from '../../../src/directory/lose-groups.js';
import { moveRequest } from '../../../src/context/request-steps.js';
import type { Write } from '../../../src/store/steps/step.js';
import {
  changeDirectoryMembers,
  insertDirectoryGroup,
  insertDirectoryUser,
} from '../../../src/store/tables/directory-statements.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { testIssuance, type TestIssuance } from '../../helpers/issuance.js';
import { aCertificate, aDirectoryUser, anAttempt, aRequest } from '../store/records.js';
import { aPolicy } from '../../helpers/policies.js';

const policies = aPolicy('members', { groupsFromDirectory: { payments: ['team'] }, collectors: ['*'] });

let issuance: TestIssuance;
beforeAll(async () => {
  issuance = await testIssuance(policies);
});
afterAll(() => issuance.close());

const revoking = (context: Context): Context => ({
  ...context,
  directory: { ...context.directory, onLostGroup: 'revoke' },
});
const commit = async (...operations: readonly Write[]) =>
  expect(await issuance.context.store.writer.commit({ operations, events: [] })).toEqual({ committed: true });

/** Somebody who loses the group while a certificate with it is being signed. */
async function moverWhileSigning(username: string) {
  const now = issuance.context.clock();
  const user = aDirectoryUser({ userName: username, username });
  const group = {
    ...{ id: randomUUID(), displayName: `of ${username}`, externalId: 'payments' },
    ...{ version: 1, createdAt: now, changedAt: now },
  };
  const request = aRequest({ username, groups: ['team'], state: 'issuing', attempt: anAttempt() });
  await commit(
    insertDirectoryUser(user),
    insertDirectoryGroup(group),
    changeDirectoryMembers({ id: group.id, change: { kind: 'add', ids: [user.id] }, by: 'connector' }),
    insertRequest(request),
  );
  await commit(changeDirectoryMembers({ id: group.id, change: { kind: 'remove', ids: [user.id] }, by: 'connector' }));
  const certificate = aCertificate(request, {
    ...{ username, groups: ['team'], notBefore: now },
    notAfter: new Date(now.getTime() + 3_600_000),
  });
  const { fingerprintSha256 } = certificate;
  const record = () =>
    commit(
      moveRequest(request.id, { state: 'issuing' }, { state: 'issued', waitsUntil: null, fingerprintSha256 }),
      insertCertificate(certificate),
    );
  const revokedBy = async () =>
    (await issuance.context.store.certificates.findByFingerprint(fingerprintSha256))?.revocation?.revokedBy;
  return { record, revokedBy };
}

const noted = async () =>
  (await issuance.context.store.directory.losses(0n, 100)).flatMap(({ users }) =>
    users.map(({ userName }) => userName),
  );

it('keeps a loss in mind while a certificate is being signed, in the next process too', async () => {
  const { record, revokedBy } = await moverWhileSigning('ann');
  await settleLosses(revoking(issuance.context), () => false);
  await settleLosses(revoking(issuance.restarted()), () => false);
  expect(await noted()).toEqual(['ann']);
  await record();
  expect(await revokedBy()).toBeUndefined();
  await settleLosses(revoking(issuance.restarted()), () => false);
  expect(await revokedBy()).toBe('connector');
  expect(await noted()).toEqual([]);
});

it('does not, where certificates with a lost group go on', async () => {
  const { record, revokedBy } = await moverWhileSigning('ben');
  await settleLosses(issuance.context, () => false);
  expect(await noted()).toEqual([]);
  await record();
  await settleLosses(issuance.context, () => false);
  expect(await revokedBy()).toBeUndefined();
});
