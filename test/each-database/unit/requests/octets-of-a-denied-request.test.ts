// Tests src/requests/create-request.ts, src/requests/evaluate-policies.ts
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRequest } from '../../../../src/requests/create-request.js';
import { evaluatePolicies } from '../../../../src/requests/evaluate-policies.js';
import { csrFor } from '../../../../packages/x509/test/helpers/csr.js';
import { testIssuance, type TestIssuance } from '../../../helpers/issuance.js';
import { alice } from '../../../helpers/principals.js';

const policies = Array.from(
  { length: 40 },
  (_, i) => `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: policy-${i} }
spec:
  selector: { clusters: [demo] }
  allowed: { usernames: [nobody], groups: [nothing] }
  constraints: { reason: { pattern: '[a-z]+' } }
  approval: { mode: auto }
`,
).join('---\n');

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance(policies);
});
afterEach(() => issuance.close());

/** As large as the contract lets a name or a reason be. */
const asks = {
  'control characters': (length: number, i: number) => `${'\u0001'.repeat(length - 1)}${String.fromCharCode(1 + i)}`,
  'characters beyond the BMP': (length: number, i: number) =>
    '\u{10fffd}'.repeat(length - 1) + String.fromCodePoint(0x10ff00 + i),
  'quotation marks': (length: number, i: number) => `${'"'.repeat(length - 1)}${String.fromCharCode(0x41 + i)}`,
};

it.each(Object.entries(asks))(
  'a denied request stays small in the log and in its row, however it is filled with %s',
  async (_, fill) => {
    const { context } = issuance;
    const ask = {
      csr: (
        await csrFor(
          fill(64, 0),
          Array.from({ length: 32 }, (_group, i) => fill(64, i)),
        )
      ).pem,
      reason: fill(1024, 0),
    };
    const outcome = await createRequest(context, alice, ask, { waitSeconds: 0, idempotency: null });
    if (outcome.ok || outcome.refusal.kind !== 'policy-denied') throw new Error('it is not denied');
    const { request, violations } = outcome.refusal;
    expect(violations.at(-1)?.reason).toBe('MoreViolations');

    const events = await context.store.auditEvents.ofRequest(request.id);
    expect(events.map(({ type }) => type)).toEqual(['CertificateRequested', 'RequestDenied']);
    const octets = events.reduce((sum, { canonical }) => sum + Buffer.byteLength(canonical), 0);
    expect(octets).toBeLessThan(40_960);
    const stored = await context.store.requests.find(request.id);
    expect(stored?.decision.violations).toEqual(violations);
    expect(Buffer.byteLength(JSON.stringify(stored?.decision))).toBeLessThan(24_576);

    const drafts = { evaluate: () => Promise.reject(new Error()), replay: () => Promise.reject(new Error()) };
    await evaluatePolicies({ ...context, drafts }, alice, ask, null);
    const { items } = await context.store.auditEvents.list({ type: 'PolicyEvaluated' }, { limit: 1, cursor: null });
    expect(Buffer.byteLength(items[0]?.canonical ?? '')).toBeLessThan(40_960);
  },
);
