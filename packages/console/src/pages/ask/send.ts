import { answerOf, api, type Schemas } from '../../service/client.js';
import type { Spec } from './spec.js';

interface Sent {
  readonly request: Schemas['CertificateRequest'];
  /** With its key: nobody else has it. Null where it is collected at the request. */
  readonly kubeconfig: Blob | null;
}

/** Sends an ask. The same one that is sent again, because its answer was lost, is one request for the service. */
export class Sending {
  #sent = '';
  #key = '';

  /** Throws `ProblemError`. */
  async send({ renewalOf, ...body }: Spec): Promise<Sent> {
    const text = JSON.stringify({ renewalOf, body });
    if (text !== this.#sent) this.#key = crypto.randomUUID();
    this.#sent = text;
    const header = { 'Idempotency-Key': this.#key };
    if (renewalOf === undefined) {
      const request = await answerOf(api.POST('/v1/certificate-requests', { params: { header }, body }));
      return { request, kubeconfig: null };
    }
    const { csr, keyAlgorithm, expirationSeconds, reason } = body;
    const { request, kubeconfig } = await answerOf(
      api.POST('/v1/certificates/{fingerprintSha256}/renew', {
        params: { path: { fingerprintSha256: renewalOf }, header },
        body: JSON.parse(JSON.stringify({ csr, keyAlgorithm, expirationSeconds, reason })) as Schemas['RenewalSpec'],
      }),
    );
    return { request, kubeconfig: csr === undefined && kubeconfig !== null ? new Blob([kubeconfig]) : null };
  }
}
