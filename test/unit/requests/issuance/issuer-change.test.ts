// Tests src/requests/issuance/start-attempt.ts, src/requests/issuance/issue-certificate.ts,
// src/signing/cluster-issuers.ts
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKubeconfig } from '../../../../src/requests/collect-kubeconfig.js';
import { generateCertificateAuthority } from '../../../../src/signing/generate-certificate-authority.js';
import { ClusterIssuers } from '../../../../src/signing/cluster-issuers.js';
import { LocalCaSigner } from '../../../../src/signing/local-ca-signer.js';
import { readClientTrust } from '../../../../src/kubernetes/certificate-authorities.js';
import type { RecordedIssuer } from '../../../../src/model/issuer.js';
import { insertIssuer, moveIssuer } from '../../../../src/store/tables/cluster-issuer-table.js';
import { testIssuance, type TestIssuance } from '../../../helpers/issuance.js';
import { alice } from '../../../helpers/principals.js';
import {
  certifiedIssuer,
  loadSigningAuthority,
  type TestSigningAuthority,
} from '../../../helpers/signing-authority.js';

const generated = generateCertificateAuthority({ commonName: 'users-2027', now: new Date(), random: randomBytes });
const ask = { username: 'jane', groups: ['team-a'] };

let issuance: TestIssuance;
let next: TestSigningAuthority;
beforeEach(async () => {
  issuance = await testIssuance();
  const { certificatePem, privateKeyPem } = await generated;
  next = loadSigningAuthority(certificatePem, privateKeyPem);
  const recorded: RecordedIssuer = {
    ...{ cluster: 'demo', name: 'users-2027', state: 'next', since: new Date(), probe: null },
    ...{ spkiSha256: next.spkiSha256, fingerprints: [next.fingerprintSha256] },
  };
  await issuance.context.store.writer.commit({ operations: [insertIssuer(recorded)], events: [] });
});
afterEach(() => issuance.close());

/** Puts a signer over these issuers into the cluster, which knows the states as they are now. */
async function serveWith(...authorities: readonly { readonly name: string; readonly of: TestSigningAuthority }[]) {
  const { clusters, store } = issuance.context;
  const loaded = authorities.map(({ name, of }) => {
    const certified = certifiedIssuer(of, { name });
    return { name, key: certified.key, certified, requestedSubject: null };
  });
  const issuers = new ClusterIssuers('demo', loaded, () => store.issuers.ofCluster('demo'));
  await issuers.refresh();
  const trust = readClientTrust(issuance.caPem + (await generated).certificatePem);
  const found = clusters.get('demo')!;
  (clusters as Map<string, typeof found>).set('demo', {
    ...found,
    issuers,
    signer: new LocalCaSigner(issuers),
    clientTrust: () => Promise.resolve(trust),
  });
}

/** Another replica makes the next issuer the active one. */
async function activateElsewhere() {
  const at = new Date();
  const result = await issuance.context.store.writer.commit({
    operations: [
      moveIssuer({ cluster: 'demo', name: 'default', from: 'active', to: 'retiring', at }),
      moveIssuer({ cluster: 'demo', name: 'users-2027', from: 'next', to: 'active', at }),
    ],
    events: [],
  });
  expect(result).toEqual({ committed: true });
}

const create = () => createKubeconfig(issuance.context, alice, ask, { idempotency: null });

async function intents() {
  const { items } = await issuance.context.store.auditEvents.list(
    { type: 'IssuanceStarted' },
    { limit: 10, cursor: null },
  );
  return items.map(({ details }) => details['issuer']);
}

describe('an attempt whose issuer is active no longer when its intent is recorded', () => {
  it('is prepared anew, and signed by the one that is active', async () => {
    await serveWith({ name: 'default', of: issuance.authority }, { name: 'users-2027', of: next });
    await activateElsewhere();
    const outcome = await create();
    expect(outcome).toMatchObject({
      ok: true,
      value: { kubeconfig: { certificate: { issuerFingerprintSha256: next.fingerprintSha256 } } },
    });
    expect(await intents()).toEqual(['users-2027']);
  });

  it('is not begun by a process that has not loaded the active one, and nothing is recorded', async () => {
    await serveWith({ name: 'default', of: issuance.authority });
    await activateElsewhere();
    await expect(create()).rejects.toMatchObject({
      name: 'SignerUnavailableError',
      message: 'issuer "users-2027" of cluster "demo" is active, and this process has not loaded it',
    });
    expect(await intents()).toEqual([]);
  });
});
