// Tests src/clusters/watch-unknown-identities.ts, src/clusters/own-csrs.ts
import { EventEmitter, once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClusterConnection } from '../../../../src/kubernetes/cluster-connection.js';
import { kubeApiserverClient } from '../../../../src/kubernetes/csr-object.js';
import { createKubeconfig } from '../../../../src/requests/collect-kubeconfig.js';
import { createRequest } from '../../../../src/requests/create-request.js';
import type { Context } from '../../../../src/context/context.js';
import { watchUnknownIdentities } from '../../../../src/clusters/watch-unknown-identities.js';
import { StoreBusyError } from '../../../../src/model/errors.js';
import { connectedIssuance, type ConnectedIssuance } from '../../../helpers/connected-issuance.js';
import { csrFor } from '../../../../packages/x509/test/helpers/csr.js';
import { alice } from '../../../helpers/principals.js';
import { quietMoment } from '../../../helpers/quiet-moment.js';

let connected: ConnectedIssuance;
/** A person with all rights in the cluster, who does not ask kubepass. */
let person: ClusterConnection;
const watches: ReturnType<typeof watchUnknownIdentities>[] = [];
const soon = { firstLookMilliseconds: 20, againMilliseconds: 50 };
beforeEach(async () => {
  connected = await connectedIssuance();
  connected.server.rbac.allowUser('eve', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]);
  person = await connected.connect('eve');
});
afterEach(async () => {
  for (const watch of watches.splice(0)) await watch.stop();
  await connected.close();
});

function watch(context: Context, pauses = soon): void {
  const connection = context.clusters.get('demo')?.connection;
  if (connection) watches.push(watchUnknownIdentities(context, 'demo', connection, pauses));
}

async function approveByHand(name: string, pem: string): Promise<void> {
  const created = await person.csrs.create({
    name,
    labels: { 'app.kubernetes.io/managed-by': 'kubepass', 'kubepass/request-id': 'feigned' },
    annotations: {},
    request: pem,
    signerName: kubeApiserverClient,
    usages: ['client auth'],
    expirationSeconds: 3600,
  });
  await person.csrs.approve(created, 'ByHand', 'because I can');
}

const events = async () =>
  (await connected.context.store.auditEvents.chunk(0, 500)).filter(({ type }) => type === 'UnknownIdentityIssued');
const recorded = (count: number) => expect.poll(async () => (await events()).length).toBe(count);
/** Several rounds. */
const aWhile = () => quietMoment(500);

