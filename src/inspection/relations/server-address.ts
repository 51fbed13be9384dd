/** Where a client connects: what of a server's URL tells two servers apart, in one spelling. */
export function serverAddress(server: string): string | null {
  let url: URL;
  try {
    url = new URL(server);
  } catch {
    return null;
  }
  if (url.protocol !== 'https:' || url.hostname === '') return null;
  // The URL is normalized already: host in lower case, addresses in their one form, the default port left out.
  const host = url.hostname.replace(/\.$/, '');
  return `${host}:${url.port === '' ? '443' : url.port}${url.pathname.replace(/\/+$/, '')}`;
}

/** The host of a server's URL without the brackets of an IPv6 address; null where there is none. */
export function serverHost(server: string): string | null {
  try {
    const { hostname } = new URL(server);
    return hostname === '' ? null : hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  } catch {
    return null;
  }
}
