import { randomFillSync } from 'node:crypto';

/**
 * Makes a serial number: 16 octets, positive, never shorter (RFC 5280 4.1.2.2 allows 20). It begins with the time in
 * milliseconds, so that an index over serial numbers grows at its end; 80 random bits follow. `random` answers that
 * many random octets, e.g. `crypto.randomBytes`.
 */
export function newSerialNumber(now: Date, random: (size: number) => Uint8Array): Buffer {
  const serialNumber = Buffer.alloc(16);
  serialNumber.writeUIntBE(now.getTime(), 0, 6);
  // The top bit is 0, so the number is positive. The next is 1, so no octet is a leading zero that DER would drop.
  serialNumber.writeUInt8((serialNumber.readUInt8(0) & 0x3f) | 0x40, 0);
  serialNumber.set(random(10), 6);
  return serialNumber;
}

const poolOctets = 4096;

/**
 * Random octets for ids and serial numbers, which are public. They are fetched from the system many at a time, because
 * a call costs more than the octets. Secrets are never made from this pool.
 */
export function publicRandomOctets(): (octets: number) => Buffer {
  const pool = Buffer.alloc(poolOctets);
  let used = poolOctets;
  return (octets) => {
    if (used + octets > poolOctets) {
      randomFillSync(pool);
      used = 0;
    }
    used += octets;
    // A copy, so that it does not change when the pool is filled anew.
    return Buffer.from(pool.subarray(used - octets, used));
  };
}