describe('user certificates that a cluster signs without us', () => {
  it('are put on record with all that the cluster will have forgotten in an hour', async () => {
    watch(connected.context);
    await approveByHand('by-hand', (await csrFor('mallory', ['ops', 'admins'])).pem);
    await recorded(1);
    const [event] = await events();
    expect(event).toMatchObject({
      principal: null,
      cluster: 'demo',
      requestId: null,
      details: {
        username: 'mallory',
        groups: expect.arrayContaining(['ops', 'admins']) as unknown,
        objectName: 'by-hand',
        requestedBy: 'eve',
        approvalReason: 'ByHand',
        approvalMessage: 'because I can',
        expirationSeconds: 3600,
        subject: expect.stringContaining('CN=mallory') as unknown,
        serialNumber: expect.stringMatching(/^[0-9a-f]+$/) as unknown,
        notAfter: expect.stringMatching(/^20.*Z$/) as unknown,
      },
    });
    expect(event?.fingerprintSha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('are on record once, whoever else watches and whenever they begin', async () => {
    const replica = await connected.replica();
    watch(connected.context);
    watch(replica);
    for (const name of ['a', 'b', 'c']) await approveByHand(name, (await csrFor(name)).pem);
    await recorded(3);
    watch(await connected.replica());
    await aWhile();
    expect(await events()).toHaveLength(3);
    expect(new Set((await events()).map(({ details }) => details['username'])).size).toBe(3);
  });

  it('are found that were issued before the watch began', async () => {
    await approveByHand('early', (await csrFor('early')).pem);
    await expect.poll(async () => (await person.csrs.find('early'))?.certificate).not.toBeNull();
    watch(connected.context);
    await recorded(1);
  });

  it('are lost ones where they were signed for this log, and the database does not know that', async () => {
    const found: string[] = [];
    const context: Context = {
      ...connected.context,
      lostRecords: {
        instance: 'test',
        recordLost: (step) => {
          found.push('one');
          return connected.context.store.writer.commit(step);
        },
      },
    };
    const { connection } = context.clusters.get('demo') ?? {};
    const { pem: request } = await csrFor('lost');
    const ours = {
      name: 'kubepass-01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f-1',
      labels: { 'kubepass/instance': 'test' },
      annotations: {},
      request,
      signerName: kubeApiserverClient,
      usages: ['client auth'],
      expirationSeconds: 3600,
    };
    const asUs = await connection?.csrs.create(ours);
    if (asUs) await connection?.csrs.approve(asUs, 'KubepassApproved', 'before the restore');
    // Anybody can feign our name and our labels, but nobody our user; another log of ours has another id.
    const name = (n: number) => ours.name.replace(/0f-1$/, `1${n}-1`);
    const feigned = await person.csrs.create({ ...ours, name: name(0), request: (await csrFor('eve-1')).pem });
    await person.csrs.approve(feigned, 'KubepassApproved', 'as if it were ours');
    // An object of ours whose intent was not recorded, and an administrator, or a controller that approves everything.
    const noIntent = await connection?.csrs.create({ ...ours, name: name(2), request: (await csrFor('eve-3')).pem });
    if (noIntent) await person.csrs.approve(noIntent, 'AutoApproved', 'by another');
    const other = { ...ours, name: name(1), labels: { 'kubepass/instance': 'other' } };
    const ofOther = await connection?.csrs.create({ ...other, request: (await csrFor('eve-2')).pem });
    if (ofOther) await connection?.csrs.approve(ofOther, 'KubepassApproved', 'for another log');
    watch(context);
    await recorded(4);
    expect((await events()).filter(({ details }) => details['lost'] === true)).toMatchObject([
      { details: { username: 'lost', lost: true, objectName: ours.name } },
    ]);
    expect(found).toEqual(['one']);
  });

  it('are not our own, from whichever replica', async () => {
    const replica = await connected.replica();
    watch(connected.context);
    watch(replica);
    const ask = { username: 'jane', groups: ['team-a'] };
    for (const context of [connected.context, replica, connected.context])
      expect(await createKubeconfig(context, alice, ask, { idempotency: null })).toMatchObject({ ok: true });
    await approveByHand('last', (await csrFor('mallory')).pem);
    await recorded(1);
    await aWhile();
    expect(await events()).toHaveLength(1);
  });

  it('are waited for where an attempt of ours has not ended yet', async () => {
    watch(connected.context);
    // The outcome takes its time, and its object stays until then.
    const gate = new EventEmitter();
    const opened = once(gate, 'open');
    const { writer } = connected.context.store;
    const slow: Context = {
      ...connected.context,
      store: {
        ...connected.context.store,
        writer: {
          async commit(step) {
            if (step.events.some(({ type }) => type === 'CertificateIssued')) await opened;
            return writer.commit(step);
          },
        },
      },
    };
    const ask = { csr: (await csrFor('jane', ['team-a'])).pem };
    const made = createRequest(slow, alice, ask, { waitSeconds: 20, idempotency: null });
    await expect.poll(() => connected.server.storage.list()[0]?.status.certificate).toBeDefined();
    await aWhile();
    expect(await events()).toEqual([]);
    gate.emit('open');
    expect(await made).toMatchObject({ value: { request: { state: 'issued' } } });
    await aWhile();
    expect(await events()).toEqual([]);
  });

  it('are also those that somebody has signed for a key of ours', async () => {
    watch(connected.context);
    const { pem } = await csrFor('jane', ['team-a']);
    const made = await createRequest(connected.context, alice, { csr: pem }, { waitSeconds: 20, idempotency: null });
    expect(made).toMatchObject({ value: { request: { state: 'issued' } } });
    await approveByHand('same-key', pem);
    await recorded(1);
    expect((await events())[0]?.details).toMatchObject({ objectName: 'same-key', username: 'jane' });
  });

  it('are put on record later where the store is busy now', async () => {
    let refusals = 2;
    const { writer } = connected.context.store;
    watch({
      ...connected.context,
      store: {
        ...connected.context.store,
        writer: {
          commit: (step) =>
            refusals-- > 0 ? Promise.reject(new StoreBusyError('too much is waiting')) : writer.commit(step),
        },
      },
    });
    await approveByHand('by-hand', (await csrFor('mallory')).pem);
    await recorded(1);
    expect(refusals).toBeLessThan(0);
  });
});
