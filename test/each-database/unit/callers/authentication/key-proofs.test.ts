// Tests src/callers/authentication/key-proofs.ts
import { hash, X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KeyProofs } from '../../../../../src/callers/authentication/key-proofs.js';
import { decodeSinglePem } from '@kubepass/x509';
import {
  acceptedProofs,
  proofAddress,
  proofTime,
  readHolder,
  readProof,
  readProofCsr,
  refusedProofs,
} from '../../../../fixtures/proofs/index.js';

const holders = new Map(
  acceptedProofs.map((kind) => {
    const { raw } = new X509Certificate(readHolder(kind));
    return [hash('sha256', raw, 'hex'), raw];
  }),
);
const fingerprintOf = (kind: string) => hash('sha256', new X509Certificate(readHolder(kind)).raw, 'hex');

function proofs({ at = proofTime, restoredAt = null as Date | null, isPredecessors = false } = {}): KeyProofs {
  const used = new Set<string>();
  return new KeyProofs({
    find: async (fingerprint) => {
      const der = holders.get(fingerprint);
      const requester = { name: 'portal', groups: ['onboarding'], roles: ['requester'] as const };
      return der === undefined
        ? null
        : { der, username: 'jane', notAfter: at, requester, collector: 'portal', makers: ['root'], isPredecessors };
    },
    use: async (id) => {
      const isNew = !used.has(id);
      used.add(id);
      return isNew;
    },
    restoredAt: async () => restoredAt,
    rolesOf: () => [],
    clock: () => at,
  });
}

const show = (of: KeyProofs, name: string, kind = 'es256') => {
  const fingerprintSha256 = fingerprintOf(kind);
  const path = `/v1/certificates/${fingerprintSha256}/renew`;
  const presented = { text: readProof(name), method: 'POST', path, fingerprintSha256, address: proofAddress };
  return of.authenticate(presented);
};

const csrOf = (pem: string) => {
  const read = decodeSinglePem(pem, 'CERTIFICATE REQUEST');
  if (!read.ok) throw new Error('no certification request');
  return read.der;
};

describe('a fixture of a proof', () => {
  it.each(acceptedProofs)('%s counts for its certificate', async (kind) => {
    expect(await show(proofs(), kind, kind)).toMatchObject({
      outcome: 'authenticated',
      principal: { name: 'portal', groups: ['onboarding'], createdBy: ['root'], proof: { username: 'jane' } },
    });
  });

  it.each(Object.entries(refusedProofs))('%s is refused: %s', async (name, reason) => {
    expect(await show(proofs(), name)).toMatchObject({ outcome: 'refused', reason });
  });

  it('is refused where a name of the certificate was given to somebody else since', async () => {
    const reason = 'ProofOfPredecessor';
    expect(await show(proofs({ isPredecessors: true }), 'es256')).toMatchObject({ outcome: 'refused', reason });
  });

  it('is in the lists', () => {
    const files = readdirSync(new URL('../../../../fixtures/proofs/', import.meta.url)).filter((file) =>
      file.endsWith('.jws'),
    );
    expect(files.sort()).toEqual(
      [...acceptedProofs, ...Object.keys(refusedProofs), 'another-csr'].map((name) => `${name}.jws`).sort(),
    );
  });
});

describe('a proof that is right', () => {
  it('counts once, with its own csr', async () => {
    const of = proofs();
    const principal = async (name: string) => {
      const shown = await show(of, name);
      if (shown.outcome !== 'authenticated') throw new Error('refused');
      return shown.principal;
    };
    const csr = csrOf(readProofCsr());
    expect(await of.use(await principal('another-csr'), csr)).toMatchObject({ reason: 'ProofForAnotherCsr' });
    expect(await of.use(await principal('es256'), null)).toMatchObject({ reason: 'ProofWithoutCsr' });
    expect(await of.use(await principal('es256'), csr)).toBeNull();
    expect(await of.use(await principal('es256'), csr)).toMatchObject({ reason: 'ProofReplayed' });
  });

  const after = (seconds: number) => new Date(proofTime.getTime() + seconds * 1000);

  it.each([
    [-60, 'authenticated'],
    [60, 'authenticated'],
    [-61, 'refused'],
    [61, 'refused'],
  ])('%i seconds after it was made is %s', async (seconds, outcome) => {
    expect(await show(proofs({ at: after(seconds) }), 'es256')).toMatchObject({ outcome });
  });

  it.each([
    // It may have been used a moment before, by a service that took it for one of a minute ahead.
    [-60, 'unavailable'],
    [-30, 'unavailable'],
    [10, 'unavailable'],
    [-61, 'authenticated'],
  ])('where the database was put back %i seconds from it is %s', async (seconds, outcome) => {
    expect(await show(proofs({ restoredAt: after(seconds) }), 'es256')).toMatchObject({ outcome });
  });
});
