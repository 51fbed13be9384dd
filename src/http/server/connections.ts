import type { RequestListener, Server, ServerResponse } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import { problemAnswer, unavailable } from '../problems/problem.js';

export interface ConnectionLimits {
  /** How many connections of others than reviewers are open at a time. */
  readonly max: number;
  /** The same for one address, or for one /64 network of IPv6, without new ones. */
  readonly maxPerAddress: number;
  /**
   * How long a connection is new; default 10,000: a TLS handshake may take so long, and then the first call says who
   * comes.
   */
  readonly newMilliseconds?: number;
  /** A caller who reads nothing of an answer for so long is cut off; default 120,000. */
  readonly stalledMilliseconds?: number;
}

/** How many newcomers without a place may send a request, and how long each of them may take. */
const mostGuests = 32;
const guestMilliseconds = 2_000;
/** How long a connection that gave up its wait may take to be answered. */
const answerMilliseconds = 2_000;
/** How many connections of a cluster's API server count apart. It works on up to 600 requests at a time. */
const mostOfCluster = 1_000;
/** Octets of answers that wait for their readers, of all connections. Above it those are cut that read nothing. */
const mostUnread = 32 * 1024 * 1024;
const lookMilliseconds = 1_000;
const usualNewMilliseconds = 10_000;
const usualStalledMilliseconds = 120_000;
/** While connections are refused, the log has a line about it no more often than this. */
const tellEveryMilliseconds = 10_000;

/** An open connection. */
interface Connection {
  readonly raw: Socket;
  readonly since: number;
  /** Where requests are read: after a TLS handshake it is another socket. */
  http: Socket;
  /** How many octets of an answer waited at the last look. */
  unread: number;
  /** Whether it came when all places were taken. */
  isGuest: boolean;
  /** The wait of its request, by its own wish or for a third party. */
  wait?: Wait;
}

interface Wait {
  readonly name: string;
  /** Answers the request now, although its wait is not over. */
  readonly giveUp: () => void;
}

/** The connections of an address that are not a reviewer's, by their end of it; the oldest first. */
type OfAddress = Map<string, Connection>;

/**
 * The open connections of a server, from the moment when the system hands them over: before a TLS handshake, and before
 * a request. Node's own list begins later.
 *
 * A stranger cannot keep others out. If there are too many connections, a newcomer takes the place of a connection of
 * the address that has most. This is the oldest connection without a request under way; else the oldest connection
 * whose request waits by its own wish or for a third party, and this request is answered; else the oldest connection
 * that waits for its caller. If there is no such connection, the newcomer is a guest: its request is answered if it is
 * a probe, else it is told to come again. Connections on which a reviewer has called count apart, for each cluster.
 */
