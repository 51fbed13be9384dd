// Tests src/log/read-audit-events.ts
import { expect, it } from 'vitest';
import { SharedVerification, verifyAuditLog } from '../../../../src/log/read-audit-events.js';
import type { Store } from '../../../../src/store/store.js';
import { auditor } from '../../../helpers/principals.js';

it('reads the chain once for all who ask for its verification meanwhile, and again for the next one', async () => {
  let reads = 0;
  const genesis = { seq: 0, hash: '0'.repeat(64) };
  const auditEvents = {
    start: () => {
      reads += 1;
      return Promise.resolve(genesis);
    },
    head: () => Promise.resolve(genesis),
  } as unknown as Store['auditEvents'];
  const context = { verification: new SharedVerification(auditEvents) };
  const answers = await Promise.all(Array.from({ length: 5 }, () => verifyAuditLog(context, auditor)));
  expect(new Set(answers.map((it) => it.ok && it.value.valid))).toEqual(new Set([true]));
  expect(reads).toBe(1);
  await verifyAuditLog(context, auditor);
  expect(reads).toBe(2);
});
