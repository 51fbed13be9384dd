/** Decodes base64 as far as possible. `problem` is null where it is written as in RFC 4648 4. */
export function readBase64(base64: string): { readonly bytes: Buffer; readonly problem: string | null } {
  if (base64 === '') return { bytes: Buffer.alloc(0), problem: 'there is nothing in it' };
  const bytes = Buffer.from(base64, 'base64');
  return { bytes, problem: bytes.toString('base64') === base64 ? null : problemOf(base64) };
}

/** Node's decoder skips other characters and takes both alphabets, so it reports nothing. */
function problemOf(base64: string): string {
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return 'its base64 does not end as it must';
  if (/^[A-Za-z0-9_-]*={0,2}$/.test(base64)) return 'its base64 is in the alphabet for URLs';
  return 'it holds characters that are not base64';
}

/**
 * Whether Go, and so Kubernetes, accepts it: padded, in the standard alphabet, with line breaks but no other blanks.
 */
export function isGoBase64(text: string): boolean {
  const base64 = text.replaceAll(/[\r\n]/g, '');
  return base64.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(base64);
}

/**
 * The octets of a text that is only base64: in either alphabet, with or without line breaks and padding. Null for any
 * other text, and for one that is too short to hold anything.
 */
export function wholeBase64(text: string): Buffer | null {
  if (!/^[A-Za-z0-9+/_=\s-]*$/.test(text)) return null;
  const base64 = text.replaceAll(/\s/g, '');
  if (base64.length < MIN_LENGTH || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(base64)) return null;
  return Buffer.from(base64, 'base64');
}

/** The shortest object that is looked for, an Ed25519 public key, takes 60. */
const MIN_LENGTH = 40;

/** The start of a PEM block, `-----BEGIN `, in base64. */
export const BASE64_PEM_BEGIN = 'LS0tLS1CRUdJTi';
