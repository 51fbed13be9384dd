import { isIP, isIPv6 } from 'node:net';
import { Tag } from '@kubepass/x509';
import type { GeneralName } from '@kubepass/x509/tree';
import type { Report } from '../model/decoded.js';

/*
 * The rules by which crypto/x509 of Go 1.26, and so Kubernetes, refuses to parse what is no error to X.509 or to the
 * readers here. `npm run test:oracles` and `npm run fuzz -- --target go` hold them to Go.
 */

/** Whether Go reads such a string in a name (parser.go, parseASN1String). `text` is its text. */
export const isGoString = (tag: number, text: string | null): boolean =>
  tag === Tag.BMP_STRING ? !/[\ufdd0-\ufdef\ufffe\uffff]/.test(text ?? '') : !unknownStrings.has(tag);

/** The last one is GeneralString. */
const unknownStrings: ReadonlySet<number> = new Set([Tag.VISIBLE_STRING, Tag.UNIVERSAL_STRING, 0x1b]);

/** Whether Go reads a time of this type that exists (cryptobyte, ReadASN1UTCTime): it must print it alike. */
export function isGoTime(tag: number, text: string): boolean {
  const [, digits = ''] = /^(\d+)(?:Z|[+-](?!0000)\d{4})$/.exec(text) ?? [];
  return (tag === Tag.UTC_TIME ? [10, 12] : [14]).includes(digits.length);
}

/** Reports a number past 31 bits in an identifier, dotted; the first two are one (cryptobyte, readBase128Int). */
export function observeIdentifier(oid: string, report: Report): void {
  if (!/\d{10}/.test(oid)) return;
  const numbers = oid.split('.').map((arc, i, [top]) => Number(arc) + (i === 1 ? 40 * Number(top) : 0));
  if (numbers.some((number) => number > 0x7fffffff))
    report('NotLoadable', `the object identifier ${oid.slice(0, 60)} has a number of more than 31 bits`);
}

/** Why Go does not read the base of a subtree (parser.go, parseNameConstraintsExtension); null where it does. */
export function whyNotGoBase({ type, octets }: GeneralName): string | null {
  if (type !== 'dNSName' && type !== 'rfc822Name' && type !== 'uniformResourceIdentifier') return null;
  const text = octets.toString('latin1');
  if (type === 'rfc822Name' && text.includes('@')) return isMailbox(text) ? null : 'is no mailbox: Go loads no such CA';
  const isAddress = type === 'uniformResourceIdentifier' && isIP(text) !== 0;
  return isGoDomain(text, true) && !isAddress ? null : 'is no domain: Go loads no such CA';
}

/** parser.go, domainNameValid. The base of a subtree may begin with a dot. */
function isGoDomain(text: string, base: boolean): boolean {
  const labels = base && text.startsWith('.') ? text.slice(1) : text;
  return text === '' || (/^[!-~]+$/.test(labels) && !/^\.|\.\.|\.$/.test(labels));
}

/** RFC 2821 4.1.2, as verify.go has it (parseRFC2821Mailbox): it takes `\` and a character outside of quotes, too. */
function isMailbox(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- Go lets control characters stand between quotes
  const quoted = /^"(?:[\x01-\x08\x0b\x0c\x0e-!#-[\]-\x7f]|\\[\x01-\t\x0b\x0c\x0e-\x7f])*"(?=@)/.exec(text);
  const [local] = quoted ?? /^(?:\\[^]|[\w!#$%&'*+/=?^`{|}~.-])+(?=@)/.exec(text) ?? [];
  if (local === undefined || (quoted === null && /^\\?\.|\.$|\.\\?\./.test(local))) return false;
  return isGoDomain(text.slice(local.length + 1), false);
}

/** Whether Go reads a URI as an alternative name (net/url, Parse; parser.go, parseSANExtension). */
export function isGoUri(uri: string): boolean {
  const [, address = '', fragment = ''] = /^([^#]*)#?([^]*)$/.exec(uri) ?? [];
  if (/\p{Cc}/u.test(address) || badEscape.test(fragment)) return false;
  if (address.startsWith(':')) return false;
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(address)?.[1]?.toLowerCase();
  const [rest = ''] = address.slice(scheme === undefined ? 0 : scheme.length + 1).split('?');
  if (!rest.startsWith('/')) return scheme !== undefined || (!/^[^/]*:/.test(rest) && !badEscape.test(rest));
  if (!rest.startsWith('//') || (scheme === undefined && rest.startsWith('///'))) return !badEscape.test(rest);
  const [, user = '', host = '', path = ''] = /^\/\/(?:([^/]*)@)?([^/@]*)(.*)$/.exec(rest) ?? [];
  if (badEscape.test(path) || badEscape.test(user) || !/^[\w.~!$&'()*+,;=%:@-]*$/.test(user)) return false;
  return isGoHost(host, scheme === 'http' || scheme === 'https') && isGoDomain(host, false);
}

const badEscape = /%(?![0-9A-Fa-f]{2})/;

/** net/url, parseHost. Only http and https ask for a single colon. */
function isGoHost(host: string, strict: boolean): boolean {
  const literal = /^\[([^%]*)(?:%25[\w.~-]+)?\](?::\d*)?$/.exec(host)?.[1];
  if (literal !== undefined) return isIPv6(literal);
  if (host.includes('[') || !/^(?:[\w.~!$&'()*+,;=:\]<>"-]|%25)*$/.test(host)) return false;
  return (strict ? /^[^:]*(?::\d*)?$/ : /^(?:[^]*:\d*|[^:]*)$/).test(host);
}
