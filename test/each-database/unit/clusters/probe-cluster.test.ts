// Tests src/clusters/probe-cluster.ts, src/clusters/probe-request.ts, src/model/cluster.ts
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClusterProbes } from '../../../../src/context/under-way.js';
import { createKubeconfig } from '../../../../src/requests/collect-kubeconfig.js';
import { probeCluster, probeStaleClusters } from '../../../../src/clusters/probe-cluster.js';
import { missingPermissions } from '../../../../src/model/cluster.js';
import { connectedIssuance, type ConnectedIssuance } from '../../../helpers/connected-issuance.js';
import { kubepassRules } from '../../../helpers/fake-api-server/rbac.js';
import { testIssuance } from '../../../helpers/issuance.js';
import { alice } from '../../../helpers/principals.js';

let connected: ConnectedIssuance;
beforeEach(async () => {
  // The signer keeps five seconds of them back.
  connected = await connectedIssuance({ timeoutSeconds: 7 });
});
afterEach(() => connected.close());

const quick = { measureLifetimeCap: false };
const probe = async (options = quick) => (await probeCluster(connected.context, 'demo', options, 'root')).result;
const demo = () => connected.context.clusters.get('demo')!.cluster;
const events = async () => connected.context.store.auditEvents.chunk(0, 100);

