/** The messages of the SSH agent protocol (RFC 9987) of which a signature needs two, and their encoding (RFC 4251). */

/** Octets of a message without its length, in both directions: OpenSSH's agent ends a connection with a longer one. */
export const mostMessageOctets = 256 * 1024;

const MessageType = { failure: 5, requestIdentities: 11, identitiesAnswer: 12, signRequest: 13, signResponse: 14 };

/** A key of an agent: its public key as SSH encodes it, and its comment. */
export interface AgentIdentity {
  readonly blob: Buffer;
  readonly comment: Buffer;
}

/** A `string` of RFC 4251: the length, then the octets. */
export function sshString(octets: Uint8Array | string): Buffer {
  const content = Buffer.from(octets as Uint8Array);
  return Buffer.concat([uint32(content.length), content]);
}

function uint32(number: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(number);
  return octets;
}

export const identitiesRequest = (): Buffer => Buffer.of(MessageType.requestIdentities);

/** `flags`: which hash an RSA key takes; 0 for another key. */
export const signRequest = (blob: Buffer, data: Uint8Array, flags: number): Buffer =>
  Buffer.concat([Buffer.of(MessageType.signRequest), sshString(blob), sshString(data), uint32(flags)]);

/** The keys of an agent; null where it refuses to name them. Throws `RangeError` where the message is another one. */
export function readIdentities(message: Buffer): readonly AgentIdentity[] | null {
  const reader = openAnswer(message, MessageType.identitiesAnswer);
  if (reader === null) return null;
  const identities: AgentIdentity[] = [];
  for (let left = reader.uint32(); left > 0; left--)
    identities.push({ blob: reader.string(), comment: reader.string() });
  reader.end();
  return identities;
}

/** A signature as SSH encodes it; null where the agent refuses. Throws `RangeError` where it is another message. */
export function readSignResponse(message: Buffer): Buffer | null {
  const reader = openAnswer(message, MessageType.signResponse);
  const signature = reader?.string() ?? null;
  reader?.end();
  return signature;
}

function openAnswer(message: Buffer, type: number): SshReader | null {
  if (message[0] === MessageType.failure && message.length === 1) return null;
  if (message[0] !== type)
    throw new RangeError(`a message of type ${type} is expected, and not ${message[0] ?? 'none'}`);
  return new SshReader(message.subarray(1));
}

/** Reads values of RFC 4251, as views of the octets. Throws `RangeError` where they are not there. */
export class SshReader {
  constructor(private rest: Buffer) {}

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.#take(this.uint32());
  }

  /** A positive `mpint`, big-endian without leading zeros. */
  positive(): Buffer {
    const octets = this.string();
    const [first = 0, second = 0] = octets;
    const hasSign = first === 0;
    if (octets.length === 0 || first >= 0x80 || (hasSign && second < 0x80))
      throw new RangeError('a positive number in its shortest form is expected');
    return hasSign ? octets.subarray(1) : octets;
  }

  end(): void {
    if (this.rest.length > 0) throw new RangeError(`${this.rest.length} octets are too many`);
  }

  #take(length: number): Buffer {
    if (length > this.rest.length)
      throw new RangeError(`${length} octets are expected, and ${this.rest.length} are left`);
    const taken = this.rest.subarray(0, length);
    this.rest = this.rest.subarray(length);
    return taken;
  }
}

/** Puts the messages together that arrive in pieces. */
export class MessageReader {
  #pieces: Buffer[] = [];
  #length = 0;
  /** Nothing can be read from fewer octets. */
  #needed = 4;

  /** Whether a message has begun and not ended. */
  get isAmid(): boolean {
    return this.#length > 0;
  }

  /** The messages that end in this piece. Throws `RangeError` where one is empty, or longer than an agent's may be. */
  *read(piece: Buffer): Generator<Buffer, void, undefined> {
    this.#pieces.push(piece);
    this.#length += piece.length;
    while (this.#length >= this.#needed) {
      const octets = Buffer.concat(this.#pieces);
      const end = 4 + octets.readUInt32BE();
      if (end === 4 || end > 4 + mostMessageOctets) throw new RangeError(`a message has ${end - 4} octets`);
      const isWhole = octets.length >= end;
      this.#keep(isWhole ? octets.subarray(end) : octets, isWhole ? 4 : end);
      if (isWhole) yield octets.subarray(4, end);
    }
  }

  #keep(rest: Buffer, needed: number): void {
    this.#pieces = [rest];
    this.#length = rest.length;
    this.#needed = needed;
  }
}
