import { type FileHandle, copyFile, open, readFile } from 'node:fs/promises';
import { replaceSecretFile } from '../config/secrets.js';
import type { RevokedCertificate } from '../model/certificate.js';
import { codeOf, revocationReasons } from '@kubepass/x509';
import type { IdentityBlock } from '../model/identity.js';
import type { Withdrawal } from '../store/steps/step.js';

/** The content of a file of revocations. */
export interface ReadRevocations {
  readonly revoked: readonly RevokedCertificate[];
  /** In the order in which they happened. */
  readonly withdrawn: readonly Withdrawal[];
  /** How many lines are none. A process that was killed may leave half of its last line behind. */
  readonly damaged: number;
}

/**
 * The revocations of certificates that have not expired, of API tokens, and the blocks of identities, in a file beside
 * the database: one JSON object on each line. A database that is restored from a backup does not know those that were
 * made since; this file does.
 */
export class KeptRevocationsFile {
  #handle: FileHandle | null = null;
  #writing: Promise<void> = Promise.resolve();
  /** Lines that could not be written. */
  #left = '';

  constructor(readonly path: string) {}

  /** Null where there is no file. */
  async read(): Promise<ReadRevocations | null> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
    const lines = text.split('\n').filter((line) => line !== '');
    const found = lines.map(membersOf);
    const revoked = found.flatMap((members) => (members && revokedIn(members)) ?? []);
    const withdrawn = found.flatMap((members) => (members && withdrawalIn(members)) ?? []);
    return { revoked, withdrawn, damaged: lines.length - revoked.length - withdrawn.length };
  }

  /** Keeps a copy of a file with lines that cannot be read. */
  async setAside(): Promise<string> {
    const aside = `${this.path}.damaged`;
    await copyFile(this.path, aside);
    return aside;
  }

  /** Writes the file anew, whole or not at all, and opens it for `append`. */
  async replace(revoked: Iterable<RevokedCertificate>, withdrawn: Iterable<Withdrawal>): Promise<void> {
    const lines = [...Array.from(revoked, lineOf), ...Array.from(withdrawn, withdrawalLine)];
    await replaceSecretFile(this.path, lines.join(''));
    await this.#handle?.close();
    this.#handle = await open(this.path, 'a', 0o600);
  }

  /** Resolves when they are on disk, with those that could not be written before. */
  append(revoked: readonly RevokedCertificate[], withdrawn: readonly Withdrawal[] = []): Promise<void> {
    const lines = [...revoked.map(lineOf), ...withdrawn.map(withdrawalLine)];
    const written = this.#writing.then(() => this.#append(lines.join('')));
    this.#writing = written.catch(() => undefined);
    return written;
  }

  async close(): Promise<void> {
    await this.#writing;
    if (this.#left !== '') await this.#append('').catch(() => undefined);
    await this.#handle?.close();
    this.#handle = null;
  }

  async #append(lines: string): Promise<void> {
    const text = this.#left + lines;
    try {
      this.#handle ??= await open(this.path, 'a', 0o600);
      await this.#handle.appendFile(text);
      await this.#handle.datasync();
      this.#left = '';
    } catch (error) {
      // Half a line may be in the file: the next one does not go on with it.
      this.#left = text.startsWith('\n') ? text : `\n${text}`;
      throw error;
    }
  }
}

/** In the order in which they stand in a line. */
const members: (keyof RevokedCertificate)[] = [
  ...([
    'fingerprintSha256',
    'cluster',
    'serialNumber',
    'issuer',
    'issuerFingerprintSha256',
    'username',
    'notAfter',
  ] as const),
  ...(['reason', 'comment', 'revokedAt', 'revokedBy'] as const),
];
const lineOf = (revoked: RevokedCertificate): string => `${JSON.stringify(revoked, members)}\n`;

const isText = (value: unknown): value is string => typeof value === 'string';
const isHash = (value: unknown): value is string => isText(value) && /^[0-9a-f]{64}$/.test(value);

