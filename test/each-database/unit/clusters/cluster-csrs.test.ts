// Tests src/clusters/cluster-csrs.ts, src/clusters/own-csrs.ts
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kubeApiserverClient } from '../../../../src/kubernetes/csr-object.js';
import { findClusterCsr, listClusterCsrs } from '../../../../src/clusters/cluster-csrs.js';
import { createRequest } from '../../../../src/requests/create-request.js';
import { csrStatus } from '../../../../src/model/cluster.js';
import { connectedIssuance, type ConnectedIssuance } from '../../../helpers/connected-issuance.js';
import { csrFor } from '../../../../packages/x509/test/helpers/csr.js';
import { testIssuance } from '../../../helpers/issuance.js';
import { alice, auditor, bob } from '../../../helpers/principals.js';
import { signerLike } from '../../../helpers/signers.js';

let connected: ConnectedIssuance;
const all = { after: null, limit: 500 };
const newCsr = (name: string, request: string) => ({
  name,
  labels: {},
  annotations: {},
  request,
  signerName: kubeApiserverClient,
  usages: ['client auth'],
  expirationSeconds: 3600,
});
const find = async (name: string) => {
  const found = await findClusterCsr(connected.context, bob, 'demo', name);
  if (!found.ok) throw new Error(found.refusal.kind);
  return found.value;
};

/** A request of ours that is issued, with its object still in the cluster. */
async function issuedAndLeft(): Promise<{ readonly id: string; readonly objectName: string; readonly pem: string }> {
  const { pem } = await csrFor('jane', ['team-a']);
  const issuing = connected.context.clusters.get('demo');
  if (!issuing) throw new Error('no cluster');
  const { signer } = issuing;
  const untidy = signerLike(signer, {
    prepare: (request, now) => {
      const prepared = signer.prepare(request, now);
      return { ...prepared, cleanUp: () => Promise.resolve() };
    },
  });
  const context = { ...connected.context, clusters: new Map([['demo', { ...issuing, signer: untidy }]]) };
  const made = await createRequest(context, alice, { csr: pem }, { waitSeconds: 20, idempotency: null });
  if (!made.ok || made.value.request.state !== 'issued') throw new Error('not issued');
  const { id } = made.value.request;
  return { id, objectName: `kubepass-${id}-1`, pem };
}

describe('the CSR objects of a cluster', () => {
  beforeEach(async () => {
    connected = await connectedIssuance();
    connected.server.rbac.allowUser('eve', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]);
  });
  afterEach(() => connected.close());

  it('are shown with what is in them, whoever made them', async () => {
    const eve = await connected.connect('eve');
    const created = await eve.csrs.create(newCsr('by-hand', (await csrFor('mallory', ['ops'])).pem));
    expect(await find('by-hand')).toMatchObject({
      name: 'by-hand',
      uid: created.uid,
      username: 'eve',
      status: 'Pending',
      request: { subject: 'CN=mallory,O=ops', keyAlgorithm: 'ECDSA-P256', refusal: null },
      certificate: null,
      requestId: null,
    });
    await eve.csrs.approve(created, 'ByHand', '');
    await expect.poll(async () => (await find('by-hand')).status).toBe('Approved,Issued');
    expect((await find('by-hand')).certificate).toMatchObject({ subject: 'CN=mallory,O=ops' });
  });

  it('are known as ours by key, object and inventory, with their request', async () => {
    const { id, objectName } = await issuedAndLeft();
    expect(await find(objectName)).toMatchObject({ requestId: id, status: 'Approved,Issued' });
  });

  it('are not ours for their labels, their name, or a key of ours', async () => {
    const { id, objectName, pem } = await issuedAndLeft();
    const eve = await connected.connect('eve');
    const ownObject = await eve.csrs.find(objectName);
    if (ownObject) await eve.csrs.delete(ownObject);
    const labels = { 'app.kubernetes.io/managed-by': 'kubepass', 'kubepass/request-id': id };
    await eve.csrs.create({ ...newCsr('same-key', pem), labels });
    await eve.csrs.create({ ...newCsr(objectName, pem), labels });
    expect((await find('same-key')).requestId).toBeNull();
    expect((await find(objectName)).requestId).toBeNull();
  });

  it('are listed by name, some at a time, and the list goes on where an object has gone', async () => {
    const eve = await connected.connect('eve');
    const { pem } = await csrFor('mallory');
    for (const name of ['c', 'a', 'd', 'b']) await eve.csrs.create(newCsr(name, pem));
    const list = async (after: string | null, limit: number) => {
      const page = await listClusterCsrs(connected.context, auditor, 'demo', {
        after,
        limit,
      });
      return page.ok ? { names: page.value.items.map(({ name }) => name), more: page.value.more } : page.refusal;
    };
    expect(await list(null, 2)).toEqual({ names: ['a', 'b'], more: true });
    const gone = await eve.csrs.find('b');
    if (gone) await eve.csrs.delete(gone);
    expect(await list('b', 2)).toEqual({ names: ['c', 'd'], more: false });
    expect(await list('d', 2)).toEqual({ names: [], more: false });
  });

  it('are for approvers, auditors and admins', async () => {
    expect(await listClusterCsrs(connected.context, alice, 'demo', all)).toMatchObject({
      refusal: { kind: 'not-permitted' },
    });
    expect(await findClusterCsr(connected.context, bob, 'demo', 'none')).toMatchObject({
      refusal: { kind: 'not-found' },
    });
    expect(await listClusterCsrs(connected.context, bob, 'none', all)).toMatchObject({
      refusal: { kind: 'not-found' },
    });
  });

  it('cannot be read where the cluster is away, does not let us, or is not connected', async () => {
    connected.server.rbac.allowUser('kubepass', []);
    expect(await listClusterCsrs(connected.context, bob, 'demo', all)).toMatchObject({
      refusal: { kind: 'cluster-refuses' },
    });
    await connected.server.stop();
    expect(await listClusterCsrs(connected.context, bob, 'demo', all)).toMatchObject({
      refusal: { kind: 'cluster-unavailable' },
    });
    await connected.server.restart();
    const local = await testIssuance();
    expect(await listClusterCsrs(local.context, bob, 'demo', all)).toMatchObject({
      refusal: { kind: 'cluster-not-connected' },
    });
    await local.close();
  });
});

it.each([
  [[], false, 'Pending'],
  [['Approved'], false, 'Approved'],
  [['Approved'], true, 'Approved,Issued'],
  [['Denied'], false, 'Denied'],
  [['Approved', 'Failed'], false, 'Approved,Failed'],
  [['Approved', 'Denied'], false, 'Denied'],
])('the status of %j with a certificate: %s is %s', (types, issued, status) => {
  expect(
    csrStatus(
      types.map((type) => ({ type })),
      issued,
    ),
  ).toBe(status);
});
