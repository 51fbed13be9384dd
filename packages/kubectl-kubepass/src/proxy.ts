import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { BlockList, isIP, type Socket } from 'node:net';
import type { Machine } from './machine.js';

type Environment = Machine['environment'];

/**
 * The proxy for an https URL, by HTTPS_PROXY and NO_PROXY or these in small letters, on every version of Node; null: none. Plain
 * http is for this machine alone, and goes past every proxy, which would read the token.
 */
export function proxyFor(place: URL, environment: Environment): URL | null {
  if (place.protocol !== 'https:') return null;
  const text = valueOf(environment, 'HTTPS_PROXY');
  if (text === '' || isExcluded(place, valueOf(environment, 'NO_PROXY'))) return null;
  const url = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(url) || !['http:', 'https:'].includes(new URL(url).protocol))
    throw new Error('HTTPS_PROXY is no URL of an http or https proxy');
  return new URL(url);
}

const valueOf = (environment: Environment, name: string): string =>
  (environment[name] || environment[name.toLowerCase()] || '').trim();

/** As kubectl reads NO_PROXY: names with all below them, addresses, networks, each with a port or without. `*` is everything. */
function isExcluded(place: URL, list: string): boolean {
  const host = hostOf(place);
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    const [, name = entry, port = null] = /^(.*?):(\d+)$/.exec(isIP(entry) === 6 ? '' : entry) ?? [];
    if (name === '' || (port !== null && port !== portOf(place))) return false;
    if (isIP(host) !== 0) return isOfNetwork(host, name.replace(/^\[|\]$/g, ''));
    const domain = name.toLowerCase().replace(/^\*?\./, '.');
    return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
  });
}

function isOfNetwork(host: string, entry: string): boolean {
  const [address = '', bits] = entry.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const longest = family === 'ipv6' ? 128 : 32;
  const prefix = bits === undefined ? longest : Number(bits);
  if (isIP(address) === 0 || !(Number.isInteger(prefix) && prefix >= 0 && prefix <= longest)) return false;
  const network = new BlockList();
  network.addSubnet(address, prefix, family);
  return network.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}

/** Without the brackets of an address. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '').toLowerCase();
const portOf = ({ port }: URL): string => port || '443';

/** A connection through the proxy to the place, for TLS to go over (RFC 9110 section 9.3.6). The proxy sees no more than the host. */
export function tunnel(place: URL, proxy: URL, signal: AbortSignal): Promise<Socket> {
  const request = proxy.protocol === 'https:' ? tlsRequest : plainRequest;
  const target = `${place.hostname}:${portOf(place)}`;
  const login = [proxy.username, proxy.password].map(decodeURIComponent).join(':');
  const authorization = { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
  return new Promise((resolve, reject) => {
    request({
      ...{ host: hostOf(proxy), port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80) },
      ...{ method: 'CONNECT', path: target, agent: false, signal },
      headers: { host: target, ...(login !== ':' && authorization) },
    })
      .on('connect', ({ statusCode = 0 }, socket) => {
        if (statusCode >= 200 && statusCode < 300) {
          resolve(socket);
          return;
        }
        socket.destroy();
        reject(new Error(`the proxy ${proxy.host} answers ${statusCode}`));
      })
      .on('error', ({ message }) => {
        reject(new Error(`the proxy ${proxy.host} cannot be reached: ${message}`));
      })
      .end();
  });
}
