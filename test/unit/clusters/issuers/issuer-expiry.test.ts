// Tests src/clusters/issuers/announce-issuer-expiry.ts
import { afterEach, beforeEach, expect, it } from 'vitest';
import { announceIssuerExpiry } from '../../../../src/clusters/issuers/announce-issuer-expiry.js';
import { forgetOldNotices } from '../../../../src/access/announce-expiry.js';
import { moveIssuer } from '../../../../src/store/tables/cluster-issuer-table.js';
import { testIssuers, type TestIssuers } from '../../../helpers/issuers.js';

let all: TestIssuers;
beforeEach(async () => {
  all = await testIssuers({ servers: 0 });
});
afterEach(() => all.close());

const day = 86_400;

/** Moves the clock to so many days before the end of both issuers. */
function daysBeforeTheEnd(days: number): void {
  const end = all.issuers.active().notAfter.getTime();
  all.issuance.advance((end - all.context.clock().getTime()) / 1000 - days * day);
}

const told = async () => {
  const { items } = await all.context.store.auditEvents.list({ type: 'IssuerExpiring' }, { limit: 100, cursor: null });
  return items.map(({ details }) => [details['issuer'], Number(details['seconds']) / day]).toSorted();
};
const announce = (told = new Set<string>()) => announceIssuerExpiry(all.context, all.issuers, told);

it('tells each distance once, over replicas and restarts, and only the nearest of several', async () => {
  daysBeforeTheEnd(100);
  await announce();
  expect(await told()).toEqual([]);
  daysBeforeTheEnd(89);
  const own = new Set<string>();
  await Promise.all([announce(own), announceIssuerExpiry(all.replica().context, all.replica().issuers, new Set())]);
  await announce(own);
  await announce();
  const ninety = [
    ['default', 90],
    ['users-2027', 90],
  ];
  expect(await told()).toEqual(ninety);
  daysBeforeTheEnd(6);
  await announce(own);
  const seven = [
    ['default', 7],
    ['users-2027', 7],
  ];
  expect(await told()).toEqual([...ninety, ...seven].toSorted());
  expect(all.announced[0]).toMatchObject({ event: 'issuer.expiring', seconds: 90 * day, issuer: { cluster: 'demo' } });
});

it('is not told again when the notices of old certificates are forgotten', async () => {
  daysBeforeTheEnd(89);
  await announce();
  daysBeforeTheEnd(40);
  await forgetOldNotices(all.context);
  await announce();
  expect(await told()).toHaveLength(2);
});

it('is not told of an issuer that is retired, nor of one that has ended', async () => {
  const { writer } = all.context.store;
  const at = all.context.clock();
  const move = moveIssuer({ cluster: 'demo', name: 'users-2027', from: 'next', to: 'retired', at });
  await writer.commit({ operations: [move], events: [] });
  await all.issuers.refresh();
  daysBeforeTheEnd(5);
  await announce();
  expect(await told()).toEqual([['default', 7]]);
  daysBeforeTheEnd(-1);
  await announce();
  expect(await told()).toHaveLength(1);
});
