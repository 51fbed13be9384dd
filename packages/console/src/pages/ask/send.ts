import { answerOf, api, type Schemas } from '../../service/client.js';
import type { Spec } from './spec.js';

/** Sends asks. The same one that is sent again, because its answer was lost, is one request for the service. */
export class Sending {
  #sent = '';
  #key = '';

  /** Throws `ProblemError`. `kubeconfig` has its key; null where it is collected at the request. */
  async send(
    spec: Spec,
  ): Promise<{ readonly request: Schemas['CertificateRequest']; readonly kubeconfig: Blob | null }> {
    const text = JSON.stringify(spec);
    if (text !== this.#sent) this.#key = crypto.randomUUID();
    this.#sent = text;
    const header = { 'Idempotency-Key': this.#key };
    const { renewalOf, ...body } = spec;
    if (renewalOf === undefined) {
      const request = await answerOf(api.POST('/v1/certificate-requests', { params: { header }, body }));
      return { request, kubeconfig: null };
    }
    const params = { path: { fingerprintSha256: renewalOf }, header };
    const { request, kubeconfig } = await answerOf(
      api.POST('/v1/certificates/{fingerprintSha256}/renew', { params, body }),
    );
    return { request, kubeconfig: spec.csr === undefined && kubeconfig !== null ? new Blob([kubeconfig]) : null };
  }
}
