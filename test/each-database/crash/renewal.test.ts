// Tests src/requests/renew-certificate.ts, src/requests/recover-requests.ts, src/requests/open-key-proofs.ts
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { keyProof } from '../../helpers/key-proof.js';
import { serviceToKill } from './service-to-kill.js';

const { start, call } = serviceToKill();

interface Request {
  readonly id: string;
  readonly createdAt: string;
  readonly state: string;
  readonly renewalOf: string | null;
  readonly certificate: { readonly fingerprintSha256: string } | null;
}

async function requestsFor(username: string): Promise<readonly Request[]> {
  const { text } = await call('GET', `/v1/certificate-requests?username=${username}`);
  return (JSON.parse(text) as { readonly items: readonly Request[] }).items;
}

const renewWithCsr = async (username: string, fingerprint: string) => {
  const body = JSON.stringify({ csr: (await csrFor(username, ['team-a'])).pem });
  return call('POST', `/v1/certificates/${fingerprint}/renew`, body, { prefer: 'wait=20' });
};

async function firstCertificate(): Promise<{ readonly username: string; readonly fingerprint: string }> {
  const username = `user-${randomUUID()}`;
  const { pem } = await csrFor(username, ['team-a']);
  const { text } = await call('POST', '/v1/certificate-requests', JSON.stringify({ csr: pem }), { prefer: 'wait=20' });
  return { username, fingerprint: (JSON.parse(text) as Request).certificate?.fingerprintSha256 ?? text };
}

const points = [
  'before the intent is committed',
  'after the intent is committed',
  'after the signature',
  'after the outcome is committed',
] as const;

describe('a renewal that kill -9 interrupts', () => {
  it.each(points)('%s: is recovered as a renewal, or never was', async (at) => {
    await start();
    const { username, fingerprint } = await firstCertificate();
    await start({ at, on: 1 });
    await expect(renewWithCsr(username, fingerprint)).rejects.toThrow();

    await start();
    const ended = async () => (await requestsFor(username)).map(({ state, renewalOf }) => ({ state, renewalOf }));
    const renewal = at === 'before the intent is committed' ? [] : [{ state: 'issued', renewalOf: fingerprint }];
    await expect.poll(ended, { timeout: 30_000 }).toEqual([...renewal, { state: 'issued', renewalOf: null }]);
    // It has its place in the lineage, of which three may be valid.
    for (let live = renewal.length + 1; live < 3; live++)
      expect((await renewWithCsr(username, fingerprint)).status).toBe(201);
    const refused = await renewWithCsr(username, fingerprint);
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('LineageTooLong')]);
  });

  it('goes on with the same Idempotency-Key, and answers a kubeconfig', async () => {
    await start();
    const { username, fingerprint } = await firstCertificate();
    await start({ at: 'after the intent is committed', on: 1 });
    const headers = { accept: 'application/yaml', 'idempotency-key': randomUUID() };
    const renew = () => call('POST', `/v1/certificates/${fingerprint}/renew`, undefined, headers);
    await expect(renew()).rejects.toThrow();

    await start();
    const waits = async () => (await requestsFor(username)).map(({ state }) => state);
    await expect.poll(waits, { timeout: 30_000 }).toEqual(['approved', 'issued']);
    const answer = await renew();
    expect([answer.status, answer.text]).toEqual([201, expect.stringContaining('client-key-data')]);
    const [renewal] = await requestsFor(username);
    expect(renewal).toMatchObject({ state: 'issued', renewalOf: fingerprint });
  });
});

describe('a proof of possession', () => {
  it('is remembered by the service that starts after a kill -9', async () => {
    const username = `user-${randomUUID()}`;
    const { pem, keyPair } = await csrFor(username, ['team-a']);
    let service = await start();
    const first = await call('POST', '/v1/certificate-requests', JSON.stringify({ csr: pem }), { prefer: 'wait=20' });
    const fingerprint = (JSON.parse(first.text) as Request).certificate?.fingerprintSha256 ?? first.text;
    const { pem: csr } = await csrFor(username, ['team-a']);
    /** The service may listen somewhere else, and have another clock: the id alone is the same. */
    const renew = async (jti: string) => {
      const { text } = await call('POST', '/v1/certificate-requests', JSON.stringify({ username, groups: ['team-a'] }));
      const now = new Date((JSON.parse(text) as Request).createdAt);
      const proof = await keyProof({
        ...{ fingerprint, key: keyPair.privateKey, address: service.address, csr, now, claims: { jti } },
      });
      const authorization = `KubepassProof ${proof}`;
      return (await call('POST', `/v1/certificates/${fingerprint}/renew`, JSON.stringify({ csr }), { authorization }))
        .status;
    };
    const jti = randomUUID();
    expect(await renew(jti)).toBe(201);
    service = await start();
    expect(await renew(jti)).toBe(401);
    // Another one counts, and only then it is looked at whether its key is new.
    expect(await renew(randomUUID())).toBe(422);
  });
});
