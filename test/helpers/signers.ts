import type { Signer } from '../../src/signer/signer.js';

/** A signer that does something else instead of signing; `sign` may call the real signature. */
export function signingBy(real: Signer, sign: (signReally: () => Promise<Uint8Array>) => Promise<Uint8Array>): Signer {
  return {
    kind: real.kind,
    resume: (request, intent) => real.resume(request, intent),
    giveUp: (intent) => real.giveUp(intent),
    prepare(request, now) {
      const prepared = real.prepare(request, now);
      return {
        intent: prepared.intent,
        sign: (deadline) => sign(() => prepared.sign(deadline)),
        cleanUp: () => prepared.cleanUp(),
      };
    },
  };
}
