import { DerError, type DerElement, Tag } from '../../../x509/strict/der.js';
import { demand, shown } from './extension-decoder.js';

/** SignedCertificateTimestampList (RFC 6962 3.3). */
export const decodeSignedCertificateTimestamps = shown((element) => {
  const list = new TlsReader(demand(element, Tag.OCTET_STRING, 'a list of timestamps').content, element);
  const timestamps = new TlsReader(list.vector(), element);
  list.end();
  const values: object[] = [];
  while (!timestamps.atEnd) values.push(readTimestamp(timestamps.vector(), element));
  return values;
});

/** Reads the presentation language of TLS (RFC 8446 3). */
class TlsReader {
  #position = 0;
  constructor(
    private readonly bytes: Buffer,
    private readonly element: DerElement,
  ) {}

  get atEnd(): boolean {
    return this.#position === this.bytes.length;
  }

  take(length: number): Buffer {
    const end = this.#position + length;
    if (end > this.bytes.length) throw new DerError('a timestamp is cut off', this.element.offset);
    const taken = this.bytes.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }

  /** `opaque <0..2^16-1>` */
  vector(): Buffer {
    return this.take(this.take(2).readUInt16BE(0));
  }

  end(): void {
    if (!this.atEnd) throw new DerError('a list of timestamps has trailing data', this.element.offset);
  }
}

/** RFC 5246 7.4.1.4.1. */
const hashes = ['none', 'md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'];
const signatures = ['anonymous', 'rsa', 'dsa', 'ecdsa'];

function readTimestamp(timestamp: Buffer, element: DerElement): object {
  const version = timestamp[0];
  if (version !== 0) return { version: version === undefined ? null : version + 1, hex: timestamp.toString('hex') };
  const reader = new TlsReader(timestamp.subarray(1), element);
  const logId = reader.take(32).toString('hex');
  const milliseconds = reader.take(8).readBigUInt64BE(0);
  const extensions = reader.vector().toString('hex');
  const [hash = 0, kind = 0] = reader.take(2);
  const signature = reader.vector().toString('hex');
  reader.end();
  return {
    version: 1,
    logId,
    timestamp: milliseconds <= LAST_MILLISECOND ? new Date(Number(milliseconds)).toISOString() : null,
    extensions,
    hashAlgorithm: hashes[hash] ?? String(hash),
    signatureAlgorithm: signatures[kind] ?? String(kind),
    signature,
  };
}

/** 9999-12-31T23:59:59.999Z: later instants have no RFC 3339 form. */
const LAST_MILLISECOND = 253402300799999n;
