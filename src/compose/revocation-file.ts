import { copyFile, open, readFile, type FileHandle } from 'node:fs/promises';
import { replaceSecretFile } from '../config/secrets.js';
import { revocationReasons, type RevokedCertificate } from '../model/revocation.js';

/** The content of a file of revocations. */
export interface ReadRevocations {
  readonly revoked: readonly RevokedCertificate[];
  /** How many lines are none. A process that was killed may leave half of its last line behind. */
  readonly damaged: number;
}

/**
 * The revocations of certificates that have not expired, in a file beside the database: one JSON object on each line. A
 * database that is restored from a backup does not know those that were made since; this file does.
 */
export class RevocationFile {
  #handle: FileHandle | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(readonly path: string) {}

  /** Null where there is no file. */
  async read(): Promise<ReadRevocations | null> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
    const lines = text.split('\n').filter((line) => line !== '');
    const revoked = lines.flatMap((line) => revokedIn(line) ?? []);
    return { revoked, damaged: lines.length - revoked.length };
  }

  /** Keeps a copy of a file with lines that cannot be read. */
  async setAside(): Promise<string> {
    const aside = `${this.path}.damaged`;
    await copyFile(this.path, aside);
    return aside;
  }

  /** Writes the file anew, whole or not at all, and opens it for `append`. */
  async replace(revoked: Iterable<RevokedCertificate>): Promise<void> {
    await replaceSecretFile(this.path, Array.from(revoked, lineOf).join(''));
    await this.#handle?.close();
    this.#handle = await open(this.path, 'a', 0o600);
  }

  /** Resolves when they are on disk. */
  append(revoked: readonly RevokedCertificate[]): Promise<void> {
    const written = this.#writing.then(() => this.#append(revoked.map(lineOf).join('')));
    this.#writing = written.catch(() => undefined);
    return written;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#handle?.close();
    this.#handle = null;
  }

  async #append(lines: string): Promise<void> {
    if (this.#handle === null) throw new Error(`${this.path} is not open`);
    await this.#handle.appendFile(lines);
    await this.#handle.datasync();
  }
}

const lineOf = (revoked: RevokedCertificate): string => {
  const { fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter } = revoked;
  const { reason, comment, revokedAt, revokedBy } = revoked;
  return `${JSON.stringify({
    ...{ fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username, notAfter },
    ...{ reason, comment, revokedAt, revokedBy },
  })}\n`;
};

const isText = (value: unknown): value is string => typeof value === 'string';
const isHash = (value: unknown): value is string => isText(value) && /^[0-9a-f]{64}$/.test(value);
const isInstant = (value: unknown): value is string => isText(value) && !Number.isNaN(Date.parse(value));

/** Null where the line is no revocation. */
function revokedIn(line: string): RevokedCertificate | null {
  let found: Partial<Record<keyof RevokedCertificate, unknown>>;
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== 'object' || parsed === null) return null;
    found = parsed;
  } catch {
    return null;
  }
  const { fingerprintSha256, cluster, serialNumber, issuer, username, notAfter, revokedAt } = found;
  const reason = revocationReasons.find((known) => known === found.reason);
  const { issuerFingerprintSha256 = null, comment = null, revokedBy = null } = found;
  if (!isHash(fingerprintSha256) || !isText(cluster) || !isText(issuer) || !isText(username)) return null;
  if (!isText(serialNumber) || !/^-?(?:[0-9a-f]{2})+$/.test(serialNumber)) return null;
  if (!isInstant(notAfter) || !isInstant(revokedAt) || reason === undefined) return null;
  if (issuerFingerprintSha256 !== null && !isHash(issuerFingerprintSha256)) return null;
  if ((comment !== null && !isText(comment)) || (revokedBy !== null && !isText(revokedBy))) return null;
  return {
    ...{ fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username },
    ...{ notAfter: new Date(notAfter), reason, comment, revokedAt: new Date(revokedAt), revokedBy },
  };
}
