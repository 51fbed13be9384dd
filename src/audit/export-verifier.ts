import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { isCanonicalObject, standsAt } from './canonical-octets.js';
import type { Checkpoint } from './checkpoint.js';
import { emptyTreeHash, GrowingTree } from './merkle-tree.js';

/** The first thing that is wrong with an export. */
export interface ExportFault {
  /** TitleCase, and stable. */
  readonly reason:
    | 'NotAnEvent'
    | 'NotInOrder'
    | 'BrokenLink'
    | 'OtherHash'
    | 'OtherRoot'
    | 'OtherArchive'
    | 'CutOff'
    | 'NotACheckpoint'
    | 'OtherLog';
  /** The events between which it lies, both inclusive; null where it is not in the events. */
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  /** A sentence about it. */
  readonly message: string;
}

/** An export that was read to its end. */
export interface ExportReading {
  readonly events: number;
  /** The size of the largest checkpoint that the export agrees with; 0: none. */
  readonly vouchedFor: number;
  /** The hash of the Merkle tree of all events. */
  readonly root: Buffer;
  /** Whether the lines had the hashes of the chain. */
  readonly hashes: boolean;
  /** Null where nothing is wrong. */
  readonly fault: ExportFault | null;
}

const hashCharacters = 64;
const wrapping = Buffer.from('{"event":');
/** The text around the two hashes, and how many octets it has with them. */
const linkParts = [',"previousHash":"', '","hash":"', '"}'].map((text) => Buffer.from(text)) as [
  Buffer,
  Buffer,
  Buffer,
];
const linkLength = linkParts.reduce((sum, { length }) => sum + length, 2 * hashCharacters);
const hashText = /^[0-9a-f]{64}$/;
const members = ['at', 'cluster', 'details', 'fingerprintSha256', 'principal', 'requestId', 'seq', 'type'].map((name) =>
  Buffer.from(name),
);
/** RFC 8785 puts `seq` and `type` behind all other members of an event; a type has letters alone. */
const ending = /"seq":([1-9]\d{0,15}),"type":"[A-Za-z]{1,64}"\}$/;
const longestEnding = 120;
/** No event of kubepass is as long. */
export const longestLine = 16 * 1024 * 1024;
const carriageReturn = 0x0d;

/**
 * Checks an export of the audit log line by line, in bounded memory: that each line is an event in its canonical form,
 * that the events are numbered 1, 2, 3 …, that each hash follows from the one before it, and that the Merkle tree of so
 * many events has the root that each checkpoint tells.
 */
export class ExportVerifier {
  readonly #tree = new GrowingTree();
  /** By size. */
  readonly #checkpoints: readonly Checkpoint[];
  #next = 0;
  #vouchedFor = 0;
  #link = '0'.repeat(hashCharacters);
  #hashes: boolean | null = null;
  #fault: ExportFault | null = null;
  /** The prefix of a link or a leaf, and an event behind it. */
  #scratch = Buffer.alloc(64 * 1024);

  constructor(checkpoints: readonly Checkpoint[]) {
    this.#checkpoints = checkpoints.toSorted((one, other) => one.size - other.size);
    this.#compareRoots();
  }

