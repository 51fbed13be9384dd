/** Octet fields in one transferable buffer: each is its length in four octets, then itself. */
export function packFields(fields: readonly Uint8Array[]): ArrayBuffer {
  let length = 0;
  for (const field of fields) length += 4 + field.length;
  const packed = Buffer.from(new ArrayBuffer(length));
  let at = 0;
  for (const field of fields) {
    packed.writeUInt32LE(field.length, at);
    packed.set(field, at + 4);
    at += 4 + field.length;
  }
  return packed.buffer;
}

/** The fields of a buffer, as views of it. Throws `RangeError` where they do not fill it exactly. */
export function unpackFields(buffer: ArrayBuffer): Buffer[] {
  const packed = Buffer.from(buffer);
  const fields: Buffer[] = [];
  let at = 0;
  while (at < packed.length) {
    const end = at + 4 + packed.readUInt32LE(at);
    if (end > packed.length) throw new RangeError('a field is longer than its buffer');
    fields.push(packed.subarray(at + 4, end));
    at = end;
  }
  return fields;
}
