/** The hashes that password-based schemes use, as node:crypto names them. */
export type HashName = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512' | 'sha512-224' | 'sha512-256';

interface Hash {
  /** As it is shown. */
  readonly title: string;
  /** Octets of its result. */
  readonly size: number;
  /** What an iteration of PBKDF2 with it costs, in iterations with SHA-256: measured, rounded up. */
  readonly cost: number;
}

export const hashes: Readonly<Record<HashName, Hash>> = {
  md5: { title: 'MD5', size: 16, cost: 1 },
  sha1: { title: 'SHA1', size: 20, cost: 1 },
  sha224: { title: 'SHA224', size: 28, cost: 1 },
  sha256: { title: 'SHA256', size: 32, cost: 1 },
  sha384: { title: 'SHA384', size: 48, cost: 4 },
  sha512: { title: 'SHA512', size: 64, cost: 4 },
  'sha512-224': { title: 'SHA512-224', size: 28, cost: 4 },
  'sha512-256': { title: 'SHA512-256', size: 32, cost: 4 },
};

/** RFC 8017 A.2.4, RFC 5754 2: the digest algorithms. */
export const hashByOid: Readonly<Partial<Record<string, HashName>>> = {
  '1.2.840.113549.2.5': 'md5',
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** RFC 8018 B.1.2, B.3: HMAC with them. */
export const hmacByOid: Readonly<Partial<Record<string, HashName>>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
  '1.2.840.113549.2.12': 'sha512-224',
  '1.2.840.113549.2.13': 'sha512-256',
};

/** What an iteration of a hash alone costs that is called once for each, in iterations of PBKDF2-HMAC-SHA-256. */
export const COST_OF_A_CALL = 4;
