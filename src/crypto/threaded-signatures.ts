import { signaturesHere, type Signatures } from '../x509/strict/signatures.js';
import type { SignatureAlgorithm } from '../x509/strict/signature-algorithm.js';
import type { CryptoThread } from './crypto-thread.js';

const isEcdsaSha256 = ({ name }: SignatureAlgorithm): boolean => name === 'ecdsa-with-SHA256';

/**
 * Decides where signatures are made and verified. P-256 goes to the crypto thread: the proof of a CSR, and the signature
 * of a CA with its check. Everything else stays where `signaturesHere` does it: long work on libuv's threads, and short
 * work, such as verifying RSA with its small exponent in 16 µs, on the event loop.
 *
 * Microseconds of processor time for a job, on Node 24, with 32 callers at the same time:
 *
 * | job                             | event loop: here | event loop: thread | process: here | process: thread |
 * | proof: import a key, and verify |               60 |                  5 |            61 |              67 |
 * | sign                            |               17 |                  3 |            18 |              22 |
 * | verify                          |               45 |                  3 |            45 |              50 |
 *
 * A job for the thread alone in its message costs 10 to 13 µs on the event loop, which is still less than the job.
 */
export const threadedSignatures = (thread: CryptoThread): Signatures => ({
  sign: (algorithm, data, privateKey) =>
    isEcdsaSha256(algorithm) ? thread.sign(data, privateKey) : signaturesHere.sign(algorithm, data, privateKey),
  verify: (algorithm, data, publicKey, signature) =>
    isEcdsaSha256(algorithm) && publicKey.asymmetricKeyType === 'ec'
      ? thread.verify(data, publicKey, signature)
      : signaturesHere.verify(algorithm, data, publicKey, signature),
  verifyProof: (algorithm, data, publicKey, signature) =>
    isEcdsaSha256(algorithm) && publicKey.algorithm === 'ECDSA-P256'
      ? thread.verifyProof(data, publicKey.der, signature)
      : signaturesHere.verifyProof(algorithm, data, publicKey, signature),
});
