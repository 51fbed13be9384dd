import { type Budget, UploadRefusedError } from '../decoded.js';

/** What one upload may hold and ask for; past them it is refused as a whole. */
export const limits = {
  /** Octets of all parts. */
  uploadOctets: 1024 * 1024,
  /** Octets that unwrapping makes: base64, PEM, decryption. Each of them makes less than it takes. */
  unwrappedOctets: 2 * 1024 * 1024,
  /** Octets that decompressing makes. */
  decompressedOctets: 1024 * 1024,
  objects: 200,
  /** Wrappings within wrappings: PEM in base64 in a Secret in a List in a tar … */
  depth: 8,
  /** Headers of all archives, those that only describe the next one included. */
  archiveHeaders: 1000,
  /** Of YAML, in all documents: a few microseconds of work each. */
  yamlLexemes: 100_000,
  /** Collections within collections of one document. */
  documentDepth: 64,
  /** Of JSON, in one document, and of YAML with every alias written out. */
  documentValues: 100_000,
  /** Documents of one stream, empty ones included. */
  documents: 400,
  /** Of PBKDF2-HMAC-SHA-256, or as much work. */
  derivationIterations: 1_000_000,
  signatures: 400,
  /** Octets of what is read without a worker. */
  singleObjectOctets: 16 * 1024,
  /** Characters of a path's step that the upload names. */
  nameLength: 256,
} as const;

/** What one upload may cost, all of it still there. */
export function openBudget(): Budget {
  let octets: number = limits.unwrappedOctets;
  let objects: number = limits.objects;
  let iterations: number = limits.derivationIterations;
  let signatures: number = limits.signatures;
  return {
    spendOctets(spent) {
      octets -= spent;
      if (octets < 0)
        throw new UploadRefusedError(
          'TooLarge',
          `the upload holds more than ${limits.unwrappedOctets} octets once it is decoded`,
        );
    },
    spendObject() {
      objects -= 1;
      if (objects < 0)
        throw new UploadRefusedError('TooManyObjects', `the upload holds more than ${limits.objects} objects`);
    },
    mayDerive(wanted) {
      if (!(wanted >= 0 && wanted <= iterations)) return false; // NaN is not affordable either
      iterations -= wanted;
      return true;
    },
    mayVerify() {
      signatures -= 1;
      return signatures >= 0;
    },
  };
}
