import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ClientTrust } from '../../src/kubernetes/certificate-authorities.js';
import {
  checkIssuedCertificate,
  checkSignedCertificate,
} from '../../src/requests/issuance/check-issued-certificate.js';
import type { ApprovedRequest } from '../../src/model/approved-request.js';
import { mintApprovedRequest } from '../../src/model/mint-approved-request.js';
import { newId } from '../../src/model/new-id.js';
import { generateKeyPair, type KeyAlgorithm, keyAlgorithms, writeCertificationRequest } from '@kubepass/x509';
import type { Signer } from '../../src/signing/signer.js';
import { derOf } from '../helpers/signers.js';

export interface SignerUnderContract {
  readonly signer: Signer;
  /** The name that its intents have. */
  readonly kind: string;
  /** The CA that its certificates chain to. */
  readonly trust: ClientTrust;
}

const soon = () => new Date(Date.now() + 30_000);

/** Signs, and holds the quick check of the answer to the check that reads the certificate back. */
async function signAndCheck(signer: Signer, approved: ApprovedRequest, trust: ClientTrust) {
  const startedAt = new Date();
  const prepared = signer.prepare(approved, startedAt);
  const signed = await prepared.sign(soon());
  const now = new Date();
  const checked = await checkSignedCertificate(
    signed,
    { approved, attempt: { startedAt, intent: prepared.intent } },
    trust,
    now,
  );
  expect(checked).toEqual(await checkIssuedCertificate(derOf(signed), approved, trust, { startedAt, now }));
  return checked;
}

/** The behaviour of any signer that issuing relies on. */
export function signerContract(name: string, open: () => Promise<SignerUnderContract>): void {
  describe(`a signer: ${name}`, () => {
    const approve = async (algorithm: KeyAlgorithm = 'ECDSA-P256', groups = ['team-b', 'team-a']) => {
      const keyPair = await generateKeyPair(algorithm);
      return mintApprovedRequest({
        requestId: newId(new Date(), randomBytes),
        attempt: 1,
        cluster: 'demo',
        username: 'jane',
        groups,
        keyAlgorithm: algorithm,
        subjectPublicKeyInfo: keyPair.subjectPublicKeyInfo,
        expirationSeconds: 3600,
        certificationRequest: await writeCertificationRequest({ username: 'jane', groups }, keyPair),
        probe: false,
      });
    };

    it.each(keyAlgorithms)('signs exactly what was approved: %s', async (algorithm) => {
      const { signer, trust } = await open();
      const approved = await approve(algorithm);
      const checked = await signAndCheck(signer, approved, trust);
      expect(checked).toMatchObject({ ok: true, fields: { username: 'jane' }, lifetimeClamped: false });
      expect(new Set(checked.ok ? checked.fields.groups : [])).toEqual(new Set(['team-a', 'team-b']));
    });

    it('signs for a username without groups, and with 32 groups', async () => {
      const { signer, trust } = await open();
      for (const groups of [[], Array.from({ length: 32 }, (_, i) => `team-${i}`)]) {
        const approved = await approve('ECDSA-P256', groups);
        const checked = await signAndCheck(signer, approved, trust);
        expect(checked).toMatchObject({ ok: true });
        expect(new Set(checked.ok ? checked.fields.groups : [])).toEqual(new Set(groups));
      }
    });

    it('signs nothing while it prepares, and gives each preparation its own intent', async () => {
      const { signer, kind } = await open();
      const approved = await approve();
      const now = new Date();
      const intents = Array.from({ length: 20 }, (_, attempt) => {
        const again = mintApprovedRequest({ ...approved, attempt: attempt + 1 });
        return JSON.stringify(signer.prepare(again, now).intent);
      });
      expect(new Set(intents).size).toBe(20);
      expect(JSON.parse(intents[0] ?? '')).toMatchObject({ signer: kind });
    });
  });
}
