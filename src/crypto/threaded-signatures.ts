import { signaturesHere, type Signatures } from '../x509/strict/signatures.js';
import type { SignatureAlgorithm } from '../x509/strict/signature-algorithm.js';
import type { CryptoThread } from './crypto-thread.js';

const isEcdsaSha256 = ({ name }: SignatureAlgorithm): boolean => name === 'ecdsa-with-SHA256';

/**
 * Decides which signatures are made and verified where.
 *
 * The proof of a CSR with a P-256 key, and the signature of a P-256 CA with its check, go to the crypto thread. On the
 * event loop they take TODO
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