describe('probing a cluster', () => {
  it('has a certificate signed and calls the API server with it, all on record and marked', async () => {
    const result = await probe();
    expect(result).toMatchObject({
      reachable: true,
      version: 'v1.36.0-fake',
      username: 'kubepass',
      signs: 'yes',
      reason: null,
      accepts: 'yes',
      acceptedAs: 'kubepass-probe',
      lifetimeCap: null,
    });
    expect(result.permissions.every(({ held }) => held)).toBe(true);
    const { store } = connected.context;
    const request = await store.requests.find(result.requestId ?? '');
    expect(request).toMatchObject({
      state: 'issued',
      username: 'kubepass-probe',
      groups: [],
      expirationSeconds: 600,
      requester: { name: 'kubepass-probe' },
      decision: { policy: 'built-in/probe' },
    });
    const certificate = await store.certificates.findByFingerprint(request?.fingerprintSha256 ?? '');
    expect(certificate).toMatchObject({ username: 'kubepass-probe', orphan: false });
    expect((await events()).map(({ type, principal, details }) => [type, principal, details['probe']])).toEqual([
      ['CertificateRequested', 'root', true],
      ['RequestApproved', null, true],
      ['IssuanceStarted', 'root', true],
      ['CertificateIssued', 'root', true],
      ['ClusterProbed', 'root', true],
    ]);
    expect(connected.server.storage.list()).toEqual([]);
  });

  it('keeps the result for the next start', async () => {
    const stored = await probeCluster(connected.context, 'demo', quick, null);
    const probes = new ClusterProbes(connected.context.store);
    expect(probes.last('demo')).toBeNull();
    await probes.load([demo(), { ...demo(), name: 'other' }]);
    expect(probes.last('demo')).toEqual(stored);
    expect(probes.last('other')).toBeNull();
  });

  it.each([
    ['server', () => ({ server: 'https://10.0.0.2:6443' })],
    ['serving CA', () => ({ servingCertificateAuthority: connected.server.clientAuthority.pem })],
  ])('does not take a cluster with another %s for the one that had the name before', async (_, change) => {
    await probeCluster(connected.context, 'demo', quick, null);
    const probes = new ClusterProbes(connected.context.store);
    await probes.load([{ ...demo(), ...change() }]);
    expect(probes.last('demo')).toBeNull();
  });

  it('names what is missing, and then asks for nothing', async () => {
    connected.server.rbac.allowUser(
      'kubepass',
      kubepassRules.filter(({ resources }) => !resources.includes('signers') && !resources.includes('configmaps')),
    );
    const result = await probe();
    expect(missingPermissions(result)).toEqual([
      'approve signers.certificates.k8s.io "kubernetes.io/kube-apiserver-client"',
    ]);
    expect(result).toMatchObject({ signs: 'unknown', reason: 'PermissionsMissing', requestId: null });
    expect(result.message).toContain('approve signers');
    expect(connected.server.requests.some((line) => /^POST .*certificatesigningrequests/.test(line))).toBe(false);
    expect((await events()).map(({ type }) => type)).toEqual(['ClusterProbed']);
  });

  it('looks for what reading role bindings takes, where they are to be read, and signs all the same', async () => {
    const reading = await connectedIssuance({ timeoutSeconds: 7 }, true);
    const found = async () => (await probeCluster(reading.context, 'demo', quick, 'root')).result;
    const rbac = { apiGroups: ['rbac.authorization.k8s.io'], verbs: ['list', 'watch'] };
    try {
      const lacking = await found();
      expect(lacking).toMatchObject({ signs: 'yes', accepts: 'yes', reason: 'RoleBindingsNotReadable' });
      expect(lacking.permissions.filter(({ held }) => !held)).toHaveLength(8);
      expect(missingPermissions(lacking)).toEqual([]);
      reading.server.rbac.allowUser('kubepass', [
        ...kubepassRules,
        { ...rbac, resources: ['roles', 'rolebindings', 'clusterroles'] },
        { ...rbac, resources: ['clusterrolebindings'], verbs: ['list'] },
      ]);
      const almost = await found();
      expect(almost.message).toContain('may not watch clusterrolebindings.rbac.authorization.k8s.io in the cluster:');
      expect(almost.advice).toContain('components/read-role-bindings');
      reading.server.rbac.allowUser('kubepass', [
        ...kubepassRules,
        { ...rbac, resources: ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'] },
      ]);
      expect(await found()).toMatchObject({ signs: 'yes', reason: null, message: null, advice: null });
    } finally {
      await reading.close();
    }
  });

  it('knows a cluster that does not sign, lets requests fail at once, and clears that when it signs again', async () => {
    connected.server.signer.behave({ enabled: false });
    const result = await probe();
    expect(result).toMatchObject({ signs: 'no', reason: 'ApprovedButNotSigned', accepts: 'unknown' });
    expect(result.advice).toContain('--cluster-signing-cert-file');
    expect(connected.server.storage.list()).toEqual([]);
    expect(connected.context.probes.whyNotSigning('demo')).toMatch(/^the probe of .* does not sign/);

    const ask = () =>
      createKubeconfig(connected.context, alice, { username: 'jane', groups: ['team-a'] }, { idempotency: null });
    expect(await ask()).toMatchObject({
      refusal: { kind: 'issuance-failed', request: { failure: { reason: 'ClusterDoesNotSign' } } },
    });

    connected.server.signer.behave({});
    expect(await probe()).toMatchObject({ signs: 'yes' });
    expect(connected.context.probes.whyNotSigning('demo')).toBeNull();
    expect(await ask()).toMatchObject({ ok: true });
  });

  it('does not hold it against a cluster that somebody denied the probe', async () => {
    connected.server.signer.behave({ denies: 'not today' });
    expect(await probe()).toMatchObject({ signs: 'unknown', reason: 'DeniedInCluster' });
    expect(connected.context.probes.whyNotSigning('demo')).toBeNull();
  });

  it('says that an API server cannot be reached', async () => {
    await connected.server.stop();
    expect(await probe()).toMatchObject({
      reachable: false,
      version: null,
      signs: 'unknown',
      reason: 'ClusterUnreachable',
      requestId: null,
    });
    await connected.server.restart();
  });

  it('leaves nothing behind to collect where the API server is lost midway', async () => {
    connected.server.fail({ to: /^POST .*certificatesigningrequests$/, times: 1000, answer: { status: 503 } });
    const result = await probe();
    expect(result).toMatchObject({ signs: 'unknown', reason: 'SignerUnavailable' });
    const request = await connected.context.store.requests.find(result.requestId ?? '');
    expect(request?.state).toBe('cancelled');
    expect((await events()).every(({ details }) => details['probe'] === true)).toBe(true);
  });

  it('measures how long a lifetime is given, only when asked', async () => {
    connected.server.signer.behave({ maximumSeconds: 86_400 });
    expect((await probe({ measureLifetimeCap: true })).lifetimeCap).toEqual({
      requestedSeconds: 2 ** 31 - 1,
      givenSeconds: 86_400,
      capped: true,
    });
  });

  it('runs one at a time: who comes meanwhile gets the same answer', async () => {
    const [first, second] = await Promise.all([
      probeCluster(connected.context, 'demo', quick, 'root'),
      probeCluster(connected.context, 'demo', quick, 'other'),
    ]);
    expect(second).toBe(first);
    expect((await events()).filter(({ type }) => type === 'ClusterProbed')).toHaveLength(1);
    const measuring = { measureLifetimeCap: true };
    const [third, measured, joined] = await Promise.all([
      probeCluster(connected.context, 'demo', quick, 'root'),
      probeCluster(connected.context, 'demo', measuring, 'root'),
      probeCluster(connected.context, 'demo', measuring, 'other'),
    ]);
    expect(third.result.lifetimeCap).toBeNull();
    expect(measured.result.lifetimeCap).not.toBeNull();
    expect(joined).toBe(measured);
    expect(connected.context.probes.underWay('demo')).toBeNull();
  });

  it('does not begin once the process ends, and ends the callers that wait for another one', async () => {
    const first = probeCluster(connected.context, 'demo', quick, 'root');
    const second = probeCluster(connected.context, 'demo', { measureLifetimeCap: true }, 'root');
    const refused = expect(second).rejects.toThrow('the process ends');
    await connected.context.probes.stop();
    await expect(first).resolves.toMatchObject({ cluster: 'demo' });
    await refused;
  });

  it('runs by itself where the last one is a day old, and not before', async () => {
    const count = async () => (await events()).filter(({ type }) => type === 'ClusterProbed').length;
    await probeStaleClusters(connected.context);
    expect(await count()).toBe(1);
    await probeStaleClusters(connected.context);
    expect(await count()).toBe(1);
    const later = () => new Date(Date.now() + 24 * 3_600_000);
    await probeStaleClusters({ ...connected.context, clock: later });
    expect(await count()).toBe(2);
  });
});

describe('probing a cluster with a CA of its own here', () => {
  it('answers what applies: it signs, and there is no API server to ask', async () => {
    const { context, close } = await testIssuance();
    const { result } = await probeCluster(context, 'demo', { measureLifetimeCap: true }, 'root');
    expect(result).toMatchObject({ reachable: null, version: null, permissions: [], signs: 'yes', accepts: 'unknown' });
    expect(result.lifetimeCap?.capped).toBe(true);
    await probeStaleClusters({ ...context, probes: new ClusterProbes(context.store) });
    const probed = (await context.store.auditEvents.chunk(0, 100)).filter(({ type }) => type === 'ClusterProbed');
    expect(probed).toHaveLength(1);
    await close();
  });
});
