import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { encodePem, generateKeyPair, writeCertificationRequest } from '@kubepass/x509';
import type { KeptConnections } from './kept-connections.js';

const signerName = 'kubernetes.io/kube-apiserver-client';
const csrs = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

interface Csr {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly status?: { readonly certificate?: string; readonly conditions?: readonly object[] };
}

/**
 * The calls that the API server itself requires for a certificate: create the object, approve it, and see the
 * certificate arrive on one watch that all calls share. Nothing is decided, compared, recorded or checked.
 */
export class BareCalls {
  private readonly waiting = new Map<string, (certificate: string) => void>();
  private readonly made: string[] = [];
  private stream: IncomingMessage | null = null;
  private count = 0;

  constructor(private readonly api: KeptConnections) {}

  /** Opens the watch. */
  async begin(): Promise<void> {
    const list = JSON.parse(await this.api.expect(200, 'GET', csrs)) as { metadata: { resourceVersion: string } };
    const query = `watch=true&fieldSelector=spec.signerName%3D${signerName}&resourceVersion=${list.metadata.resourceVersion}`;
    this.stream = await this.api.open('GET', `${csrs}?${query}`);
    if (this.stream.statusCode !== 200) throw new Error(`the watch is refused: ${this.stream.statusCode}`);
    this.stream.on('error', () => undefined); // `end` cuts it off
    createInterface({ input: this.stream }).on('line', (line) => {
      const { object } = JSON.parse(line) as { object: Csr };
      if (object.status?.certificate === undefined) return;
      this.waiting.get(object.metadata.name)?.(object.status.certificate);
      this.waiting.delete(object.metadata.name);
    });
  }

  async once(): Promise<void> {
    const name = `bare-${process.pid}-${this.count++}`;
    this.made.push(name);
    const keyPair = await generateKeyPair('ECDSA-P256');
    const der = await writeCertificationRequest({ username: name, groups: ['team-a'] }, keyPair);
    const certificate = new Promise<string>((resolve) => this.waiting.set(name, resolve));
    const created = JSON.parse(
      await this.api.expect(201, 'POST', csrs, {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { name },
        spec: {
          request: Buffer.from(encodePem('CERTIFICATE REQUEST', der)).toString('base64'),
          signerName,
          usages: ['client auth', 'digital signature'],
          expirationSeconds: 3600,
        },
      }),
    ) as Csr;
    const approved = { type: 'Approved', status: 'True', reason: 'Bench', message: 'Approved.' };
    await this.api.expect(200, 'PUT', `${csrs}/${name}/approval`, { ...created, status: { conditions: [approved] } });
    await certificate;
  }

  /** Closes the watch and deletes the objects; neither is measured. */
  async end(): Promise<void> {
    this.stream?.destroy();
    for (const name of this.made.splice(0)) await this.api.expect(200, 'DELETE', `${csrs}/${name}`);
  }

  /** Waits until no object is left, no matter who made it. */
  async untilNoneIsLeft(): Promise<void> {
    const deadline = performance.now() + 30_000;
    for (;;) {
      const { items } = JSON.parse(await this.api.expect(200, 'GET', csrs)) as { items: readonly Csr[] | null };
      if (items === null || items.length === 0) return;
      if (performance.now() > deadline) throw new Error(`${items.length} objects are left behind`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
