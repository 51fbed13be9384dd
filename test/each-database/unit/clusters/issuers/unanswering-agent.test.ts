// Tests src/clusters/issuers/probe-issuer.ts, src/clusters/issuers/activate-issuer.ts
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AgentKey } from '../../../../../src/signing/keys/agent-key.js';
import { ClusterIssuers } from '../../../../../src/signing/cluster-issuers.js';
import { activateIssuer } from '../../../../../src/clusters/issuers/activate-issuer.js';
import { probeIssuer } from '../../../../../src/clusters/issuers/probe-issuer.js';
import { listIssuers, showIssuer, requestCertification } from '../../../../../src/clusters/issuers/read-issuers.js';
import { testIssuers, type TestIssuers } from '../../../../helpers/issuers.js';
import { admin } from '../../../../helpers/principals.js';

let all: TestIssuers;
let key: AgentKey;
beforeEach(async () => {
  all = await testIssuers({ servers: 1 });
  key = new AgentKey('/nonexistent/agent.sock', { label: 'users-2028' }, { clock: () => new Date() });
});
afterEach(async () => {
  key.close();
  await all.close();
});

it('an issuer whose agent has not told its key is shown, and cannot be used', async () => {
  const { issuers } = all;
  const { clusters, store } = all.context;
  const waiting = { name: 'users-2028', key, certified: null, requestedSubject: null };
  const more = new ClusterIssuers('demo', [...issuers.all(), waiting], () => store.issuers.ofCluster('demo'));
  const found = clusters.get('demo')!;
  (clusters as Map<string, typeof found>).set('demo', { ...found, issuers: more });
  const probePorts = {
    signerOf: () => found.signer,
    show: () => Promise.reject(new Error('nothing is signed that could be shown')),
  };
  const context = { ...all.context, probePorts };
  const shown = {
    ...{ name: 'users-2028', state: 'uncertified', since: null, spkiSha256: null, fingerprintSha256: null },
    ...{ key: { kind: 'agent', algorithm: null, available: false }, certificates: { live: 0, latestNotAfter: null } },
  };
  expect(await showIssuer(context, admin, 'demo', 'users-2028')).toMatchObject({
    ok: true,
    value: { view: shown, pem: null },
  });
  const listed = await listIssuers(context, admin, 'demo');
  expect(listed.ok && listed.value.map(({ name }) => name)).toEqual(['default', 'users-2027', 'users-2028']);
  for (const tried of [
    activateIssuer(context, admin, 'demo', 'users-2028', { comment: 'by hand', withoutProbe: true }),
    probeIssuer(context, admin, 'demo', 'users-2028'),
    requestCertification(context, admin, 'demo', 'users-2028'),
  ])
    expect(await tried).toMatchObject({
      ok: false,
      refusal: { message: 'issuer "users-2028" is uncertified, and its agent has not told its key yet' },
    });
  expect(await showIssuer(context, admin, 'demo', 'nobody')).toEqual({ ok: false, refusal: { kind: 'not-found' } });
});
