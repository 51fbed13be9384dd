// Tests src/clusters/watch-unknown-identities.ts
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClusterConnection } from '../../../../../src/kubernetes/cluster-connection.js';
import { kubeApiserverClient } from '../../../../../src/kubernetes/csr-object.js';
import { createKubeconfig } from '../../../../../src/requests/collect-kubeconfig.js';
import type { Context } from '../../../../../src/context/context.js';
import { watchUnknownIdentities } from '../../../../../src/clusters/watch-unknown-identities.js';
import { connectedIssuance, type ConnectedIssuance } from '../../../../helpers/connected-issuance.js';
import { csrFor } from '../../../../../packages/x509/test/helpers/csr.js';
import { alice } from '../../../../helpers/principals.js';
import { quietMoment } from '../../../../helpers/quiet-moment.js';

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
  it('are not looked up in the database where this process has just recorded them as its own', async () => {
    const { store } = connected.context;
    const lookUps = vi.spyOn(store.requests, 'attemptedFor');
    // The first look comes when our own attempt has ended.
    watch(connected.context, { ...soon, firstLookMilliseconds: 5_000 });
    const ask = { username: 'jane', groups: ['team-a'] };
    expect(await createKubeconfig(connected.context, alice, ask, { idempotency: null })).toMatchObject({ ok: true });
    await aWhile();
    expect(lookUps).not.toHaveBeenCalled();
    await approveByHand('last', (await csrFor('mallory')).pem);
    await recorded(1);
    expect(lookUps.mock.calls.map(([, keys]) => keys.length)).toEqual([1]);
  });
});
