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
