import { signal } from '@preact/signals';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { ProblemError } from '../../service/problem.js';
import type { Spec } from './spec.js';

/** The last answer of policy about the ask. Both are null before it was asked, and while something is missing. */
export interface Said {
  readonly decision: Schemas['Decision'] | null;
  readonly error: ProblemError | null;
}
const nothing: Said = { decision: null, error: null };

const firstPause = 800;
const longestPause = 3200;

/**
 * Asks policy about the ask when a field is left, and after a pause in typing; never twice about the same one. No audit
 * event tells of it. `read` gives the ask; null while it cannot be asked about.
 */
export class AskingPolicy {
  readonly said = signal(nothing);
  #timer = 0;
  #pause = firstPause;
  #asked = '';
  #answer = Promise.resolve(nothing);
  #stop = new AbortController();

  constructor(private readonly read: () => Spec | null) {}

  /** A key was pressed. */
  readonly typed = (): void => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#pause = Math.min(longestPause, 2 * this.#pause);
      void this.#ask();
    }, this.#pause);
  };

  /** A field was left, or filled as a whole: asks at once. Resolves to what policy says. */
  readonly left = (): Promise<Said> => {
    this.#pause = firstPause;
    return this.#ask();
  };

  end(): void {
    clearTimeout(this.#timer);
    this.#stop.abort();
  }

  #ask(): Promise<Said> {
    clearTimeout(this.#timer);
    const spec = this.read();
    const text = JSON.stringify(spec);
    if (text !== this.#asked) {
      this.#stop.abort();
      this.#asked = text;
      this.#answer = spec === null ? Promise.resolve(nothing) : this.#evaluate(spec);
      void this.#answer.then((found) => {
        if (text !== this.#asked) return;
        this.said.value = found;
        // A call that failed may succeed the next time.
        if (found.error !== null) this.#asked = '';
      });
    }
    return this.#answer;
  }

  async #evaluate(spec: Spec): Promise<Said> {
    const { signal } = (this.#stop = new AbortController());
    try {
      return {
        decision: await answerOf(api.POST('/v1/policies/evaluate', { body: { ...spec, record: false }, signal })),
        error: null,
      };
    } catch (error) {
      if (signal.aborted) return nothing;
      if (!(error instanceof ProblemError)) throw error;
      return { decision: null, error };
    }
  }
}

/** Sends asks. The same one that is sent again, because its answer was lost, is one request for the service. */
export class Sending {
  #sent = '';
  #key = '';

  /** Throws `ProblemError`. `kubeconfig` has its key; null where it is collected at the request. */
  async send(spec: Spec) {
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
    const call = api.POST('/v1/certificates/{fingerprintSha256}/renew', { params, body });
    const { request, kubeconfig } = await answerOf(call);
    return { request, kubeconfig: spec.csr === undefined && kubeconfig !== null ? new Blob([kubeconfig]) : null };
  }
}