export class Connections {
  readonly #open = new Map<Socket, Connection>();
  readonly #strangers = new Map<string, OfAddress>();
  #strangerCount = 0;
  #guestCount = 0;
  /** The requests that wait, the oldest first. */
  readonly #waits = new Set<Wait>();
  readonly #reviewers = new Map<string, number>();
  /** The sockets of requests by reviewers. */
  readonly #known = new WeakSet<Socket>();
  readonly #looks = setInterval(() => {
    this.#look();
  }, lookMilliseconds).unref();
  #cutCount = 0;
  #toldAt = -Infinity;

  constructor(
    private readonly limits: ConnectionLimits,
    private readonly log: { warn(fields: object, message: string): void },
    /** Whether connections from this address are those of many callers, so that no limit of one address is for them. */
    private readonly isProxy: (address: string) => boolean = () => false,
  ) {}

  get count(): number {
    return this.#open.size;
  }

  /** Stands before the server's own listener, so that a connection over the limit costs nothing more. */
  guard(server: Server): Server {
    const accept = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      if (this.#admit(socket)) for (const listener of accept) Reflect.apply(listener, server, [socket]);
    });
    return server.prependListener('secureConnection', (socket: Socket) => {
      const connection = this.#find(socket);
      if (connection) connection.http = socket;
    });
  }

  /** Stands before the handler of requests. It lets a guest pass if the guest probes, or if there is a place by now. */
  receive(handler: RequestListener): RequestListener {
    return (request, response) => {
      const guest = this.#guestCount > 0 ? this.#find(request.socket) : undefined;
      const isWelcome = !guest?.isGuest || /^\/(?:livez|readyz)(?:\?|$)/.test(request.url ?? '') || this.#seat(guest);
      if (isWelcome) handler(request, response);
      else {
        const { headers, body } = problemAnswer(unavailable('too many connections; try again', 1));
        response.writeHead(503, headers).end(body);
      }
    };
  }

  /**
   * The request on this socket waits until the returned function is called. A third of all connections may wait, and
   * half of this third for one name. If the name has more, its oldest wait gives up. If all names together have more,
   * the oldest wait of the name that has most gives up.
   */
  wait(http: Socket, name: string, giveUp: () => void): () => void {
    const most = Math.ceil(this.limits.max / 3);
    const ofNames = Map.groupBy(this.#waits, (wait) => wait.name);
    const own = ofNames.get(name) ?? [];
    const [crowd = []] = this.#waits.size < most ? [] : [...ofNames.values()].sort((a, b) => b.length - a.length);
    const [oldest] = own.length >= Math.ceil(most / 2) ? own : crowd;
    if (oldest) this.#waits.delete(oldest);
    oldest?.giveUp();
    const wait = { name, giveUp };
    this.#waits.add(wait);
    const connection = this.#find(http);
    if (connection) connection.wait = wait;
    return () => {
      this.#waits.delete(wait);
      if (connection) delete connection.wait;
    };
  }

  /** Answers every request that waits. */
  endWaits(): void {
    for (const { giveUp } of this.#waits) giveUp();
  }

  /**
   * A reviewer of the cluster called on this socket. From now on the connection counts for the cluster, as long as that
   * has fewer than 1,000.
   */
  reviewed(http: Socket, cluster: string): void {
    const count = this.#reviewers.get(cluster) ?? 0;
    if (this.#known.has(http) || count >= mostOfCluster) return;
    const key = addressKey(http.remoteAddress ?? '');
    const connection = this.#find(http);
    if (connection === undefined) return;
    this.#known.add(http);
    this.#leaveStrangers(key, endOf(http));
    this.#reviewers.set(cluster, count + 1);
    connection.raw.once('close', () => {
      this.#reviewers.set(cluster, (this.#reviewers.get(cluster) ?? 1) - 1);
    });
  }

  /** Cuts every connection, whatever it is doing. Returns how many there were. */
  destroyAll(): number {
    const { count } = this;
    for (const socket of this.#open.keys()) socket.destroy();
    return count;
  }

  /** Looks after nothing any longer. */
  stop(): void {
    clearInterval(this.#looks);
  }

  #admit(raw: Socket): boolean {
    const { remoteAddress } = raw;
    if (remoteAddress === undefined) {
      // The client has left already.
      raw.destroy();
      return false;
    }
    const isGuest = !this.#hasRoom();
    if (isGuest) {
      this.#tell(remoteAddress);
      if (this.#guestCount >= mostGuests) this.#cutOne(true, ([oldest]) => oldest);
    }
    const connection: Connection = { raw, since: performance.now(), http: raw, unread: 0, isGuest };
    const key = addressKey(remoteAddress);
    const ofAddress: OfAddress = this.#strangers.get(key) ?? new Map<string, Connection>();
    this.#open.set(raw, connection);
    this.#strangers.set(key, ofAddress.set(endOf(raw), connection));
    if (isGuest) this.#guestCount += 1;
    else this.#strangerCount += 1;
    const end = endOf(raw);
    raw.once('close', () => {
      this.#open.delete(raw);
      this.#leaveStrangers(key, end);
    });
    return true;
  }

  #leaveStrangers(key: string, end: string): void {
    const ofAddress = this.#strangers.get(key);
    const connection = ofAddress?.get(end);
    if (ofAddress === undefined || connection === undefined) return;
    ofAddress.delete(end);
    if (connection.isGuest) this.#guestCount -= 1;
    else this.#strangerCount -= 1;
    if (ofAddress.size === 0) this.#strangers.delete(key);
  }

  /** Gives a guest a place of its own. False: there is no place. */
  #seat(guest: Connection): boolean {
    if (!this.#hasRoom()) return false;
    guest.isGuest = false;
    this.#guestCount -= 1;
    this.#strangerCount += 1;
    return true;
  }

  #find(socket: Socket): Connection | undefined {
    return this.#strangers.get(addressKey(socket.remoteAddress ?? ''))?.get(endOf(socket));
  }

  /** Makes room where there is none. False: all connections are needed. */
  #hasRoom(): boolean {
    if (this.#strangerCount < this.limits.max) return true;
    return this.#cutOne(false, (oldest, ofAddress) => {
      const needless = oldest.find(isIdle) ?? oldest.find(({ wait }) => wait) ?? oldest.find(waitsForCaller);
      return needless ?? (this.#areTooMany(ofAddress) ? oldest[0] : undefined);
    });
  }

  /** Cuts a connection of the address that has most, among the addresses that have a connection to lose. */
  #cutOne(
    isGuest: boolean,
    toLose: (oldest: readonly Connection[], ofAddress: OfAddress) => Connection | undefined,
  ): boolean {
    let most = 0;
    let victim: Connection | undefined;
    for (const ofAddress of this.#strangers.values()) {
      if (ofAddress.size <= most) continue;
      const oldest = [...ofAddress.values()].filter((connection) => connection.isGuest === isGuest);
      const found = oldest.length > most ? toLose(oldest, ofAddress) : undefined;
      if (found === undefined) continue;
      victim = found;
      most = oldest.length;
    }
    if (victim !== undefined) this.#cut(victim);
    return victim !== undefined;
  }

  #areTooMany(ofAddress: OfAddress): boolean {
    const [first] = ofAddress.values();
    return ofAddress.size > this.limits.maxPerAddress && !this.isProxy(first?.raw.remoteAddress ?? '');
  }

  #cut({ raw, wait }: Connection): void {
    const { remoteAddress = '' } = raw;
    this.#tell(remoteAddress);
    this.#leaveStrangers(addressKey(remoteAddress), endOf(raw));
    wait?.giveUp();
    if (wait === undefined) raw.destroy();
    else setTimeout(() => raw.destroy(), answerMilliseconds).unref();
  }

  #look(): void {
    const { newMilliseconds = usualNewMilliseconds, stalledMilliseconds = usualStalledMilliseconds } = this.limits;
    const newSince = performance.now() - newMilliseconds;
    const guestsSince = performance.now() - guestMilliseconds;
    for (const each of this.#open.values()) if (each.isGuest && each.since < guestsSince) this.#cut(each);
    for (const ofAddress of this.#strangers.values())
      for (const connection of ofAddress.values()) {
        if (connection.since > newSince || !this.#areTooMany(ofAddress)) break;
        if (isIdle(connection)) this.#cut(connection);
      }
    let unread = 0;
    for (const { http } of this.#open.values()) unread += http.writableLength;
    for (const connection of this.#open.values()) {
      const { http, unread: before } = connection;
      connection.unread = http.writableLength;
      if (connection.unread === 0) continue;
      // Node sees how much has left of what was written at once, and sets another time when the answer has ended.
      if (http.timeout !== stalledMilliseconds) http.setTimeout(stalledMilliseconds);
      if (unread > mostUnread && before > 0 && connection.unread >= before) this.#cut(connection);
    }
  }

  #tell(remoteAddress: string): void {
    this.#cutCount += 1;
    const now = performance.now();
    if (now - this.#toldAt < tellEveryMilliseconds) return;
    const { max, maxPerAddress } = this.limits;
    const fields = { cut: this.#cutCount, open: this.count, remoteAddress, max, maxPerAddress };
    this.log.warn(fields, 'too many connections, or too much that nobody reads: some are cut');
    this.#toldAt = now;
    this.#cutCount = 0;
  }
}

/** The end of a connection that is the caller's, and the port that is ours. */
const endOf = ({ remoteAddress, remotePort, localPort }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localPort}`;

/** Whether no request is under way: none is answered, though one may be arriving. */
const isIdle = ({ http }: Connection): boolean => answerUnderWay(http) === null;

/**
 * Whether a request waits for its caller: it has not arrived as a whole, or nothing of its answer was read since the
 * last look.
 */
const waitsForCaller = ({ http, unread }: Connection): boolean =>
  answerUnderWay(http)?.req.complete === false || (unread > 0 && http.writableLength >= unread);

/** The answer that is being made or sent on this connection. Node has it under no public name. */
export function answerUnderWay(socket: Socket): ServerResponse | null {
  return (socket as { readonly _httpMessage?: ServerResponse | null })._httpMessage ?? null;
}

/**
 * The part of a peer's address by which callers are told apart: an IPv4 address, or the /64 network of an IPv6 address,
 * because one machine may take any address in its network (RFC 4291 2.5.4). An IPv4 address that arrives as IPv6
 * (RFC 4291 2.5.5.2) is itself.
 */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  // `::` stands for as many zeros as are missing. A zone after `%` and an IPv4 ending are in the last 64 bits.
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const behind = tail === undefined || tail === '' ? 0 : tail.split(':').length + (tail.includes('.') ? 1 : 0);
  if (tail !== undefined) {
    const last = tail === '' ? [] : tail.split(':');
    groups.push(...Array.from({ length: 8 - groups.length - behind }, () => '0'), ...last);
  }
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
