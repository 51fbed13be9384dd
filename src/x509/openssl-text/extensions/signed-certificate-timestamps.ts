import { DerError, Tag } from '../../strict/der.js';
import { hexPairs } from '../hex-block.js';
import { indentation } from '../octets.js';
import { generalizedTimeText } from '../time-text.js';
import { elementOf, type ExtensionPrinter } from './extension-printer.js';

/** SignedCertificateTimestampList (RFC 6962 3.3). */
export const printSignedCertificateTimestamps: ExtensionPrinter = (value, { indent }) => {
  const { content, offset } = elementOf(value, Tag.OCTET_STRING, 'a list of timestamps');
  const list = new TlsReader(content, offset);
  const timestamps = new TlsReader(list.vector(), offset);
  list.end();
  const texts: string[] = [];
  while (!timestamps.atEnd) texts.push(timestampText(timestamps.vector(), offset, indent));
  return texts.join('\n');
};

/** Reads the presentation language of TLS (RFC 8446 3). */
class TlsReader {
  #position = 0;
  constructor(
    private readonly bytes: Buffer,
    private readonly offset: number,
  ) {}

  get atEnd(): boolean {
    return this.#position === this.bytes.length;
  }

  take(length: number): Buffer {
    const end = this.#position + length;
    if (end > this.bytes.length) throw new DerError('a timestamp is cut off', this.offset);
    const taken = this.bytes.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }

  /** `opaque <0..2^16-1>` */
  vector(): Buffer {
    return this.take(this.take(2).readUInt16BE(0));
  }

  end(): void {
    if (!this.atEnd) throw new DerError('a list of timestamps has trailing data', this.offset);
  }
}

/** RFC 5246 7.4.1.4.1; OpenSSL reads timestamps with these two alone. */
const signatureNames: Readonly<Record<string, string>> = {
  '0401': 'sha256WithRSAEncryption',
  '0403': 'ecdsa-with-SHA256',
};

function timestampText(timestamp: Buffer, offset: number, indent: number): string {
  const margin = `\n${indentation(indent + 4)}`;
  const block = (bytes: Buffer): string => continuedHex(bytes, indent + 16);
  const heading = `${indentation(indent)}Signed Certificate Timestamp:${margin}Version   : `;
  if (timestamp.length === 0) throw new DerError('a timestamp is empty', offset);
  if (timestamp[0] !== 0) return `${heading}unknown\n${indentation(indent + 16)}${block(timestamp)}`;

  const reader = new TlsReader(timestamp.subarray(1), offset);
  const logId = reader.take(32);
  const milliseconds = reader.take(8).readBigUInt64BE(0);
  const extensions = reader.vector();
  const signatureName = signatureNames[reader.take(2).toString('hex')];
  const signature = reader.vector();
  if (signatureName === undefined || signature.length === 0)
    throw new DerError('the signature of a timestamp is of an unknown kind', offset);
  return (
    `${heading}v1 (0x0)` +
    `${margin}Log ID    : ${block(logId)}` +
    `${margin}Timestamp : ${timeText(milliseconds)}` +
    `${margin}Extensions: ${extensions.length === 0 ? 'none' : block(extensions)}` +
    `${margin}Signature : ${signatureName}` +
    `${margin}            ${block(signature)}`
  );
}

/** 9999-12-31T23:59:59.999Z, the last instant that GeneralizedTime can tell. */
const lastMillisecond = 253402300799999n;

function timeText(milliseconds: bigint): string {
  if (milliseconds > lastMillisecond) return '';
  const digits = new Date(Number(milliseconds)).toISOString().replace(/[-T:]/g, '');
  return generalizedTimeText(Buffer.from(digits, 'latin1'));
}

/** Upper case hexadecimal, 16 octets in a line; all lines but the first are indented. */
function continuedHex(bytes: Buffer, indent: number): string {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += 16)
    lines.push(hexPairs(bytes.subarray(start, start + 16)).toUpperCase());
  return lines.join(`:\n${indentation(indent)}`);
}
