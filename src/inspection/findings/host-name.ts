import type { SubjectAltNames } from '../decoded.js';

/** Whether a certificate with these names is good for that host: RFC 9525 6.3, 6.5. */
export function namesHost({ dns, ip }: SubjectAltNames, host: string): boolean {
  if (isAddress(host)) {
    const address = oneForm(host);
    return ip.some((each) => oneForm(each) === address);
  }
  const wanted = host.toLowerCase();
  const dot = wanted.indexOf('.');
  return dns.some((each) => {
    const name = each.toLowerCase().replace(/\.$/, '');
    return name === wanted || (dot > 0 && name.startsWith('*.') && name.slice(1) === wanted.slice(dot));
  });
}

const isAddress = (host: string): boolean => host.includes(':') || /^\d+(?:\.\d+){3}$/.test(host);

/** RFC 5952: of the ways to write an IPv6 address, the one that URLs have. */
function oneForm(address: string): string {
  if (!address.includes(':')) return address;
  try {
    return new URL(`https://[${address}]`).hostname.slice(1, -1);
  } catch {
    return address;
  }
}
