// Tests src/requests/renew-certificate.ts, src/requests/resolve-renewal.ts
import { afterEach, beforeEach, expect, it } from 'vitest';
import { collectKubeconfig, createKubeconfig } from '../../../src/requests/collect-kubeconfig.js';
import { createRequest } from '../../../src/requests/create-request.js';
import { approveRequest } from '../../../src/requests/decide-request.js';
import { revokeCertificate } from '../../../src/access/revoke-certificate.js';
import { renewCertificate } from '../../../src/requests/renew-certificate.js';
import type { Context } from '../../../src/context/context.js';
import type { Step } from '../../../src/store/steps/step.js';
import { testIssuance, testPolicies, type TestIssuance } from '../../helpers/issuance.js';
import type { Principal } from '../../../src/model/principal.js';
import { alice, bob, hr } from '../../helpers/principals.js';
import { executes } from '../../helpers/operations.js';

const lasting = `${testPolicies}  renewal: { approval: auto, withinSeconds: 3600 }\n`;

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance(lasting);
});
afterEach(() => issuance.close());

const options = { waitSeconds: 0, idempotency: null };

/** The fingerprint of a certificate that alice asked for. */
async function issued(group: string, collector: Principal = alice): Promise<string> {
  const { context } = issuance;
  const ask = { username: 'jane', groups: [group], collector: collector.name };
  const created = await createRequest(context, alice, ask, options);
  if (!created.ok) throw new Error(created.refusal.kind);
  const { id, state } = created.value.request;
  if (state === 'pending') await approveRequest(context, bob, id, null);
  const collected = await collectKubeconfig(context, collector, id);
  if (!collected.ok) throw new Error(collected.refusal.kind);
  return collected.value.certificate.fingerprintSha256;
}

/** The id of a renewal by alice that is approved, and whose key another one collects. */
async function approvedRenewal(fingerprint: string): Promise<string> {
  const asked = await renewCertificate(issuance.context, alice, fingerprint, {}, options);
  if (!asked.ok) throw new Error(asked.refusal.kind);
  if (asked.value.kind !== 'awaiting') throw new Error(asked.value.kind);
  expect(asked.value.request.state).toBe('approved');
  return asked.value.request.id;
}

it('is decided under the policies of today', async () => {
  const fingerprint = await issued('team-a');
  issuance.setPolicies(lasting.replaceAll('"team-*"', '"other-*"'));
  expect(await renewCertificate(issuance.context, alice, fingerprint, {}, options)).toMatchObject({
    refusal: { kind: 'policy-denied' },
  });
});

it('keeps a storm at three valid ones also before the first renewal is issued', async () => {
  const fingerprint = await issued('team-a');
  const renew = () => renewCertificate(issuance.context, alice, fingerprint, {}, options);
  const outcomes = await Promise.all(Array.from({ length: 20 }, renew));
  expect(outcomes.filter(({ ok }) => ok)).toHaveLength(2);
});

it('is not collected once the approval that it rested on is too old', async () => {
  const id = await approvedRenewal(await issued('ops-a', hr));
  issuance.advance(3601);
  expect(await collectKubeconfig(issuance.context, hr, id)).toMatchObject({
    refusal: { kind: 'policy-denied', violations: [{ reason: 'ApprovalRequired' }] },
  });
});

it('counts its own lineage and no other one of the same person', async () => {
  const fingerprint = await issued('team-a');
  for (let i = 0; i < 2; i++)
    expect((await renewCertificate(issuance.context, alice, fingerprint, {}, options)).ok).toBe(true);
  expect(await renewCertificate(issuance.context, alice, fingerprint, {}, options)).toMatchObject({
    refusal: { violations: [{ reason: 'LineageTooLong', source: 'built-in/renewal' }] },
  });
  // Another lineage of the same person is not affected.
  expect((await createKubeconfig(issuance.context, alice, { username: 'jane', groups: ['team-a'] }, options)).ok).toBe(
    true,
  );
});

/** Revokes the certificate once, right before a step with this SQL is committed. */
function revokedBefore(sql: string, fingerprint: string): Context {
  const { context } = issuance;
  let done = false;
  const commit = async (step: Step) => {
    if (!done && executes(step, sql)) {
      done = true;
      const revoked = await revokeCertificate(context, alice, fingerprint, { reason: 'keyCompromise', comment: null });
      expect(revoked.ok).toBe(true);
    }
    return context.store.writer.commit(step);
  };
  return { ...context, store: { ...context.store, writer: { commit } } };
}

it('is denied where the certificate is revoked between its decision and its commit', async () => {
  const fingerprint = await issued('team-a');
  const context = revokedBefore('INSERT INTO "RequestRecord"', fingerprint);
  expect(await renewCertificate(context, alice, fingerprint, {}, options)).toMatchObject({
    refusal: { kind: 'policy-denied', violations: [{ reason: 'RenewalOfRevoked', source: 'built-in/renewal' }] },
  });
});

it('is not collected where the certificate is revoked right before the key is certified', async () => {
  const fingerprint = await issued('team-a', hr);
  const id = await approvedRenewal(fingerprint);
  const context = revokedBefore('UPDATE "RequestRecord"', fingerprint);
  expect(await collectKubeconfig(context, hr, id)).toMatchObject({
    refusal: { kind: 'policy-denied', violations: [{ reason: 'RenewalOfRevoked' }] },
  });
});
