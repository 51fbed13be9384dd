import type { SubjectAltNames } from '../decoded.js';

/** Whether a certificate with these names is good for that host: RFC 9525 6.3, 6.5. */
export function namesHost(names: SubjectAltNames, host: string): boolean {
  const hosts = hostsOf(names);
  if (isAddress(host)) return hosts.has(addressInOneForm(host));
  const wanted = host.toLowerCase();
  const dot = wanted.indexOf('.');
  return hosts.has(wanted) || (dot > 0 && hosts.has(`*${wanted.slice(dot)}`));
}

/** Made once for each certificate: there may be many names, and many kubeconfigs that they are compared with. */
const hostSets = new WeakMap<SubjectAltNames, ReadonlySet<string>>();

function hostsOf(names: SubjectAltNames): ReadonlySet<string> {
  let hosts = hostSets.get(names);
  if (hosts === undefined) {
    hosts = new Set([
      ...names.dns.map((name) => name.toLowerCase().replace(/\.$/, '')),
      ...names.ip.map(addressInOneForm),
    ]);
    hostSets.set(names, hosts);
  }
  return hosts;
}

const isAddress = (host: string): boolean => host.includes(':') || /^\d+(?:\.\d+){3}$/.test(host);

/** RFC 5952: of the ways to write an IPv6 address, the one that URLs have. */
function addressInOneForm(address: string): string {
  if (!address.includes(':')) return address;
  try {
    return new URL(`https://[${address}]`).hostname.slice(1, -1);
  } catch {
    return address;
  }
}
