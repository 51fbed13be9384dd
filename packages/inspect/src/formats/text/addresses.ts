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
