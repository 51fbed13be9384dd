import { DerError } from '../../x509/strict/der.js';

/** Reads the fields of SSH's binary encoding (RFC 4251 5). Throws `DerError` where one is cut off. */
export class SshReader {
  #position = 0;

  constructor(private readonly bytes: Buffer) {}

  get atEnd(): boolean {
    return this.#position >= this.bytes.length;
  }

  uint32(what: string): number {
    if (this.#position + 4 > this.bytes.length) throw new DerError(`${what} is cut off`, this.#position);
    const value = this.bytes.readUInt32BE(this.#position);
    this.#position += 4;
    return value;
  }

  string(what: string): Buffer {
    const length = this.uint32(what);
    const end = this.#position + length;
    if (end > this.bytes.length) throw new DerError(`${what} is cut off`, this.#position);
    const value = this.bytes.subarray(this.#position, end);
    this.#position = end;
    return value;
  }

  /** What is left. */
  rest(): Buffer {
    return this.bytes.subarray(this.#position);
  }
}
