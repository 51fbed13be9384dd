// Tests src/requests/issuance/start-attempt.ts, src/requests/issuance/issue-certificate.ts,
// src/signing/kubernetes-signer.ts
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clearUnrecordedObjects } from '../../../../src/clusters/clear-unrecorded-objects.js';
import { collectKubeconfig, createKubeconfig } from '../../../../src/requests/collect-kubeconfig.js';
import { createRequest } from '../../../../src/requests/create-request.js';
import { approveRequest } from '../../../../src/requests/decide-request.js';
import type { Context } from '../../../../src/context/context.js';
import { StoreBusyError, StoreUnavailableError } from '../../../../src/model/errors.js';
import type { CommitResult, Step } from '../../../../src/store/steps/step.js';
import { connectedIssuance, type ConnectedIssuance } from '../../../helpers/connected-issuance.js';
import { csrFor } from '../../../../packages/x509/test/helpers/csr.js';
import { alice, bob } from '../../../helpers/principals.js';
import { quietMoment } from '../../../helpers/quiet-moment.js';

const csrs = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

let connected: ConnectedIssuance;
beforeEach(async () => {
  connected = await connectedIssuance();
});
afterEach(() => connected.close());

const tellsOf = ({ events }: Step, type: string) => events.some((event) => event.type === type);

/** Lets a test do something in place of the commit of an intent, or before it. */
function atIntent(act: () => Promise<CommitResult | null>, base = connected.context): Context {
  const { store } = base;
  const commit = async (step: Step) =>
    (tellsOf(step, 'IssuanceStarted') ? await act() : null) ?? store.writer.commit(step);
  const held = { ...store, writer: { commit } };
  return { ...base, store: held };
}

const ask = (context: Context) =>
  createKubeconfig(context, alice, { username: 'jane', groups: ['team-a'] }, { idempotency: null });
async function approvedByBob(): Promise<string> {
  const jane = { username: 'jane', groups: ['ops-a'] };
  const asked = await createRequest(connected.context, alice, jane, { waitSeconds: 0, idempotency: null });
  if (!asked.ok) throw new Error(asked.refusal.kind);
  const { id } = asked.value.request;
  await approveRequest(connected.context, bob, id, null);
  return id;
}

const sent = (method: string) => connected.server.requests.filter((line) => line.startsWith(`${method} ${csrs}`));
const objects = () => connected.connection.csrs.list();
const objectIsThere = () => expect.poll(async () => (await objects()).length).toBe(1);
const nothingIsLeft = () => expect.poll(objects).toEqual([]);

describe('the object of a signing', () => {
  it('is created beside the commit of its intent, and approved after it', async () => {
    let before: readonly string[] = [];
    const context = atIntent(async () => {
      await objectIsThere();
      // Time enough for an approval that does not wait.
      await quietMoment();
      before = sent('PUT');
      return null;
    });
    expect((await ask(context)).ok).toBe(true);
    expect(before).toEqual([]);
    expect([sent('POST').length, sent('PUT').length]).toEqual([1, 1]);
    await nothingIsLeft();
  });

  it('is not created before the intent is recorded where the queue has no room or commits fail', async () => {
    const held = atIntent(async () => {
      await quietMoment();
      expect(sent('POST')).toEqual([]);
      return null;
    });
    const outcome = await ask({ ...held, store: { ...held.store, hasRoom: () => false } });
    expect(outcome.ok).toBe(true);
    expect(sent('POST').length).toBe(1);
  });

  it.each([
    ['the commit fails', () => new StoreUnavailableError('disk I/O error')],
    ['the queue turns out to be full', () => new StoreBusyError('4096 steps are waiting')],
  ])('is deleted and was never approved where %s', async (_when, error) => {
    const context = atIntent(async () => {
      await objectIsThere();
      throw error();
    });
    await expect(ask(context)).rejects.toThrow(error().message);
    await nothingIsLeft();
    expect(sent('PUT')).toEqual([]);
    await context.attempts.allEnded();
  });

  it.each([
    [
      'the quota is used up',
      { kind: 'quota', limit: { kind: 'livePerUsername', cluster: 'demo', username: 'jane' }, found: 9 },
    ],
    ['another call has the Idempotency-Key', { kind: 'idempotencyKey' }],
  ] as const)('is deleted and was never approved where %s', async (_when, conflict) => {
    const context = atIntent(async () => {
      await expect.poll(async () => (await objects()).length).toBeGreaterThan(0);
      return { committed: false, conflict };
    });
    // Three rounds in a row where it is a quota.
    const outcome = await ask(context).catch((error: unknown) => error);
    expect(outcome).not.toMatchObject({ ok: true });
    await nothingIsLeft();
    expect(sent('PUT')).toEqual([]);
  });

  it('is deleted also where it is created after the commit has failed', async () => {
    const context = atIntent(() => Promise.reject(new StoreUnavailableError('disk I/O error')));
    await expect(ask(context)).rejects.toThrow('disk I/O error');
    await context.attempts.allEnded();
    expect([sent('POST').length, sent('PUT').length]).toEqual([1, 0]);
    expect(await objects()).toEqual([]);
  });

  it('stays unapproved, until it is cleared away, where the commit fails and the answer to its creation is lost', async () => {
    connected.server.fail({ to: /^POST .*certificatesigningrequests$/, times: 1, answer: 'lost' });
    const context = atIntent(() => Promise.reject(new StoreUnavailableError('disk I/O error')));
    await expect(ask(context)).rejects.toThrow('disk I/O error');
    await context.attempts.allEnded();
    expect(sent('PUT')).toEqual([]);
    const clearing = clearUnrecordedObjects(context, 'demo', connected.connection, {
      untilMilliseconds: 0,
      roundMilliseconds: 20,
    });
    await nothingIsLeft();
    await clearing.stop();
  });

  it('is deleted in the version that somebody else approved', async () => {
    connected.server.rbac.allowUser('eve', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]);
    connected.server.signer.behave({ enabled: false });
    const eve = await connected.connect('eve');
    const context = atIntent(async () => {
      await objectIsThere();
      const [object] = await objects();
      if (object) await eve.csrs.approve(object, 'ByHand', 'because I can');
      throw new StoreUnavailableError('disk I/O error');
    });
    await expect(ask(context)).rejects.toThrow('disk I/O error');
    await nothingIsLeft();
  });

  it('is one for each request where two callers collect the same key at once, and one of them gets it', async () => {
    const id = await approvedByBob();
    const ends = await Promise.all([1, 2, 3].map(() => collectKubeconfig(connected.context, alice, id)));
    expect(ends.map(({ ok }) => ok).sort()).toEqual([false, false, true]);
    expect(ends.flatMap((end) => (end.ok ? [] : [end.refusal.kind]))).toEqual(['state-conflict', 'state-conflict']);
    await nothingIsLeft();
  });

  it('takes the place of one that an earlier process left, whose intent was not recorded', async () => {
    const id = await approvedByBob();
    const { pem } = await csrFor('jane', ['ops-a']);
    await connected.connection.csrs.create({
      name: `kubepass-${id}-1`,
      labels: { 'kubepass/request-id': id },
      annotations: {},
      request: pem,
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth', 'digital signature'],
      expirationSeconds: 86_400,
    });
    const collected = await collectKubeconfig(connected.context, alice, id);
    expect(collected.ok).toBe(true);
    await nothingIsLeft();
  });
});
