// Tests src/context/listed-names.ts
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ListedNames } from '../../../../../src/context/listed-names.js';
import { DenyList } from '../../../../../src/access/deny-list.js';
import type { Store } from '../../../../../src/store/store.js';
import { aRevocation } from '../../../../helpers/revocations.js';

const silent = { info() {}, warn() {}, error() {} };

it('a certificate that is not known is judged before its API server gives up, while the database is slow', async () => {
  const clock = () => new Date('2026-03-01T10:00:00Z');
  const denyList = new DenyList({ reader: {} as Store['revocations'], clock, log: silent });
  denyList.add(aRevocation({ cluster: 'demo', username: 'jane', notAfter: new Date('2026-04-01T00:00:00Z') }));
  const store = {
    identities: { spellings: () => Promise.resolve([]), unexpiredOf: () => sleep(400, new Map()) },
    identityBlocks: { find: () => Promise.resolve([]) },
  } as unknown as Store;
  const identityBlocks = { isSuspectName: () => false, suspects: () => new Map() };
  const names = new ListedNames({ store, denyList, identityBlocks, clock, log: silent });
  const judge = (encoding: string) => names.passes('demo', 'jane', encoding.padStart(64, '0'));
  expect(await judge('a')).toBe(false);
  // The timers of one process end in their order, however busy the machine is: an API server waits for 3 s.
  expect(await Promise.race([judge('b'), sleep(3_000, 'too late')])).toBe(false);
});
