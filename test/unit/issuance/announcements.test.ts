import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wakingWriter } from '../../../src/compose/webhooks.js';
import { collectKubeconfig } from '../../../src/issuance/requests/collect-kubeconfig.js';
import type { IssuanceContext } from '../../../src/issuance/context.js';
import { createRequest } from '../../../src/issuance/requests/create-request.js';
import { approveRequest, cancelRequest, denyRequest } from '../../../src/issuance/requests/decide-request.js';
import { expireRequests } from '../../../src/issuance/housekeeping.js';
import { probeCluster } from '../../../src/issuance/clusters/probe-cluster.js';
import { AttemptsUnderWay } from '../../../src/issuance/attempts/attempts-under-way.js';
import { recoverRequests } from '../../../src/issuance/attempts/recover-requests.js';
import type { WebhookEvent } from '../../../src/model/webhook-delivery.js';
import type { CertificateRequestAsk } from '../../../src/services.js';
import type { Writer } from '../../../src/store/step.js';
import { deliveriesOf } from '../../../src/webhooks/event-payload.js';
import type { Webhook } from '../../../src/webhooks/webhook.js';
import { csrFor } from '../../helpers/csr.js';
import { testIssuance, testPolicies, type TestIssuance } from '../../helpers/issuance.js';
import { alice, bob, carol } from '../../helpers/principals.js';

let issuance: TestIssuance;
let woken: number;
beforeEach(async () => {
  issuance = await testIssuance();
  woken = 0;
});
afterEach(() => issuance.close());

const webhook = (name: string, more: Partial<Webhook> = {}): Webhook => ({
  name,
  events: ['pending', 'issued', 'denied'],
  clusters: null,
  secrets: [],
  sender: { send: () => Promise.resolve({ kind: 'abandoned' }), close() {} },
  ...more,
});

/** The use cases with webhooks that are told of what happens. */
function announcing(webhooks: readonly Webhook[] = [webhook('chat')], writer?: Writer): IssuanceContext {
  const { context } = issuance;
  const wake = () => {
    woken += 1;
  };
  return {
    ...context,
    deliveriesOf: (announcement) => deliveriesOf(webhooks, randomBytes, announcement),
    store: { ...context.store, writer: wakingWriter(writer ?? context.store.writer, wake) },
  };
}

const options = { waitSeconds: 5, idempotency: null };
const manual: CertificateRequestAsk = {
  username: 'jane',
  groups: ['ops-eu'],
  expirationSeconds: 3600,
  reason: 'on call',
  labels: { team: 'payments' },
};

