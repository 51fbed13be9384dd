/** The octets of a hash, a fingerprint or a serial number in lower-case hex. Throws `TypeError` where it is none. */
export function octetsOf(hex: string): Buffer<ArrayBuffer> {
  const octets = octetsIn(hex);
  if (octets === null) throw new TypeError(`not hexadecimal: ${hex.slice(0, 100)}`);
  return octets;
}

/** As `octetsOf`; null where the text is none, so that a caller's filter finds nothing. */
export function octetsIn(hex: string): Buffer<ArrayBuffer> | null {
  const octets = Buffer.from(hex, 'hex');
  return octets.length * 2 === hex.length && octets.toString('hex') === hex ? octets : null;
}

export const hexText = (octets: Uint8Array): string =>
  Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('hex');

/** The 16 octets of a lower-case UUID (RFC 9562). Throws `TypeError` where it is none. */
export function uuidOctets(uuid: string): Buffer<ArrayBuffer> {
  const octets = uuidOctetsIn(uuid);
  if (octets === null) throw new TypeError(`not a UUID: ${uuid.slice(0, 100)}`);
  return octets;
}

/** As `uuidOctets`; null where the text is none. */
export function uuidOctetsIn(uuid: string): Buffer<ArrayBuffer> | null {
  return uuidForm.test(uuid) ? Buffer.from(uuid.replaceAll('-', ''), 'hex') : null;
}

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const uuidOf = (octets: Uint8Array): string => uuidOfHex(hexText(octets));

/** The UUID whose octets are these, in lower-case hex. */
export function uuidOfHex(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * The octets of a serial number's magnitude. Its text has no leading zero octet, so a zero octet in front marks a negative
 * number, whose text begins with `-`. Throws `TypeError` where the text is none.
 */
export const serialOctets = (text: string): Buffer<ArrayBuffer> =>
  text.startsWith('-') ? octetsOf(`00${text.slice(1)}`) : octetsOf(text);

/** As `serialOctets`; null where the text is none. */
export const serialOctetsIn = (text: string): Buffer<ArrayBuffer> | null =>
  text.startsWith('-') ? octetsIn(`00${text.slice(1)}`) : octetsIn(text);

export const serialOf = (octets: Uint8Array): string =>
  octets[0] === 0 && octets.length > 1 ? `-${hexText(octets.subarray(1))}` : hexText(octets);
