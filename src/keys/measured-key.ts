import type { KeyMeasures } from '../model/measures.js';
import { type CaKey, KeyUnavailableError } from './ca-key.js';

/** A key whose signatures are timed, and whose failures are counted, as those of an issuer. */
export function measuredKey(key: CaKey, cluster: string, issuer: string, measures: KeyMeasures): CaKey {
  return {
    kind: key.kind,
    publicKey: () => key.publicKey(),
    async sign(data) {
      const began = performance.now();
      try {
        const signature = await key.sign(data);
        measures.signed(cluster, issuer, (performance.now() - began) / 1000);
        return signature;
      } catch (error) {
        if (error instanceof KeyUnavailableError) measures.failed(cluster, issuer, error.failure);
        throw error;
      }
    },
    distrust: () => {
      key.distrust();
    },
    availability: () => key.availability(),
    check: () => key.check(),
    close: () => key.close(),
  };
}
