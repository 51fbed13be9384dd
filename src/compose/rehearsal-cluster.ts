import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { ApiServer } from '../cluster/api-server.js';
import { kubeApiserverClient } from '../cluster/csr-object.js';
import { KubernetesCsrObjects, type WireCsr } from '../cluster/csr-objects.js';
import { KubernetesCsrWatch } from '../cluster/csr-watch.js';
import { PooledKubeConfig } from '../cluster/pooled-kube-config.js';
import { KubernetesSigner } from '../signer/kubernetes.js';
import type { Signer } from '../signer/signer.js';
import { assembleTbsCertificate, sealCertificate } from '../x509/strict/certificate-writer.js';
import { parseCertificationRequest } from '../x509/strict/certification-request.js';
import { decodeSinglePem, encodePem } from '../x509/strict/pem.js';
import { newSerialNumber, publicRandomOctets } from '../x509/strict/serial-number.js';
import { sign } from '../x509/strict/signature-algorithm.js';
import type { SigningAuthority } from '../x509/strict/signing-authority.js';
import { userCertificateValidity } from '../x509/strict/validity.js';

const username = 'kubepass';

/**
 * A cluster's signer on an API server within this process, which signs with `authority`. It listens on a port of the
 * loopback address until it is closed, and knows only the requests that a signing makes.
 */
export async function openRehearsalCluster(
  authority: SigningAuthority,
  clock: () => Date,
): Promise<{ readonly signer: Signer; close(): Promise<void> }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeConfig = new PooledKubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'rehearsal', server: url, skipTLSVerify: true },
    { name: username, token: '-' },
  );
  const watched = serveSigning(server, authority, clock);
  const api = new ApiServer(kubeConfig, url, 1_000);
  const watch = new KubernetesCsrWatch(api, kubeApiserverClient, () => undefined, clock);
  // Earlier events would be lost, because this API server lists nothing.
  watch.subscribe(() => undefined);
  await watched;
  const cluster = {
    name: 'rehearsal',
    instance: 'rehearsal',
    csrs: new KubernetesCsrObjects(api),
    watch,
    whoAmI: async () => {
      await api.credential();
      return { username };
    },
    whyNotSigning: () => null,
  };
  return {
    signer: new KubernetesSigner(cluster, clock),
    async close() {
      server.close();
      server.closeAllConnections();
      await Promise.all([watch.stop(), api.close()]);
    },
  };
}

/** Resolves when somebody watches. */
function serveSigning(
  server: ReturnType<typeof createServer>,
  authority: SigningAuthority,
  clock: () => Date,
): Promise<void> {
  const { promise: watched, resolve: tellWatched } = Promise.withResolvers<undefined>();
  const watches = new Set<ServerResponse>();
  let version = 1;
  const tell = (type: string, object: object) => {
    for (const watch of watches) watch.write(`${JSON.stringify({ type, object })}\n`);
  };
  const changed = (csr: WireCsr): WireCsr => {
    const metadata = { ...csr.metadata, resourceVersion: String(++version) };
    return { ...csr, metadata };
  };
  const answer = async (request: IncomingMessage): Promise<object> => {
    if (request.method === 'GET') return { metadata: { resourceVersion: String(version) }, items: [] };
    const sent = (await json(request)) as WireCsr;
    if (request.method === 'DELETE') return { kind: 'Status' };
    if (request.method === 'POST') {
      const metadata = { ...sent.metadata, uid: randomUUID(), creationTimestamp: clock().toISOString() };
      const created = changed({ ...sent, metadata, spec: { ...sent.spec, username } });
      tell('ADDED', created);
      return created;
    }
    const approved = changed(sent);
    tell('MODIFIED', approved);
    const certificate = Buffer.from(await certify(sent, authority, clock()), 'utf8').toString('base64');
    tell('MODIFIED', changed({ ...approved, status: { ...approved.status, certificate } }));
    return approved;
  };
  server.on('request', (request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    if (request.url?.includes('watch=true')) {
      watches.add(response);
      response.flushHeaders();
      tellWatched(undefined);
      return;
    }
    answer(request).then(
      (body) => response.end(JSON.stringify(body)),
      () => response.destroy(),
    );
  });
  return watched;
}

/** PEM of a certificate for the request of an object. Nothing is checked: kubepass itself made the request. */
async function certify({ spec }: WireCsr, authority: SigningAuthority, now: Date): Promise<string> {
  const pem = decodeSinglePem(Buffer.from(spec.request, 'base64').toString('utf8'), 'CERTIFICATE REQUEST');
  const read = pem.ok ? parseCertificationRequest(Buffer.from(pem.der)) : pem;
  if (!read.ok) throw new Error(read.refusal.message);
  const { signatureAlgorithm, privateKey, subjectRaw, notAfter } = authority;
  const { publicKey, ...identity } = read.csr;
  const tbsCertificate = assembleTbsCertificate({
    ...userCertificateValidity(now, spec.expirationSeconds ?? 3600, notAfter),
    ...identity,
    serialNumber: newSerialNumber(now, publicRandomOctets()),
    issuer: subjectRaw,
    authorityKeyIdentifierExtension: null,
    signatureAlgorithm,
    subjectPublicKeyInfo: publicKey.der,
    keyAlgorithm: publicKey.algorithm,
  });
  const signature = await sign(signatureAlgorithm, tbsCertificate, privateKey);
  return encodePem('CERTIFICATE', sealCertificate(tbsCertificate, signatureAlgorithm, signature));
}