interface Event {
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}
/** The content of the outbox, oldest first. */
async function outbox(): Promise<readonly { readonly webhook: string; readonly event: Event }[]> {
  const { items } = await issuance.context.store.webhookDeliveries.list({}, { limit: 500, cursor: null });
  return items.toReversed().map((delivery) => {
    expect(delivery).toMatchObject({ state: 'waiting', attempts: 0, nextAttemptAt: delivery.createdAt });
    expect(delivery.id).toMatch(/^msg_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const event = JSON.parse(delivery.payload) as Event;
    expect(event).toMatchObject({ type: delivery.type, data: { requestId: delivery.requestId } });
    return { webhook: delivery.webhook, event };
  });
}
const types = async () => (await outbox()).map(({ event }) => event.type.replace('certificate_request.', ''));
const data = async (type: WebhookEvent) =>
  (await outbox()).find(({ event }) => event.type === `certificate_request.${type}`)?.event.data;

async function pending(context: IssuanceContext, ask: CertificateRequestAsk = manual): Promise<string> {
  const outcome = await createRequest(context, alice, ask, options);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
  expect(outcome.value.request.state).toBe('pending');
  return outcome.value.request.id;
}

describe('what is announced', () => {
  it('is a request that waits, with what it waits for, once', async () => {
    const context = announcing();
    const id = await pending(context);
    expect(await outbox()).toEqual([
      {
        webhook: 'chat',
        event: {
          type: 'certificate_request.pending',
          timestamp: context.clock().toISOString(),
          data: {
            requestId: id,
            state: 'pending',
            cluster: 'demo',
            username: 'jane',
            groups: ['ops-eu'],
            expirationSeconds: 3600,
            namespace: null,
            reason: 'on call',
            labels: { team: 'payments' },
            requester: 'alice',
            collector: 'alice',
            createdAt: context.clock().toISOString(),
            policy: 'by-hand',
            expiresAt: new Date(context.clock().getTime() + 259_200_000).toISOString(),
            stages: [{ count: 1 }],
          },
        },
      },
    ]);
    expect(woken).toBe(1);
  });

  it('is its end where a person denies it, with who and what they said', async () => {
    const context = announcing();
    const id = await pending(context);
    issuance.advance(1);
    expect((await denyRequest(context, bob, id, 'not this week')).ok).toBe(true);
    expect(await types()).toEqual(['pending', 'denied']);
    expect(await data('denied')).toMatchObject({
      requestId: id,
      state: 'denied',
      username: 'jane',
      requester: 'alice',
      denial: {
        reason: 'DeniedByApprover',
        deniedBy: 'bob',
        comment: 'not this week',
        violations: [],
        violationCount: 0,
      },
    });
  });

  it('is a request that policy denies when it is made, with its violations, and not that it waited', async () => {
    const context = announcing();
    const groups = Array.from({ length: 25 }, (_, i) => `nobody-${i}`);
    await createRequest(context, alice, { username: 'jane', groups }, options);
    expect(await types()).toEqual(['denied']);
    const { denial } = (await data('denied')) as { denial: { violations: object[]; violationCount: number } };
    expect(denial).toMatchObject({ reason: 'PolicyDenied', deniedBy: null, comment: null });
    expect(denial.violations).toHaveLength(20);
    expect(denial.violations[0]).toEqual({
      source: expect.any(String) as string,
      reason: 'GroupNotPermitted',
      message: expect.stringContaining('nobody-0') as string,
    });
    expect(denial.violationCount).toBeGreaterThanOrEqual(25);
  });

  it('is a request that policy no longer permits, not that whoever wanted to approve it denied it', async () => {
    const context = announcing();
    const id = await pending(context);
    issuance.advance(1);
    issuance.setPolicies(testPolicies.replaceAll('"ops-*"', '"other-*"'));
    expect((await approveRequest(context, bob, id, null)).ok).toBe(false);
    expect(await types()).toEqual(['pending', 'denied']);
    expect(await data('denied')).toMatchObject({ denial: { reason: 'NoLongerPermitted', deniedBy: null } });
  });

  it('is a certificate that is issued, with what names it and without the certificate', async () => {
    const context = announcing();
    const { pem } = await csrFor('jane', ['team-a']);
    const outcome = await createRequest(context, alice, { csr: pem }, options);
    const certificate = outcome.ok ? outcome.value.certificate : null;
    expect(certificate).not.toBeNull();
    expect(await types()).toEqual(['issued']);
    expect(await data('issued')).toMatchObject({
      state: 'issued',
      requester: 'alice',
      username: 'jane',
      groups: ['team-a'],
      policy: 'automatic',
      certificate: {
        fingerprintSha256: certificate?.fingerprintSha256,
        serialNumber: certificate?.serialNumber,
        notBefore: certificate?.notBefore.toISOString(),
        notAfter: certificate?.notAfter.toISOString(),
      },
    });
  });

  it('is what a person approved and a collector fetched: pending, then issued; no key goes with it', async () => {
    const context = announcing();
    const id = await pending(context);
    issuance.advance(1);
    await approveRequest(context, bob, id, null);
    expect(await types()).toEqual(['pending']);
    const collected = await collectKubeconfig(context, alice, id);
    expect(collected.ok).toBe(true);
    expect(await types()).toEqual(['pending', 'issued']);
    expect(JSON.stringify(await outbox())).not.toMatch(/BEGIN|LS0t|key-data|kubeconfig/i);
  });

  it('is a certificate that recovery issues', async () => {
    const crashing: Writer = {
      commit: (step) =>
        step.events.some(({ type }) => type === 'CertificateIssued')
          ? Promise.reject(new Error('the process died'))
          : issuance.context.store.writer.commit(step),
    };
    const { pem } = await csrFor('jane', ['team-a']);
    await createRequest(announcing(undefined, crashing), alice, { csr: pem }, options).catch(() => undefined);
    expect(await types()).toEqual([]);
    const next = { ...announcing(), owner: 'process-2', attempts: new AttemptsUnderWay() };
    await recoverRequests(next);
    expect(await types()).toEqual(['issued']);
  });

  it('is nothing else: not an approval, a cancellation, an expiry or a probe', async () => {
    const context = announcing([webhook('chat', { events: ['issued', 'denied'] })]);
    await cancelRequest(context, alice, await pending(context), null);
    await approveRequest(context, bob, await pending(context), null);
    await pending(context);
    issuance.advance(260_000);
    await expireRequests(context);
    await probeCluster(context, 'demo', { measureLifetimeCap: false }, 'root');
    expect(await outbox()).toEqual([]);
    expect(woken).toBe(0);
  });
});

describe('to whom', () => {
  it('goes what they take, of the clusters that they take it of, each under an id of its own', async () => {
    const context = announcing([
      webhook('all'),
      webhook('waits', { events: ['pending'] }),
      webhook('ends', { events: ['issued', 'denied'] }),
      webhook('here', { clusters: ['other', 'demo'] }),
      webhook('elsewhere', { clusters: ['other'] }),
    ]);
    const id = await pending(context);
    expect((await outbox()).map(({ webhook: name }) => name).sort()).toEqual(['all', 'here', 'waits']);
    await denyRequest(context, bob, id, null);
    const denied = (await outbox()).filter(({ event }) => event.type.endsWith('denied'));
    expect(denied.map(({ webhook: name }) => name).sort()).toEqual(['all', 'ends', 'here']);
  });

  it('goes nothing where a step conflicts', async () => {
    const context = announcing();
    const id = await pending(context);
    const outcomes = await Promise.all([
      denyRequest(context, bob, id, null),
      denyRequest(context, carol, id, null),
      cancelRequest(context, alice, id, null),
    ]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    const denied = (await types()).filter((type) => type === 'denied');
    const { state } = (await context.store.requests.find(id)) ?? {};
    expect(denied).toHaveLength(state === 'denied' ? 1 : 0);
  });

  it('goes nothing where nobody is to be told', async () => {
    await pending(announcing([]));
    expect(await outbox()).toEqual([]);
    expect(woken).toBe(0);
  });
});
