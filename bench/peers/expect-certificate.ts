import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Target } from '../load/http-connection.js';
import { type Contender, type SigningJob, type SignRequest, csrUsername } from './contender.js';

const clientAuth = '1.3.6.1.5.5.7.3.2';

/**
 * Asks for one certificate and checks it, so that nobody measures how fast errors are. Throws if the answer has none.
 */
export async function expectCertificate(name: string, contender: Contender, job: SigningJob): Promise<void> {
  const csr = job.csrs[0]!;
  const { status, body } = await post(contender.target, contender.requestFor(csr.pem));
  if (status !== contender.expectedStatus) throw new Error(`${name} answered with ${status}: ${body}`);
  const certificate = new X509Certificate(contender.certificateIn(body));
  const ca = new X509Certificate(readFileSync(job.certFile));
  const subject = certificate.subject.split('\n');
  const wrong = [
    !certificate.publicKey.equals(csr.publicKey) && 'is for another key than that of the CSR',
    !(certificate.checkIssued(ca) && certificate.verify(ca.publicKey)) && 'is not signed by the CA',
    !(subject.includes(`CN=${csrUsername}`) && subject.includes('O=team-a')) && 'has another subject than the CSR',
    certificate.keyUsage.join() !== clientAuth && 'is not for clients alone',
  ].filter((text) => text !== false);
  if (wrong.length > 0) throw new Error(`what ${name} answered with ${wrong.join(' and ')}: ${certificate.toString()}`);
}

function post({ host, port, ca }: Target, { path, headers, body }: SignRequest) {
  const request = ca === null ? httpRequest : httpsRequest;
  return new Promise<{ readonly status: number; readonly body: string }>((resolve, reject) => {
    const sent = request(
      { host, port, path, headers, method: 'POST', agent: false, ...(ca !== null && { ca }) },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
