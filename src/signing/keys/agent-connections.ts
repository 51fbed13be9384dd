import { connect, type Socket } from 'node:net';
import type { KeyFailure } from '../../model/issuer.js';
import { MessageReader, mostMessageOctets } from './agent-messages.js';
import { KeyUnavailableError } from './ca-key.js';

/** How long an agent may take. */
export interface AgentLimits {
  readonly connectMilliseconds: number;
  /** For one answer, with the time that its request waits before it is sent. */
  readonly answerMilliseconds: number;
}

const mostConnections = 8;
/** Requests that are sent before the first of them is answered. Few, so that no agent works for callers who gave up. */
const mostUnderWay = 4;
/** A connection that owes an answer for so long is asked nothing more until that comes. */
const overdueMilliseconds = 2000;
const mostWaiting = 512;

/** A request of somebody who waits for its answer. */
interface Asked {
  readonly message: Buffer;
  /** Throws `RangeError` where the message does not answer this request; then nobody has been told yet. */
  answer(message: Buffer): void;
  fail(error: KeyUnavailableError): void;
}

export const agentError = (path: string, failure: KeyFailure, text: string): KeyUnavailableError =>
  new KeyUnavailableError(failure, `the agent at ${path} ${text}`);

/**
 * The connections to an agent, which answers the requests of each in their order. They open when they are needed, and
 * stay open. An agent that answers nonsense or nothing loses its connection, with all that was asked there; the next
 * request opens another one.
 */
export class AgentConnections {
  #open: readonly AgentConnection[] = [];
  readonly #waiting: Asked[] = [];
  /** How many connections were lost. */
  lost = 0;
  #isClosed = false;

  constructor(
    readonly path: string,
    private readonly limits: AgentLimits,
  ) {}

