import { addressInOneForm, isAddress } from '../../formats/text/addresses.js';
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
