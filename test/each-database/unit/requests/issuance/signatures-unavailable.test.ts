// Tests src/requests/issuance/issue-certificate.ts
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recoverRequests } from '../../../../../src/requests/recover-requests.js';
import type { Context } from '../../../../../src/context/context.js';
import { collectKubeconfig } from '../../../../../src/requests/collect-kubeconfig.js';
import { createRequest } from '../../../../../src/requests/create-request.js';
import { SignaturesUnavailableError } from '../../../../../src/model/errors.js';
import { type Signatures, signaturesHere } from '@kubepass/x509';
import { csrFor } from '../../../../../packages/x509/test/helpers/csr.js';
import { testIssuance, type TestIssuance } from '../../../../helpers/issuance.js';
import { alice } from '../../../../helpers/principals.js';
import { signerOf } from '../../../../helpers/signing-authority.js';

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance();
});
afterEach(() => issuance.close());

const away = () => Promise.reject(new SignaturesUnavailableError('the thread ended'));
const without = (changed: Partial<Signatures>): Context => ({
  ...issuance.context,
  signatures: { ...signaturesHere, ...changed },
});
const ask = { username: 'jane', groups: ['team-a'] };
const create = (context: Context, body: Parameters<typeof createRequest>[2]) =>
  createRequest(context, alice, body, { waitSeconds: 0, idempotency: null });
const idOf = (created: Awaited<ReturnType<typeof create>>) => {
  if (!created.ok) throw new Error(created.refusal.kind);
  return created.value.request.id;
};
const find = (id: string) => issuance.context.store.requests.find(id);
const certificates = async () =>
  (await issuance.context.store.certificates.list({}, { limit: 10, cursor: null })).items;

describe('where signatures can be neither made nor verified', () => {
  it('a CSR is neither taken nor refused, and nothing is recorded', async () => {
    const { pem } = await csrFor('jane', ['team-a']);
    await expect(create(without({ verifyProof: away }), { csr: pem })).rejects.toMatchObject({
      name: 'SignaturesUnavailableError',
    });
    expect((await issuance.context.store.requests.list({}, { limit: 10, cursor: null })).items).toEqual([]);
  });

  it('a request that the CA cannot sign is approved again', async () => {
    const id = idOf(await create(issuance.context, ask));
    issuance.setSigner(signerOf(issuance.authority, { signatures: { ...signaturesHere, sign: away } }));
    expect(await collectKubeconfig(issuance.context, alice, id)).toMatchObject({ ok: false });
    expect(await find(id)).toMatchObject({ state: 'approved' });
    issuance.setSigner(signerOf(issuance.authority));
    expect(await collectKubeconfig(issuance.context, alice, id)).toMatchObject({ ok: true });
  });

  it('a certificate that cannot be checked is not handed out, and recovery begins its request anew', async () => {
    const id = idOf(await create(issuance.context, ask));
    await expect(collectKubeconfig(without({ verify: away }), alice, id)).rejects.toMatchObject({
      name: 'SignaturesUnavailableError',
    });
    expect(await find(id)).toMatchObject({ state: 'issuing' });
    expect(await certificates()).toEqual([]);
    await recoverRequests(issuance.context);
    expect(await find(id)).toMatchObject({ state: 'approved' });
    expect(await collectKubeconfig(issuance.context, alice, id)).toMatchObject({ ok: true });
    expect(await certificates()).toMatchObject([{ orphan: false }]);
  });
});
