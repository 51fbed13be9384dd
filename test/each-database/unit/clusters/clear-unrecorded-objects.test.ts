// Tests src/clusters/clear-unrecorded-objects.ts
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClusterConnection } from '../../../../src/kubernetes/cluster-connection.js';
import { kubeApiserverClient } from '../../../../src/kubernetes/csr-object.js';
import { clearUnrecordedObjects } from '../../../../src/clusters/clear-unrecorded-objects.js';
import { createRequest } from '../../../../src/requests/create-request.js';
import { connectedIssuance, type ConnectedIssuance } from '../../../helpers/connected-issuance.js';
import { csrFor } from '../../../../packages/x509/test/helpers/csr.js';
import { alice } from '../../../helpers/principals.js';
import { quietMoment } from '../../../helpers/quiet-moment.js';

const id = '01a21084-4270-78d9-ae6f-0e712256c250';

let connected: ConnectedIssuance;
let clearing: ReturnType<typeof clearUnrecordedObjects>;
beforeEach(async () => {
  connected = await connectedIssuance();
  connected.server.rbac.allowUser('eve', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]);
});
afterEach(async () => {
  vi.useRealTimers();
  await clearing.stop();
  await connected.close();
});

function clear(untilMilliseconds = 100): void {
  const { context, connection } = connected;
  clearing = clearUnrecordedObjects(context, 'demo', connection, { untilMilliseconds, roundMilliseconds: 20 });
}

async function create(by: ClusterConnection, name = `kubepass-${id}-1`, requestId = id) {
  return by.csrs.create({
    name,
    labels: { 'app.kubernetes.io/managed-by': 'kubepass', 'kubepass/request-id': requestId },
    annotations: { 'kubepass/attempt': '1' },
    request: (await csrFor('jane', ['team-a'])).pem,
    signerName: kubeApiserverClient,
    usages: ['client auth', 'digital signature'],
    expirationSeconds: 3600,
  });
}

const find = (name = `kubepass-${id}-1`) => connected.connection.csrs.find(name);
const isGone = () => expect.poll(() => find()).toBeNull();

describe('an object of ours that no attempt on record has', () => {
  it('is deleted where it was there before', async () => {
    await create(connected.connection);
    clear();
    await isGone();
  });

  it('is deleted where it comes later, but not before its attempt would be over', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    clear(600);
    await create(connected.connection);
    vi.advanceTimersByTime(599);
    await quietMoment(200);
    expect(await find()).not.toBeNull();
    vi.advanceTimersByTime(600);
    await isGone();
  });

  it('is deleted although the API server is away for a while', async () => {
    await create(connected.connection);
    clear();
    connected.server.fail({ to: /^DELETE/, times: 2, answer: { status: 503 } });
    await isGone();
  });

  it('is left alone once it is approved, even by somebody else', async () => {
    connected.server.signer.behave({ enabled: false });
    vi.useFakeTimers({ toFake: ['performance'] });
    const object = await create(connected.connection);
    clear(300);
    const eve = await connected.connect('eve');
    await eve.csrs.approve(object, 'ByHand', 'because I can');
    vi.advanceTimersByTime(301);
    await quietMoment(500);
    expect(await find()).not.toBeNull();
  });
});

describe('an object is left alone', () => {
  it('that somebody else made in our name', async () => {
    await create(await connected.connect('eve'));
    clear();
    await quietMoment(500);
    expect(await find()).not.toBeNull();
  });

  it('that has our label and another name', async () => {
    await create(connected.connection, 'by-hand');
    clear();
    await quietMoment(500);
    expect(await find('by-hand')).not.toBeNull();
  });

  it('that an open attempt has and has not approved yet', async () => {
    connected.server.fail({ to: /approval$/, times: 2, answer: { status: 503, headers: { 'Retry-After': '0' } } });
    clear(0);
    const { pem } = await csrFor('jane', ['team-a']);
    // It is created after the commit here, because nothing waits for the commit in this clearing.
    const { store } = connected.context;
    const context = { ...connected.context, store: { ...store, hasRoom: () => false } };
    const outcome = await createRequest(context, alice, { csr: pem }, { waitSeconds: 20, idempotency: null });
    expect(outcome).toMatchObject({ ok: true, value: { request: { state: 'issued' } } });
  });
});
