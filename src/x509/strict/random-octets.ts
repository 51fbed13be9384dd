import { randomFillSync } from 'node:crypto';

const poolOctets = 4096;

/**
 * Random octets for ids and serial numbers, which are public: asked of the system for many at a time, for each question
 * costs more than what it is for. Secrets are made from octets of their own.
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
    // A copy: what is handed out does not change when the pool is filled anew.
    return Buffer.from(pool.subarray(used - octets, used));
  };
}
