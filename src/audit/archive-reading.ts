import { type ChainHead, linkHash } from './hash-chain.js';
import { leafHash } from './merkle-tree.js';

/** Why a file is no archive; a sentence without a full stop. */
export class NotAnArchiveError extends Error {
  override readonly name = 'NotAnArchiveError';
}

/** A file that was read to its end. */
export interface ArchiveRead {
  /** The last event. */
  readonly last: ChainHead;
  /** 32 octets for each event: its leaf of the Merkle tree. */
  readonly leaves: Buffer;
  /** The signed note of the last line. */
  readonly checkpoint: string;
}

const line =
  /^\{"event":(\{.*"seq":([1-9]\d{0,15}),"type":"[A-Za-z]{1,64}"\}),"previousHash":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}$/s;
const hashOctets = 32;

/**
 * Reads an archive line by line: `{event, previousHash, hash}`, and at last `{checkpoint}`. The first event must follow
 * `start`, and each one the event before it.
 */
export class ArchiveReading {
  #last: ChainHead;
  readonly #leaves: Buffer[] = [];
  #checkpoint: string | null = null;

  constructor(start: ChainHead) {
    this.#last = start;
  }

  /** Takes the next line, without its line feed. Throws `NotAnArchiveError`. */
  add(octets: Buffer): void {
    const text = octets.toString();
    const seq = this.#last.seq + 1;
    if (this.#checkpoint !== null) throw new NotAnArchiveError('a line stands behind the checkpoint');
    const [, event, number, previousHash, own] = line.exec(text) ?? [];
    if (event === undefined || own === undefined) {
      this.#checkpoint = checkpointIn(text);
      if (this.#checkpoint === null) throw new NotAnArchiveError(`the line in the place of event ${seq} is no event`);
      return;
    }
    if (Number(number) !== seq) throw new NotAnArchiveError(`event ${number} stands in the place of event ${seq}`);
    if (previousHash !== this.#last.hash || own !== linkHash(previousHash, event))
      throw new NotAnArchiveError(`event ${seq} does not follow from the one before it`);
    this.#leaves.push(leafHash(Buffer.from(event)));
    this.#last = { seq, hash: own };
  }

  /** Throws `NotAnArchiveError` where the last line was no checkpoint. */
  end(): ArchiveRead {
    if (this.#checkpoint === null) throw new NotAnArchiveError('it does not end with a checkpoint');
    return {
      last: this.#last,
      leaves: Buffer.concat(this.#leaves, this.#leaves.length * hashOctets),
      checkpoint: this.#checkpoint,
    };
  }
}

/** The checkpoint in the last line of an archive or an export; null where the line has another form than theirs. */
export function checkpointIn(text: string): string | null {
  try {
    const { checkpoint } = JSON.parse(text) as Record<string, unknown>;
    return typeof checkpoint === 'string' && text === JSON.stringify({ checkpoint }) ? checkpoint : null;
  } catch {
    return null;
  }
}

/** A run of events, both inclusive. */
export interface EventRange {
  readonly from: number;
  readonly to: number;
}

const digits = 12;
const form = /^audit-(\d{12})-(\d{12})\.ndjson$/;

/** The file of these events: `audit-000000000001-000000100096.ndjson`, so that archives sort by them. */
export const archiveName = ({ from, to }: EventRange): string => `audit-${padded(from)}-${padded(to)}.ndjson`;

/** The events that an archive of this name has; null where it is no such name. */
export function rangeOfArchive(name: string): EventRange | null {
  const [, from, to] = form.exec(name) ?? [];
  return from === undefined || to === undefined ? null : { from: Number(from), to: Number(to) };
}

const padded = (seq: number): string => String(seq).padStart(digits, '0');