  /**
   * Asks the agent. `read` gets the answer, and throws `RangeError` where that does not answer the request. Rejects
   * with `KeyUnavailableError` within the limits.
   */
  ask<T>(message: Buffer, read: (answer: Buffer) => T): Promise<T> {
    const no = (failure: KeyFailure, text: string) => Promise.reject(agentError(this.path, failure, text));
    if (message.length > mostMessageOctets) return no('overlong', `takes no message of ${message.length} octets`);
    if (this.#isClosed) return no('unreachable', 'is not asked any more');
    if (this.#waiting.length >= mostWaiting) return no('silent', `leaves ${mostWaiting} requests waiting`);
    return new Promise((resolve, reject) => {
      const asked: Asked = {
        message,
        answer: (answer) => {
          resolve(read(answer));
          clearTimeout(late);
        },
        fail: (error) => {
          reject(error);
          clearTimeout(late);
        },
      };
      const late = setTimeout(() => {
        const at = this.#waiting.indexOf(asked);
        if (at >= 0) this.#waiting.splice(at, 1);
        asked.fail(agentError(this.path, 'silent', tooLate(this.limits)));
      }, this.limits.answerMilliseconds);
      this.#waiting.push(asked);
      this.#send();
    });
  }

  /** Asks nothing more over the connections that are open: each ends with the last answer that it owes. */
  reopen(): void {
    for (const connection of this.#open) connection.leave();
  }

  /** Ends all connections with what is under way, because an answer may belong to another request. */
  renew(): void {
    for (const connection of this.#open) connection.fail('garbled', 'gave a wrong answer: no other is believed');
  }

  /** Ends all connections, and fails whatever waits. */
  close(): void {
    this.#isClosed = true;
    const error = agentError(this.path, 'unreachable', 'is not asked any more');
    for (const asked of this.#waiting.splice(0)) asked.fail(error);
    for (const connection of this.#open) connection.end(error);
  }

  /** Sends what waits, as far as connections are free for it. */
  #send(): void {
    for (;;) {
      const connection = this.#waiting.length === 0 ? null : this.#leastBusy();
      const asked = connection && this.#waiting.shift();
      if (!asked) return;
      connection.send(asked);
    }
  }

  #leastBusy(): AgentConnection | null {
    const [least = null] = this.#open
      .filter((one) => !one.isOverdue && !one.isLeft)
      .sort((a, b) => a.underWay.length - b.underWay.length);
    if (least?.underWay.length === 0) return least;
    if (this.#open.length < mostConnections) return this.#connect();
    return least !== null && least.underWay.length < mostUnderWay ? least : null;
  }

  #connect(): AgentConnection {
    const connection = new AgentConnection(this.path, this.limits, () => {
      if (connection.hasEnded) {
        this.#open = this.#open.filter((other) => other !== connection);
        if (!connection.isLeft) this.lost += 1;
      }
      this.#send();
    });
    this.#open = [...this.#open, connection];
    return connection;
  }
}

class AgentConnection {
  readonly #socket: Socket;
  readonly #reader = new MessageReader();
  readonly underWay: Asked[] = [];
  /**
   * Runs while the connection is being made, and while the first of the requests under way has no whole answer. A piece
   * of an answer does not set it back, because an agent that sends its answer in small pieces would keep its
   * connections for days.
   */
  #watchdog: NodeJS.Timeout | undefined;
  /** When the first of the requests under way became the first. */
  #owesSince = 0;
  hasEnded = false;
  /** Whether it is asked nothing more. */
  isLeft = false;

  /** `changed`: answers came, or the connection has ended. */
  constructor(
    private readonly path: string,
    private readonly limits: AgentLimits,
    private readonly changed: () => void,
  ) {
    this.#watch(limits.connectMilliseconds, 'unreachable', 'takes no connection');
    this.#socket = connect(path).unref();
    this.#socket
      .on('connect', () => this.#watchAnswers())
      .on('data', (piece: Buffer) => this.#read(piece))
      .on('error', ({ message }) => this.fail('unreachable', `cannot be reached: ${message}`))
      .on('close', () => {
        if (this.#reader.isAmid) this.fail('garbled', 'ended the connection amid an answer');
        else this.fail('unreachable', 'ended the connection');
      });
  }

  get isOverdue(): boolean {
    return this.underWay.length > 0 && performance.now() - this.#owesSince > overdueMilliseconds;
  }

  send(asked: Asked): void {
    this.underWay.push(asked);
    if (this.underWay.length === 1) this.#watchAnswers();
    const length = Buffer.alloc(4);
    length.writeUInt32BE(asked.message.length);
    // Requests of the same turn of the event loop leave together.
    this.#socket.cork();
    this.#socket.write(length);
    this.#socket.write(asked.message);
    process.nextTick(() => this.#socket.uncork());
  }

  leave(): void {
    this.isLeft = true;
    if (this.underWay.length === 0) this.fail('unreachable', 'is asked over another connection');
  }

  end(error: KeyUnavailableError): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    clearTimeout(this.#watchdog);
    this.#socket.destroy();
    for (const asked of this.underWay.splice(0)) asked.fail(error);
    this.changed();
  }

  /** Ends the connection, and fails all that is under way. */
  fail(failure: KeyFailure, text: string): void {
    this.end(agentError(this.path, failure, text));
  }

  #read(piece: Buffer): void {
    try {
      for (const message of this.#reader.read(piece)) {
        const [asked] = this.underWay;
        if (asked === undefined) throw new RangeError('nobody asked for it');
        asked.answer(message);
        this.underWay.shift();
        this.#watchAnswers();
      }
      if (this.#reader.isAmid && this.underWay.length === 0) throw new RangeError('nobody asked for it');
      if (this.isLeft) this.leave();
      else this.changed();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.fail('garbled', `gave an answer that is none: ${error.message}`);
    }
  }

  #watchAnswers(): void {
    this.#owesSince = performance.now();
    if (this.#socket.connecting) return;
    clearTimeout(this.#watchdog);
    if (this.underWay.length > 0) this.#watch(this.limits.answerMilliseconds, 'silent', tooLate(this.limits));
  }

  #watch(milliseconds: number, failure: KeyFailure, text: string): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.fail(failure, text), milliseconds);
  }
}

const tooLate = ({ answerMilliseconds }: AgentLimits): string =>
  `gave no whole answer within ${answerMilliseconds / 1000} s`;
