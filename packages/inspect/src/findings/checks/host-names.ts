import type { SubjectAltNames } from '../../model/decoded.js';
import { onceFor } from '../../relations/certificate-node.js';

/*
 * Host names as Go's crypto/x509 compares them, and so all of Kubernetes (VerifyHostname, validHostname). A test holds
 * both functions against Go.
 */

/** Letters, digits, hyphens that do not begin a label, and the underscore, which Go lets pass. */
const label = /^[a-z0-9_][a-z0-9_-]*$/i;

/** RFC 1035 2.3.4. */
const LONGEST_LABEL = 63;
const LONGEST_NAME = 253;

/**
 * Why no client can match a dNSName (RFC 9525 6.3, RFC 5280 4.2.1.6), in words that follow `it`; null where one can.
 */
export function whyUnmatchable(name: string): string | null {
  if (name === '') return 'is empty';
  if (isAddress(name)) return 'is an address, and clients look for addresses among those of type iPAddress alone';
  if (/\s/.test(name)) return 'has blanks';
  if (name.includes('://') || name.includes('/')) return 'is a URL or a path';
  if (/:\d*$/.test(name)) return 'has a port';
  if (name.includes(':')) return 'has a colon';
  if (name.startsWith('.')) return 'begins with a dot';
  if (name.endsWith('.')) return 'ends with a dot';
  if (name === '*') return 'is a wildcard for everything';
  const labels = (name.startsWith('*.') ? name.slice(2) : name).split('.');
  if (labels.some((each) => each.includes('*'))) return 'has a wildcard that is not its whole leftmost label';
  if (labels.includes('')) return 'has an empty label';
  if (labels.some((each) => each.length > LONGEST_LABEL)) return `has a label of more than ${LONGEST_LABEL} characters`;
  if (name.length > LONGEST_NAME) return `has more than ${LONGEST_NAME} characters`;
  if (!labels.every((each) => label.test(each))) return 'has characters that host names do not have';
  return null;
}

/** The names of a certificate, arranged to look up hosts. */
interface HostNames {
  /** Whether a client accepts the certificate for that host: a name, or an address with or without brackets. */
  has(host: string): boolean;
}

/** Made once for each certificate, because many names may be compared with many kubeconfigs. */
export const hostNamesOf = onceFor(({ dns, ip }: SubjectAltNames): HostNames => {
  const addresses = new Set(ip.map((address) => addressInOneForm(address) ?? address));
  const all = new Set(dns.filter((name) => name !== '' && name !== '.').map(lowerCase));
  const patterns = new Set([...all].filter(isPattern));
  return {
    has(host) {
      const address = addressInOneForm(/^\[.+\]$/s.exec(host) ? host.slice(1, -1) : host);
      if (address !== null) return addresses.has(address);
      const wanted = lowerCase(host);
      const name = wanted.replace(/\.$/, '');
      // Names that are no host names match themselves alone, and wildcards match host names alone.
      if (!isHostName(name)) return all.has(wanted);
      if (patterns.has(name) || (!patterns.has(wanted) && all.has(wanted))) return true;
      const dot = name.indexOf('.');
      return dot > 0 && patterns.has(`*${name.slice(dot)}`);
    },
  };
});

const lowerCase = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

const isHostName = (name: string): boolean => name.split('.').every((each) => label.test(each));

const isPattern = (name: string): boolean => isHostName(name.startsWith('*.') ? name.slice(2) : name);

/** Whether a text is an IPv4 or IPv6 address. */
export const isAddress = (text: string): boolean => addressInOneForm(text) !== null;

const octet = '(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])';
const ipv4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`);
const ipv6 = /^[0-9a-f:.]{2,45}$/i;

/**
 * An address in one spelling; null for any other text. An IPv6 address has several, and one that stands for an IPv4
 * address (RFC 4291 2.5.5.2) is that address.
 */
export function addressInOneForm(text: string): string | null {
  if (ipv4.test(text)) return text;
  if (!text.includes(':') || !ipv6.test(text)) return null;
  const tail = text.slice(text.lastIndexOf(':') + 1);
  // A URL takes octal and short forms of IPv4 there; addresses do not.
  if (tail.includes('.') && !ipv4.test(tail)) return null;
  if (!URL.canParse(`https://[${text}]`)) return null;
  const address = new URL(`https://[${text}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  const [first, second] = [parseInt(high, 16), parseInt(low, 16)];
  return [first >> 8, first & 0xff, second >> 8, second & 0xff].join('.');
}
