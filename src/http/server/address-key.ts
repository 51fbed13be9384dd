import { isIPv6 } from 'node:net';

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
