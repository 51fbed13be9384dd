import { BlockList, isIP, isIPv6, SocketAddress } from 'node:net';
import type { IncomingMessage } from 'node:http';

/** An address in a header (RFC 7239 section 6): IPv6 may have brackets, and a port may follow. */
const node = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)(?=:|$)|([0-9a-f:.]+)$)(?::(?:\d{1,5}|_[\w.-]+))?$/i;
/** RFC 7239 section 4. No comma in a text: it would end the element for others. */
const forwardedPair = /^([!#$%&'*+.^`|~\w-]+)=(?:([!#$%&'*+.^`|~\w-]+)|"([^"\\,;]*)")$/;

/**
 * Finds the address of a caller: that of the connection, or where a trusted proxy has forwarded the call, the one that the
 * proxy tells in `X-Forwarded-For` or `Forwarded` (RFC 7239). The list is read from the right, because everybody can write what
 * stands left of the first address that no trusted proxy has.
 */
export class CallerAddresses {
  readonly #proxies = new BlockList();

  /** `proxies`: addresses, and networks as `10.0.0.0/8`; they have been checked. */
  constructor(private readonly proxies: readonly string[]) {
    for (const proxy of proxies) {
      const [address = '', prefix] = proxy.split('/');
      const family = familyOf(address);
      if (prefix === undefined) this.#proxies.addAddress(address, family);
      else this.#proxies.addSubnet(address, Number(prefix), family);
    }
  }

  /** Whether the address is that of a trusted proxy, so that connections from it are those of many callers. */
  readonly isProxy = (address: string): boolean =>
    this.proxies.length > 0 && isIP(address) !== 0 && this.#proxies.check(address, familyOf(address));

  /**
   * The address of the connection counts wherever the headers leave a doubt: both are there, or the address that they should
   * tell is missing, hidden or no address.
   */
  of({
    socket,
    headers,
  }: Pick<IncomingMessage, 'headers'> & { readonly socket: Pick<IncomingMessage['socket'], 'remoteAddress'> }): string {
    const own = socket.remoteAddress ?? '';
    if (!this.isProxy(own)) return own;
    // Node joins several lines of one header with commas, in their order.
    const { 'x-forwarded-for': addresses, forwarded } = headers as Readonly<Record<string, string | undefined>>;
    if ((addresses === undefined) === (forwarded === undefined)) return own;
    const told = (addresses ?? forwarded ?? '').split(',');
    let caller = own;
    while (told.length > 0 && this.isProxy(caller)) {
      const element = (told.pop() ?? '').trim();
      const address = addressIn(addresses === undefined ? forIn(element) : element);
      if (address === null) return own;
      caller = address;
    }
    return caller;
  }
}

/** The value of `for` in an element of `Forwarded`; null where the element is malformed, or has not one. */
function forIn(element: string): string | null {
  const pairs = element.split(';').map((pair) => forwardedPair.exec(pair.trim()));
  const nodes = pairs.filter((pair) => pair?.[1]?.toLowerCase() === 'for');
  return pairs.includes(null) || nodes.length !== 1 ? null : (nodes[0]?.[2] ?? nodes[0]?.[3] ?? null);
}

/** The address in its one form; null for everything else, as `unknown` and `_hidden` are. */
function addressIn(text: string | null): string | null {
  const [, bracketed, ipv4, ipv6] = node.exec(text ?? '') ?? [];
  const address = bracketed ?? ipv4 ?? ipv6 ?? '';
  if (isIP(address) === 0 || (bracketed !== undefined && isIP(bracketed) !== 6)) return null;
  return new SocketAddress({ address, family: familyOf(address) }).address;
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

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