  /** Takes the next line, without its line feed. Answers whether the next one is worth reading. */
  add(line: Buffer): boolean {
    if (this.#fault !== null) return false;
    const seq = this.#tree.size + 1;
    const notAnEvent = (why: string): false => this.#fail('NotAnEvent', seq, seq, `the line in its place ${why}`);
    if (line.length > longestLine) return notAnEvent('is longer than any event');
    if (line.at(-1) === carriageReturn)
      return notAnEvent('ends with a carriage return: a program has changed the ends of the lines');
    if (!isUtf8(line)) return notAnEvent('is not UTF-8');
    const isWrapped = standsAt(line, 0, wrapping);
    if (this.#hashes !== null && this.#hashes !== isWrapped)
      return notAnEvent(
        isWrapped ? 'has hashes, and those before it have none' : 'has no hashes, and those before it have',
      );
    const event = isWrapped
      ? line.subarray(wrapping.length, Math.max(wrapping.length, line.length - linkLength))
      : line;
    const found = ending.exec(event.toString('latin1', Math.max(0, event.length - longestEnding)))?.[1];
    if (found === undefined || !isCanonicalObject(event, members))
      return notAnEvent('is no event of an audit log in its canonical form');
    this.#hashes ??= isWrapped;
    if (Number(found) !== seq) return this.#failInOrder(seq, Number(found));
    if (isWrapped && !this.#follows(event, line, seq)) return false;
    this.#tree.append(this.#leaf(event));
    return this.#compareRoots();
  }

  /** The number of the event that comes next. */
  get nextSeq(): number {
    return this.#tree.size + 1;
  }

  /** Whether there is a fault already. */
  hasFailed(): boolean {
    return this.#fault !== null;
  }

  /** Records a fault that lies not in a line alone, unless there is one already. */
  fail(reason: ExportFault['reason'], firstSeq: number | null, lastSeq: number | null, message: string): void {
    this.#fault ??= { reason, firstSeq, lastSeq, message };
  }

  end(): ExportReading {
    const { size } = this.#tree;
    const ahead = this.#checkpoints.at(-1);
    if (this.#fault === null && ahead !== undefined && ahead.size > size) this.#failShort(size, ahead.size);
    return {
      events: size,
      vouchedFor: this.#vouchedFor,
      root: size === 0 ? emptyTreeHash() : this.#tree.root(),
      hashes: this.#hashes ?? false,
      fault: this.#fault,
    };
  }

  /** The end may be missing. So may an event before it, where those behind it were numbered and chained anew. */
  #failShort(size: number, vouched: number): void {
    const begin = this.#vouchedFor + 1;
    const missing = size + 1 === vouched ? `event ${vouched} is` : `events ${size + 1} to ${vouched} are`;
    const orElse =
      begin > size
        ? ''
        : `. No checkpoint vouches for events ${begin} to ${size}: one of them may have been taken out, and the others numbered anew`;
    this.#fail(
      'CutOff',
      begin,
      vouched,
      `the export ends with event ${size}, and a checkpoint vouches for ${vouched}: ${missing} missing, or the export is of an older log, as after a restore${orElse}`,
    );
  }

  #failInOrder(seq: number, found: number): false {
    if (found < seq)
      return this.#fail(
        'NotInOrder',
        seq,
        seq,
        `event ${found} stands in the place of event ${seq}, and was there before`,
      );
    const missing = found - seq === 1 ? `event ${seq} is missing` : `events ${seq} to ${found - 1} are missing`;
    return this.#fail('NotInOrder', seq, found - 1, `${missing}: event ${found} stands in the place`);
  }

  #follows(event: Buffer, line: Buffer, seq: number): boolean {
    const begin = line.length - linkLength;
    const [first, second, third] = linkParts;
    const previousAt = begin + first.length;
    const ownAt = previousAt + hashCharacters + second.length;
    const previousHash = line.toString('latin1', previousAt, previousAt + hashCharacters);
    const own = line.toString('latin1', ownAt, ownAt + hashCharacters);
    const hasForm =
      standsAt(line, begin, first) &&
      standsAt(line, previousAt + hashCharacters, second) &&
      standsAt(line, ownAt + hashCharacters, third);
    const isLinked = hasForm && previousHash === this.#link;
    if (isLinked && own === this.#linkHash(event)) {
      this.#link = own;
      return true;
    }
    if (!hasForm || !hashText.test(previousHash) || !hashText.test(own))
      return this.#fail('NotAnEvent', seq, seq, 'the line does not end with two hashes');
    return isLinked
      ? this.#fail('OtherHash', seq, seq, 'the event is not the one that was hashed')
      : this.#fail('BrokenLink', seq, seq, 'the event does not follow from the one before it');
  }

  #linkHash(event: Buffer): string {
    const scratch = this.#room(hashCharacters + event.length);
    scratch.write(this.#link, 0, 'latin1');
    event.copy(scratch, hashCharacters);
    return hash('sha256', scratch, 'hex');
  }

  /** As `leafHash`, without an allocation for each event. */
  #leaf(event: Buffer): Buffer {
    const scratch = this.#room(1 + event.length);
    scratch[0] = 0;
    event.copy(scratch, 1);
    return hash('sha256', scratch, 'buffer');
  }

  #room(octets: number): Buffer {
    if (octets > this.#scratch.length) this.#scratch = Buffer.alloc(2 * octets);
    return this.#scratch.subarray(0, octets);
  }

  /** Compares the tree with the checkpoints of its size. */
  #compareRoots(): boolean {
    const { size } = this.#tree;
    for (;;) {
      const checkpoint = this.#checkpoints[this.#next];
      if (checkpoint === undefined || checkpoint.size !== size) return true;
      if (!this.#tree.root().equals(checkpoint.root))
        return this.#fail(
          'OtherRoot',
          this.#vouchedFor + 1,
          size,
          `the first ${size} events are not those that a checkpoint vouches for: something between event ${this.#vouchedFor + 1} and event ${size} was changed`,
        );
      this.#vouchedFor = size;
      this.#next += 1;
    }
  }

  #fail(reason: ExportFault['reason'], firstSeq: number, lastSeq: number, message: string): false {
    this.fail(reason, firstSeq, lastSeq, message);
    return false;
  }
}
