// Tests src/http/server/create-server.ts, src/start/client-certificates.ts, src/start/tls-in-force.ts
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect, createServer, type AddressInfo } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeAuthority, makeCertificate, subjectAltName } from '../../../packages/x509/test/helpers/certificates.js';
import { useProcesses, type ServingProcess } from '../../http/support/serving-process.js';
import { makeTlsPair, writeTlsFiles } from '../../http/support/tls-files.js';

const { start, inDirectory } = useProcesses();

const from = (seconds: number) => new Date(Math.floor(Date.now() / 1000) * 1000 + seconds * 1000);
const valid = { notBefore: from(-3600), notAfter: from(86_400) };
const authority = makeAuthority({ subject: [['CN', 'callers-ca']], ...valid });
const name = 'spiffe://corp.example/ci';
const certificateOf = (issuer = authority) =>
  makeCertificate({ issuer, extensions: [subjectAltName({ uri: [name] })], ...valid });

const serving = 'kubepass serves callers with client certificates';

/** A process that serves with TLS, and that asks for client certificates on this port; default: any free one. */
async function serve(port = 0): Promise<ServingProcess> {
  const { cert, key } = makeTlsPair();
  writeFileSync(inDirectory('user-ca.crt'), cert);
  writeFileSync(inDirectory('user-ca.key'), key, { mode: 0o600 });
  writeFileSync(inDirectory('callers-ca.crt'), authority.pem);
  const settings = {
    clusters: [
      {
        ...{ name: 'demo', server: 'https://127.0.0.1:6443', servingCertificateAuthority: 'user-ca.crt' },
        signer: { localCA: { certFile: 'user-ca.crt', keyFile: 'user-ca.key' } },
      },
    ],
    callers: { clientCertificates: { certificateAuthority: 'callers-ca.crt', identity: 'uri', port } },
  };
  writeFileSync(inDirectory('kubepass.yaml'), JSON.stringify(settings));
  const environment = { KUBEPASS_CONFIG: inDirectory('kubepass.yaml'), ...writeTlsFiles(inDirectory()) };
  return start({ environment });
}

async function certificateAddress({ said }: ServingProcess): Promise<string> {
  await expect.poll(() => said(serving), { timeout: 60_000 }).toBeDefined();
  return String(said(serving)?.['address']);
}

const agentWith = ({ pem, key }: ReturnType<typeof certificateOf>, options = {}) =>
  new Agent({ cert: pem, key: key.pem, rejectUnauthorized: false, ...options });

function get(url: string, agent: Agent): Promise<{ status: number | undefined; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    request(url, { agent }, (response) => {
      const { statusCode: status, headers } = response;
      response.resume().on('end', () => resolve({ status, connection: headers.connection }));
    })
      .on('error', reject)
      .end();
  });
}

describe('the listener for client certificates', () => {
  it('serves the whole API beside the other one, and ends with it, although a caller keeps a connection', async () => {
    const service = await serve();
    const address = await certificateAddress(service);
    expect(new URL(address).port).not.toBe(new URL(await service.address()).port);
    const agent = agentWith(certificateOf(), { keepAlive: true });
    expect(await get(`${address}/v1/whoami`, agent)).toMatchObject({ status: 200 });
    expect(await get(`${address}/livez`, agent)).toMatchObject({ status: 200 });

    const silent = connect(Number(new URL(address).port), '127.0.0.1').on('error', () => undefined);
    await once(silent, 'connect');
    const before = performance.now();
    service.child.kill('SIGTERM');
    expect(await service.ended).toEqual([0, null]);
    expect(performance.now() - before).toBeLessThan(20_000);
    agent.destroy();
    silent.destroy();
  });

  it('shows a new certificate and trusts new CAs after SIGHUP', async () => {
    const service = await serve();
    const address = await certificateAddress(service);
    const shown = async () => {
      const { hostname: host, port } = new URL(address);
      const socket = connectTls({ host, port: Number(port), rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    };
    const [old, next] = [certificateOf(), makeAuthority({ subject: [['CN', 'next-ca']], ...valid })];
    const status = async (certificate: ReturnType<typeof certificateOf>) =>
      (await get(`${address}/v1/whoami`, agentWith(certificate))).status;
    expect([await status(old), await status(certificateOf(next))]).toEqual([200, 401]);

    const pair = makeTlsPair();
    writeTlsFiles(inDirectory(), pair);
    writeFileSync(inDirectory('callers-ca.crt'), next.pem);
    service.child.kill('SIGHUP');
    await expect.poll(shown, { timeout: 10_000 }).toBe(new X509Certificate(pair.cert).fingerprint256);
    await expect
      .poll(() => service.said('the CAs of callers, or their CRLs, were read again'), { timeout: 10_000 })
      .toBeDefined();
    expect([await status(old), await status(certificateOf(next))]).toEqual([401, 200]);
    // Each of the two is replaced without the other.
    expect(await shown()).toBe(new X509Certificate(pair.cert).fingerprint256);
  });

  it('keeps the service from starting where its port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const service = await serve(port);
    expect(await service.ended).toEqual([1, null]);
    expect(service.said('kubepass cannot serve')).toMatchObject({
      level: 'fatal',
      reason: expect.stringContaining(`EADDRINUSE: address already in use 127.0.0.1:${port}`) as string,
    });
    other.close();
  });
});