const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== '';
const instantIn = (value: unknown): Date | null =>
  isFilled(value) && !Number.isNaN(Date.parse(value)) ? new Date(value) : null;

/** The members of a line; null where it is no JSON object. */
function membersOf(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

/** Null where they are those of no revocation. */
function revokedIn(found: Partial<Record<keyof RevokedCertificate, unknown>>): RevokedCertificate | null {
  const { fingerprintSha256, cluster, serialNumber, issuer, username } = found;
  const [notAfter, revokedAt] = [instantIn(found.notAfter), instantIn(found.revokedAt)];
  const reason = revocationReasons.find((known) => known === found.reason);
  const { issuerFingerprintSha256 = null, comment = null, revokedBy = null } = found;
  if (!isHash(fingerprintSha256) || !isText(cluster) || !isText(issuer) || !isText(username)) return null;
  if (!isText(serialNumber) || !/^-?(?:[0-9a-f]{2})+$/.test(serialNumber)) return null;
  if (notAfter === null || revokedAt === null || reason === undefined) return null;
  if (issuerFingerprintSha256 !== null && !isHash(issuerFingerprintSha256)) return null;
  if ((comment !== null && !isText(comment)) || (revokedBy !== null && !isText(revokedBy))) return null;
  return {
    ...{ fingerprintSha256, cluster, serialNumber, issuer, issuerFingerprintSha256, username },
    ...{ notAfter, reason, comment, revokedAt, revokedBy },
  };
}

/** How a list ends: of several lines about one name, the last one holds. */
export function resolvedWithdrawals(listed: readonly Withdrawal[]) {
  const tokens = new Map<string, Withdrawal>();
  const blocks = new Map<string, IdentityBlock | null>();
  for (const one of listed)
    if ('token' in one) tokens.set(one.token, one);
    else blocks.set(one.folded, one.block);
  return { tokens, blocks };
}

/**
 * The withdrawals of two lists. Nobody knows which of them is the younger one, so a name that either has blocked at its
 * end is blocked: by the younger block where both have one.
 */
export function unitedWithdrawals(one: readonly Withdrawal[], other: readonly Withdrawal[]): readonly Withdrawal[] {
  const [first, second] = [resolvedWithdrawals(one), resolvedWithdrawals(other)];
  const blocks = new Map(first.blocks);
  for (const [folded, block] of second.blocks) {
    const already = blocks.get(folded) ?? null;
    blocks.set(folded, already !== null && (block === null || already.blockedAt > block.blockedAt) ? already : block);
  }
  return [
    ...new Map([...first.tokens, ...second.tokens]).values(),
    ...Array.from(blocks, ([folded, block]) => ({ folded, block })),
  ];
}

const withdrawalLine = (withdrawal: Withdrawal): string => `${JSON.stringify(withdrawal)}\n`;

/** Null where the members of a line are no withdrawal. */
function withdrawalIn(found: Readonly<Record<string, unknown>>): Withdrawal | null {
  const { token, folded, block } = found;
  if (isFilled(token)) {
    const at = instantIn(found['at']);
    return at && { token, at };
  }
  if (!isFilled(folded) || block === undefined) return null;
  if (block === null) return { folded, block };
  const read = blockIn(block);
  return read && { folded, block: read };
}

function blockIn(value: unknown): IdentityBlock | null {
  if (typeof value !== 'object' || value === null) return null;
  const { username, clusters, comment, blockedBy, ...more } = value as Readonly<Record<string, unknown>>;
  const reason = revocationReasons.find((known) => known === more['reason']);
  const blockedAt = instantIn(more['blockedAt']);
  const until = instantIn(more['until']);
  if (!isFilled(username) || !isFilled(blockedBy) || reason === undefined || blockedAt === null) return null;
  if (clusters !== null && !(Array.isArray(clusters) && clusters.every(isFilled))) return null;
  if ((comment !== null && typeof comment !== 'string') || (until === null && more['until'] !== null)) return null;
  return { username, clusters, reason, comment, until, blockedAt, blockedBy };
}
