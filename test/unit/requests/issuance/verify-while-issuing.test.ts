// Tests src/log/read-audit-events.ts
import { expect, it } from 'vitest';
import { SharedVerification, verifyAuditLog } from '../../../../src/log/read-audit-events.js';
import { createRequest } from '../../../../src/requests/create-request.js';
import { csrFor } from '../../../../packages/x509/test/helpers/csr.js';
import { testIssuance } from '../../../helpers/issuance.js';
import { alice, auditor } from '../../../helpers/principals.js';
import { anEvent } from '../../store/records.js';

it('issues while the audit log is being verified', async () => {
  const { context, close } = await testIssuance();
  const events = Array.from({ length: 100 }, () => anEvent({ type: 'PolicyEvaluated', at: context.clock() }));
  for (let i = 0; i < 100; i += 1) await context.store.writer.commit({ operations: [], events });
  const { pem } = await csrFor('jane', ['team-a']);

  let verified = false;
  const shared = new SharedVerification(context.store.auditEvents);
  const verification = verifyAuditLog({ verification: shared }, auditor).finally(() => {
    verified = true;
  });
  const outcome = await createRequest(context, alice, { csr: pem }, { waitSeconds: 9, idempotency: null });
  expect(outcome).toMatchObject({ ok: true, value: { request: { state: 'issued' } } });
  expect(verified).toBe(false);
  // Events that came during the verification are not part of it.
  expect(await verification).toMatchObject({ ok: true, value: { valid: true, events: 10_000 } });
  await close();
});
