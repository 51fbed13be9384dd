import type { UploadRefusalReason } from './inspection.js';

/** The upload as a whole goes past a limit. The message is for the caller. */
export class UploadRefusedError extends Error {
  override readonly name = 'UploadRefusedError';
  constructor(
    readonly reason: UploadRefusalReason,
    message: string,
  ) {
    super(message);
  }
}

/** Limits of one upload. An upload that exceeds them is refused as a whole. */
export const uploadLimits = {
  /** Octets of all parts. */
  uploadOctets: 1024 * 1024,
  /** Octets that base64, PEM and decryption produce. Each produces less than it takes. */
  unwrappedOctets: 2 * 1024 * 1024,
  /** Octets that decompressing produces. */
  decompressedOctets: 1024 * 1024,
  objects: 200,
  /** Wrappings within wrappings: PEM in base64 in a Secret in a List in a tar … */
  depth: 8,
  /** Headers of all archives, including those that only describe the next header. */
  archiveHeaders: 1000,
  /** Lexemes of YAML in all documents; each takes a few microseconds. */
  yamlLexemes: 100_000,
  /** Nesting of collections in one document. */
  documentDepth: 64,
  /** Values of one JSON document, or of a YAML document with every alias written out. */
  documentValues: 100_000,
  /** Documents of one stream, empty ones included. */
  documents: 400,
  /**
   * Iterations of PBKDF2-HMAC-SHA-256, or as much work. A store of Java before 16, with counts of 50,000 and of 100,000
   * for its MAC, asks for 1.4 million.
   */
  derivationIterations: 1_500_000,
  signatures: 400,
  /** RSA moduli that are tested for being prime; each takes up to 10 ms. */
  testedModuli: 32,
  /** Octets of an object that is read without a worker. */
  singleObjectOctets: 16 * 1024,
  /** Characters of a name that the upload gives. */
  nameLength: 256,
} as const;

/**
 * A full budget for one upload, or one for fewer objects, or more signatures. Spending past it throws
 * `UploadRefusedError`.
 */
export function openBudget(objects: number = uploadLimits.objects, mostSignatures: number = uploadLimits.signatures) {
  let octets: number = uploadLimits.unwrappedOctets;
  let left = objects;
  let iterations: number = uploadLimits.derivationIterations;
  let signatures = mostSignatures;
  let moduli: number = uploadLimits.testedModuli;
  return {
    /** Octets that an unwrapping step (base64, gzip, decryption) makes. */
    spendOctets: (spent: number): void => {
      octets -= spent;
      if (octets < 0)
        throw new UploadRefusedError(
          'TooLarge',
          `the upload holds more than ${uploadLimits.unwrappedOctets} octets once it is decoded`,
        );
    },
    spendObject: (): void => {
      if (--left < 0)
        throw new UploadRefusedError('TooManyObjects', `the upload holds more than ${uploadLimits.objects} objects`);
    },
    /** Iterations of a key derivation, each weighed against PBKDF2-HMAC-SHA-256; false: they cost too much. */
    mayDerive: (wanted: number): boolean => {
      if (!(wanted >= 0 && wanted <= iterations)) return false; // refuses NaN, too
      iterations -= wanted;
      return true;
    },
    /** Asks for the verification of one signature; false where no more are allowed. */
    mayVerify: (): boolean => --signatures >= 0,
    /** Asks for the test whether one RSA modulus is prime; false where no more are allowed. */
    mayTestModulus: (): boolean => --moduli >= 0,
  };
}

export type Budget = ReturnType<typeof openBudget>;

export interface DecodeContext {
  readonly now: Date;
  readonly password: string | null;
  readonly budget: Budget;
}
