// Tests src/requests/read-requests.ts, src/requests/request-schemas.ts, src/access/certificate-schemas.ts,
// src/context/context.ts
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { chainOf } from '../../../../src/context/context.js';
import { certificateRequestView } from '../../../../src/requests/request-schemas.js';
import { showingNow } from '../../../../src/access/certificate-schemas.js';
import { createKubeconfig } from '../../../../src/requests/collect-kubeconfig.js';
import { createRequest } from '../../../../src/requests/create-request.js';
import { kubeconfigWithKeyPath } from '../../../../src/requests/read-requests.js';
import { csrFor } from '../../../../packages/x509/test/helpers/csr.js';
import { testIssuance, type TestIssuance } from '../../../helpers/issuance.js';
import { alice } from '../../../helpers/principals.js';
import { makeCa, serveIssuers, type TestIssuer } from '../../../helpers/several-issuers.js';

const root = makeCa('root');
const between = makeCa('between', { issuer: root });
const users = makeCa('users', { issuer: between });
const issuer: TestIssuer = {
  name: 'users',
  state: 'active',
  certificate: users,
  chain: [users, between],
  anchor: root,
};

let issuance: TestIssuance;
beforeEach(async () => (issuance = await testIssuance()));
afterEach(() => issuance.close());

const certificatesIn = (pem: string) =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? []).map(
    (block) => new X509Certificate(block),
  );
const subjectsIn = (pem: string) => certificatesIn(pem).map(({ subject }) => subject.split('\n').at(-1));

interface Kubeconfig {
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

async function kubeconfig() {
  const made = await createKubeconfig(
    issuance.context,
    alice,
    { username: 'jane', groups: ['team-a'] },
    { idempotency: null },
  );
  if (!made.ok || made.value.kind !== 'collected') throw new Error('there is no kubeconfig');
  const { yaml, request, certificate } = made.value.kubeconfig;
  const user = (parse(yaml) as Kubeconfig).users[0]!.user;
  const decoded = (data: string) => Buffer.from(data, 'base64').toString('utf8');
  return { pem: decoded(user['client-certificate-data']), key: decoded(user['client-key-data']), request, certificate };
}

const showing = () => showingNow(issuance.context);

it('has the leaf first in a kubeconfig, then the CAs up to the anchor, which is left out', async () => {
  await serveIssuers(issuance, [issuer]);
  const { pem, key, request, certificate } = await kubeconfig();
  expect(subjectsIn(pem)).toEqual(['CN=jane', 'CN=users', 'CN=between']);
  const [leaf, ...above] = certificatesIn(pem);
  expect(leaf?.checkPrivateKey(createPrivateKey(key))).toBe(true);
  // Each is signed by the next, the last one by the anchor.
  const chain = [leaf!, ...above, new X509Certificate(root.pem)];
  for (const [i, one] of chain.slice(0, -1).entries()) expect(one.verify(chain[i + 1]!.publicKey)).toBe(true);
  const view = certificateRequestView({ request, certificate }, showing());
  expect(view.certificate?.pem).toBe(pem);
});

it('has the chain in the kubeconfig of whoever holds the key, and in the request', async () => {
  await serveIssuers(issuance, [issuer]);
  const { pem: csr } = await csrFor('jane', ['team-a']);
  const made = await createRequest(issuance.context, alice, { csr }, { waitSeconds: 10, idempotency: null });
  if (!made.ok) throw new Error(made.refusal.kind);
  const again = await kubeconfigWithKeyPath(issuance.context, alice, made.value.request.id);
  if (!again.ok) throw new Error(again.refusal.kind);
  const data = (parse(again.value.yaml) as Kubeconfig).users[0]!.user['client-certificate-data'];
  const pem = Buffer.from(data, 'base64').toString('utf8');
  expect(subjectsIn(pem)).toEqual(['CN=jane', 'CN=users', 'CN=between']);
  expect(certificateRequestView(made.value, showing()).certificate?.pem).toBe(pem);
});

it('has the leaf alone where the issuer is its own anchor', async () => {
  await serveIssuers(issuance, [{ name: 'own', state: 'active', certificate: makeCa('own') }]);
  expect(subjectsIn((await kubeconfig()).pem)).toEqual(['CN=jane']);
});

it('has the chain of today behind a certificate of an issuer whose certificate was renewed, or that signs no more', async () => {
  await serveIssuers(issuance, [issuer]);
  const { certificate } = await kubeconfig();
  const renewed = makeCa('users', { issuer: root, key: users.key });
  const now = { ...issuer, certificate: renewed, chain: [renewed], former: [users], state: 'retiring' as const };
  const next: TestIssuer = { name: 'next', state: 'active', certificate: makeCa('next') };
  await serveIssuers(issuance, [now, next]);
  const found = chainOf(issuance.context, certificate);
  expect(found.map(({ der }) => der.toString('hex'))).toEqual([renewed.der.toString('hex')]);
  await serveIssuers(issuance, [next]);
  expect(chainOf(issuance.context, certificate)).toEqual([]);
});

it('has none behind a certificate of a cluster that signs, or that is not configured', () => {
  const named = { cluster: 'demo', issuerFingerprintSha256: 'ab'.repeat(32) };
  expect(chainOf(issuance.context, named)).toEqual([]);
  expect(chainOf(issuance.context, { ...named, issuerFingerprintSha256: null })).toEqual([]);
  expect(chainOf(issuance.context, { ...named, cluster: 'other' })).toEqual([]);
});
