/** A UUIDv7 (RFC 9562 5.7): milliseconds first, so that ids sort by creation; then 74 random bits. */
export function newId(now: Date, random: (octets: number) => Buffer): string {
  const octets = Buffer.alloc(16);
  octets.writeUIntBE(now.getTime(), 0, 6);
  random(10).copy(octets, 6);
  octets[6] = 0x70 | ((octets[6] ?? 0) & 0x0f);
  octets[8] = 0x80 | ((octets[8] ?? 0) & 0x3f);
  const hex = octets.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The instant with which an id begins; null where it is no UUIDv7. */
export function instantOfId(id: string): Date | null {
  const [, high = '', low = ''] = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(id) ?? [];
  return high === '' ? null : new Date(parseInt(high + low, 16));
}

/** Sorts before the ids of this instant and later ones, and after the ids of earlier instants. */
export function idBound(instant: Date): string {
  const hex = Math.max(0, instant.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}`;
}
