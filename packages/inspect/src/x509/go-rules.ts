import { Tag } from '@kubepass/x509';
import type { GeneralName } from '@kubepass/x509/tree';
import { isAddress } from '../formats/text/addresses.js';
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
  if (oid.length < 12 || !/\d{10}/.test(oid)) return;
  const numbers = oid.split('.').map((arc, i, [top]) => Number(arc) + (i === 1 ? 40 * Number(top) : 0));
  if (numbers.some((number) => number > 0x7fffffff))
    report('NotLoadable', `the object identifier ${oid.slice(0, 60)} has a number of more than 31 bits`);
}

/** Why Go does not read the base of a subtree (parser.go, parseNameConstraintsExtension); null where it does. */
export function whyNotGoBase({ type, octets }: GeneralName): string | null {
  if (type !== 'dNSName' && type !== 'rfc822Name' && type !== 'uniformResourceIdentifier') return null;
  const text = octets.toString('latin1');
  if (text === '') return null;
  if (type === 'rfc822Name' && text.includes('@')) return mailboxOf(text) ? null : 'is no mailbox: Go loads no such CA';
  const isNumber = type === 'uniformResourceIdentifier' && isAddress(text);
  return isHost(text.replace(/^\./, '')) && !isNumber ? null : 'is no domain: Go loads no such CA';
}

/** Whether a text is labels of visible characters (parser.go, domainNameValid). */
export const isHost = (text: string): boolean => /^[!-\-/-~]+(?:\.[!-\-/-~]+)*$/.test(text);

/** RFC 2821 4.1.2, as verify.go has it (parseRFC2821Mailbox): it takes `\` and a character outside of quotes, too. */
const mailboxForm =
  /^(?:"((?:[^"\\\0\t\n\r\x80-\uffff]|\\[^\0\n\r\x80-\uffff])*)"|((?:[\w!#$%&'*+\-/=?^`{|}~.]|\\[^])+))@([^]*)$/;

/** A mailbox, with a host or without; null for what is no mailbox. */
export function mailboxOf(text: string): { readonly local: string; readonly host: string } | null {
  const [, quoted, atoms, host = ''] = mailboxForm.exec(text) ?? [];
  const local = (quoted ?? atoms ?? '').replace(/\\([^])/g, '$1');
  const isLocal = quoted !== undefined || (atoms !== undefined && !`.${local}.`.includes('..'));
  return isLocal && (host === '' || isHost(host)) ? { local, host } : null;
}

/** RFC 3986 3, with a scheme, as RFC 5280 4.2.1.6 asks for. Its hosts have no escapes, which Go takes in no name. */
const uriForm =
  /^[a-z][a-z0-9+.-]*:(?:\/\/(?:(?:[\w.~!$&'()*+,;=:-]|%[\da-f]{2})*@)?([\w.~!$&'()*+,;=-]*|\[[\da-f:.]+\])(?::\d*)?(?![^/?#])|(?!\/\/))(?:[\w.~!$&'()*+,;=:@/?-]|%[\da-f]{2})*(?:#(?:[\w.~!$&'()*+,;=:@/?-]|%[\da-f]{2})*)?$/i;

/** Whether a text is a URI. Go loads no certificate with most others (net/url, Parse; parser.go, parseSANExtension). */
export function isUri(text: string): boolean {
  const [found, host = ''] = uriForm.exec(text) ?? [];
  return (
    found !== undefined &&
    (host.startsWith('[') ? host.includes(':') && isAddress(host.slice(1, -1)) : host === '' || isHost(host))
  );
}
