import { isLoopback } from '../../config/loopback.js';

/** The names of this machine for itself: a client may use each of them for a service that listens on loopback. */
const ownNames = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * The addresses that `htu` of a proof may begin with (RFC 9449 section 4.3): that of the configuration, else the one on which
 * the connection arrived. `Host` has no say: whoever forwards a proof chooses it.
 */
export function proofAddresses(base: string): readonly string[] {
  const url = new URL(base);
  const path = url.pathname.replace(/\/+$/, '');
  if (!isLoopback(url.hostname)) return [`${url.origin}${path}`];
  const port = url.port === '' ? '' : `:${url.port}`;
  return [...new Set([url.host, ...ownNames.map((name) => `${name}${port}`)])].map(
    (host) => `${url.protocol}//${host}${path}`,
  );
}
