import { IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Octets. If the headers say that a body is no longer than this, its rest is dropped, and the connection stays open.
 */
const shortOctets = 64 * 1024;
/** So many chunks of a body may have any size. Each further chunk must have 64 octets on the average. */
const freeChunks = 1_024;
const octetsOfChunk = 64;

/** Why a body was not read to its end. */
export type Unread = 'too-large' | 'too-many-chunks' | 'broken-off';

/**
 * A request that keeps its body in one growing buffer. Node's own request keeps each chunk, and a chunk of a single
 * octet takes 400 octets of memory. Before `readBody` is called, only the octets that came with the headers are read.
 * At the end of the body the stream has it as one chunk. An answer before the end of a body ends the connection, unless
 * the body is short.
 */
export class ArrivingRequest extends IncomingMessage {
  #response: ServerResponse | null = null;
  #octets: Buffer = Buffer.alloc(0);
  #length = 0;
  #chunks = 0;
  #most = Infinity;
  #unread: Unread | null = null;
  #isShort = false;
  #keepsAlive = false;
  #told: ((unread: Unread | null) => void) | null = null;

  /** How many octets the body has, as the headers say; null: the headers do not say it. */
  get octetsAnnounced(): number | null {
    const { 'transfer-encoding': coding, 'content-length': length = 0 } = this.headers;
    return coding === undefined ? Number(length) : null;
  }

  /** Called when the headers have arrived. */
  answeredBy(response: ServerResponse): void {
    const { octetsAnnounced } = this;
    this.#response = response;
    this.#keepsAlive = response.shouldKeepAlive && this.headers.upgrade === undefined;
    this.#isShort = octetsAnnounced !== null && octetsAnnounced <= shortOctets;
    if (this.#isShort) return;
    response.shouldKeepAlive = false;
    // Node ends the connection by `destroySoon`, and the client would notice that before it has read the answer.
    response.prependOnceListener('finish', () => {
      if (this.complete) return;
      stopReading(this.socket);
      this.socket.destroySoon = () => endSlowly(this.socket);
    });
  }

  /** Reads the body, which may have `most` octets at most, and then calls `done`; null: the body has arrived. */
  readBody(most: number, done: (unread: Unread | null) => void): void {
    if (this.#length > most) this.#unread = 'too-large';
    if (this.#unread !== null || this.complete) {
      done(this.#unread);
      return;
    }
    this.#most = most;
    this.#told = done;
    if (/100-continue/i.test(this.headers.expect ?? '')) this.#response?.writeContinue();
    this.socket.resume();
  }

  /** Node's parser hands chunks over by this method. The result says whether the parser shall read on. */
  override push(chunk: Buffer | null): boolean {
    if (chunk !== null) return this.#keep(chunk);
    if (this.#response !== null && !this.#isShort) this.#response.shouldKeepAlive = this.#keepsAlive;
    if (this.#length > 0) super.push(this.#octets.subarray(0, this.#length));
    const readsOn = super.push(null);
    this.#settle(this.#unread);
    return readsOn;
  }

  #keep(chunk: Buffer): boolean {
    const before = this.#length;
    this.#length += chunk.length;
    this.#chunks += 1;
    if (this.#length > this.#most) this.#settle('too-large');
    else if (this.#length < (this.#chunks - freeChunks) * octetsOfChunk) this.#settle('too-many-chunks');
    if (this.#unread !== null) return false;
    if (before === 0) this.#octets = chunk;
    else {
      if (this.#length > this.#octets.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(this.#length, 2 * this.#octets.length, 4_096));
        this.#octets.copy(larger, 0, 0, before);
        this.#octets = larger;
      }
      chunk.copy(this.#octets, before);
    }
    return this.#told !== null;
  }

  #settle(unread: Unread | null): void {
    if (unread !== null) {
      this.#unread = unread;
      this.#octets = Buffer.alloc(0);
      this.#length = 0;
    }
    const told = this.#told;
    this.#told = null;
    told?.(unread);
  }

  /** Called when the rest of the body is dropped, because nobody reads chunks one by one. */
  override _read(): void {
    if (this.#isShort) this.socket.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.complete) this.#settle('broken-off');
    super._destroy(error, callback);
  }
}

/** How long a client may take to read the last answer and to close its side. */
const lingerMilliseconds = 2_000;

/** Ends our side of a connection, and soon all of it: a client that does not close its side would hold it open. */
export function endSlowly(socket: Socket, lastWords = ''): void {
  socket.end(lastWords);
  setTimeout(() => socket.destroy(), lingerMilliseconds).unref();
}

/**
 * Neither reads nor parses more of a connection. Node parses all that has arrived at once, which are thousands of
 * requests in 64 KiB, and has no public way to stop. Its parser leaves the rest alone where an upgrade (2) begins.
 */
export function stopReading(socket: Socket): void {
  const { parser } = socket as { readonly parser?: { onIncoming: () => number } | null };
  if (parser) parser.onIncoming = () => 2;
  socket.pause();
}
