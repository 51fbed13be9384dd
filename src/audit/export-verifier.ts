import { hash } from 'node:crypto';
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
    | 'BehindTheCheckpoint';
  /** The events between which it lies, both inclusive. */
  readonly firstSeq: number;
  readonly lastSeq: number;
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
/** `,"previousHash":"…","hash":"…"}` has this length whatever the hashes are. */
const linkLength = ',"previousHash":"","hash":""}'.length + 2 * hashCharacters;
const linkText = /^,"previousHash":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}$/;
/** RFC 8785 puts `seq` and `type` behind all other members of an event; a type has letters alone. */
const ending = /"seq":([1-9]\d{0,15}),"type":"[A-Za-z]{1,64}"\}$/;
const longestEnding = 120;
const largestLine = 16 * 1024 * 1024;

/**
 * Checks an export of the audit log line by line, in bounded memory: that the events are numbered 1, 2, 3 …, that each hash
 * follows from the one before it, and that the Merkle tree of so many events has the root that each checkpoint tells.
 * It reads the octets as they are, and parses none of them.
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
    if (line.length > largestLine) return this.#fail('NotAnEvent', seq, seq, 'the line is longer than any event');
    const isWrapped = line.subarray(0, wrapping.length).equals(wrapping);
    this.#hashes ??= isWrapped;
    if (this.#hashes !== isWrapped)
      return this.#fail('NotAnEvent', seq, seq, 'some lines have hashes and others have none');
    const event = isWrapped ? line.subarray(wrapping.length, line.length - linkLength) : line;
    const found = ending.exec(event.subarray(Math.max(0, event.length - longestEnding)).toString('latin1'))?.[1];
    if (found === undefined || event[0] !== 0x7b)
      return this.#fail('NotAnEvent', seq, seq, 'the line is no event of an audit log');
    if (Number(found) !== seq)
      return this.#fail('NotInOrder', seq, seq, `event ${found} stands in the place of event ${seq}`);
    if (isWrapped && !this.#follows(event, line.subarray(line.length - linkLength).toString('latin1'), seq))
      return false;
    this.#tree.append(this.#leaf(event));
    return this.#compareRoots();
  }

  end(): ExportReading {
    const { size } = this.#tree;
    const ahead = this.#checkpoints.find((checkpoint) => checkpoint.size > size);
    if (this.#fault === null && ahead !== undefined)
      this.#fail(
        'CutOff',
        size + 1,
        ahead.size,
        `the export ends with event ${size}, and a checkpoint vouches for ${ahead.size}: the rest was cut off, or the export is older`,
      );
    return {
      events: size,
      vouchedFor: this.#vouchedFor,
      root: size === 0 ? emptyTreeHash() : this.#tree.root(),
      hashes: this.#hashes ?? false,
      fault: this.#fault,
    };
  }

  #follows(event: Buffer, link: string, seq: number): boolean {
    const [, previousHash, own] = linkText.exec(link) ?? [];
    if (previousHash === undefined || own === undefined)
      return this.#fail('NotAnEvent', seq, seq, 'the line does not end with two hashes');
    if (previousHash !== this.#link)
      return this.#fail('BrokenLink', seq, seq, 'the event does not follow from the one before it');
    if (own !== this.#linkHash(event))
      return this.#fail('OtherHash', seq, seq, 'the event is not the one that was hashed');
    this.#link = own;
    return true;
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
          `these ${size} events are not those of the checkpoint: something between event ${this.#vouchedFor + 1} and event ${size} was changed`,
        );
      this.#vouchedFor = size;
      this.#next += 1;
    }
  }

  #fail(reason: ExportFault['reason'], firstSeq: number, lastSeq: number, message: string): false {
    this.#fault = { reason, firstSeq, lastSeq, message };
    return false;
  }
}
