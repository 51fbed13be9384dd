// Tests src/kubernetes/render-kubeconfig.ts, packages/x509/src/strict/certificate-writer.ts,
// packages/x509/src/strict/extension.ts
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createKubeconfig } from '../../src/requests/collect-kubeconfig.js';
import { generateCertificateAuthority } from '../../src/signing/generate-certificate-authority.js';
import { type KeyAlgorithm, keyAlgorithms } from '@kubepass/x509';
import { testIssuance, type TestIssuance } from '../helpers/issuance.js';
import { hr } from '../helpers/principals.js';

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance();
});
afterEach(() => issuance.close());

interface Seen {
  readonly authorized: boolean;
  readonly subject: unknown;
}

/**
 * Connects to a TLS server that trusts this CA for clients, as with `--client-ca-file`, and returns the client that the
 * server sees.
 */
async function whoIsSeen(clientCa: string, client: { readonly cert: string; readonly key: string }): Promise<Seen> {
  const serving = await generateCertificateAuthority({ commonName: 'localhost', now: new Date(), random: randomBytes });
  return new Promise((resolve, reject) => {
    const server = createServer(
      {
        cert: serving.certificatePem,
        key: serving.privateKeyPem,
        ca: clientCa,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (socket) => {
        resolve({ authorized: socket.authorized, subject: { ...socket.getPeerCertificate().subject } });
        socket.end();
        server.close();
      },
    );
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      connect({ host: '127.0.0.1', port, ...client, rejectUnauthorized: false })
        .on('error', reject)
        .resume();
    });
  });
}

async function issue(groups: readonly string[], keyAlgorithm: KeyAlgorithm = 'ECDSA-P256') {
  const ask = { username: 'jane', groups, keyAlgorithm };
  const outcome = await createKubeconfig(issuance.context, hr, ask, { idempotency: null });
  if (!outcome.ok || outcome.value.kind !== 'collected') throw new Error('no kubeconfig');
  const { users } = parse(outcome.value.kubeconfig.yaml) as {
    users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
  };
  const decode = (data: string) => Buffer.from(data, 'base64').toString();
  const { user } = users[0]!;
  return { cert: decode(user['client-certificate-data']), key: decode(user['client-key-data']) };
}

describe('a TLS server that trusts the CA for client authentication', () => {
  it('accepts a kubeconfig for two groups and sees both O values, in order, and the CN', async () => {
    expect(await whoIsSeen(issuance.caPem, await issue(['team-b', 'team-a']))).toEqual({
      authorized: true,
      subject: { O: ['team-b', 'team-a'], CN: 'jane' },
    });
  });

  it.each(keyAlgorithms)('accepts a key of algorithm %s', async (keyAlgorithm) => {
    expect(await whoIsSeen(issuance.caPem, await issue(['team-a'], keyAlgorithm))).toMatchObject({ authorized: true });
  });

  it('rejects it if the server trusts another CA', async () => {
    const other = await generateCertificateAuthority({ commonName: 'other', now: new Date(), random: randomBytes });
    expect(await whoIsSeen(other.certificatePem, await issue(['team-a']))).toMatchObject({ authorized: false });
  });
});
