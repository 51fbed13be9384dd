import { isIP } from 'node:net';

/**
 * The proxies of which the service believes where a call comes from: `told` is the variable, else the setting in the file.
 * Reports each that is neither an address nor a network.
 */
export function readTrustedProxies(
  told: string | undefined,
  inFile: readonly string[] | undefined,
  report: (i: number, message: string) => void,
): readonly string[] {
  const proxies = told === undefined ? (inFile ?? []) : told.split(',').map((proxy) => proxy.trim());
  for (const [i, proxy] of proxies.entries()) if (!isNetwork(proxy)) report(i, `"${proxy}" ${notNetwork}`);
  return proxies;
}

const notNetwork =
  'must be an address, or a network such as 10.0.0.0/8 or fd00::/8: not everybody (/0), because callers would then choose their address';

/** Whether it is an IP address, or one with the length of a prefix (RFC 4632 section 3.1, RFC 4291 section 2.3). */
function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const family = /^[0-9a-f:.]+$/i.test(address) ? isIP(address) : 0;
  if (family === 0 || more.length > 0) return false;
  return prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}
