import type { Random } from './random.js';

const telling = [
  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x1f, 0x2d, 0x30, 0x31, 0x3a, 0x7f, 0x80, 0x81, 0x84, 0xa0,
  0xff,
];

type Mutation = (octets: Buffer, random: Random, other: () => Buffer) => Buffer;

/** A place to cut at, and the number of octets from there. */
function range(octets: Buffer, random: Random): [start: number, end: number] {
  const start = random.below(octets.length + 1);
  return [start, Math.min(octets.length, start + random.below(random.once(4) ? octets.length + 1 : 9))];
}

const changed = (octets: Buffer, random: Random, change: (octet: number) => number): Buffer => {
  if (octets.length === 0) return octets;
  const result = Buffer.from(octets);
  for (let times = random.between(1, 4); times > 0; times--) {
    const at = random.below(result.length);
    result.writeUInt8(change(result.readUInt8(at)) & 0xff, at);
  }
  return result;
};

const mutations: readonly Mutation[] = [
  (octets, random) => changed(octets, random, (octet) => octet ^ (1 << random.below(8))),
  (octets, random) => changed(octets, random, () => random.pick(telling)),
  (octets, random) => changed(octets, random, (octet) => octet + random.pick([-1, 1])),
  (octets, random) => changed(octets, random, () => random.below(256)),
  // Cut off.
  (octets, random) => octets.subarray(0, random.below(octets.length + 1)),
  (octets, random) => octets.subarray(random.below(octets.length + 1)),
  // Taken out, doubled, moved.
  (octets, random) => {
    const [start, end] = range(octets, random);
    return Buffer.concat([octets.subarray(0, start), octets.subarray(end)]);
  },
  (octets, random) => {
    const [start, end] = range(octets, random);
    const piece = octets.subarray(start, end);
    return Buffer.concat([
      octets.subarray(0, end),
      ...Array.from({ length: random.between(1, 3) }, () => piece),
      octets.subarray(end),
    ]);
  },
  (octets, random) => {
    const [start, end] = range(octets, random);
    const rest = Buffer.concat([octets.subarray(0, start), octets.subarray(end)]);
    const at = random.below(rest.length + 1);
    return Buffer.concat([rest.subarray(0, at), octets.subarray(start, end), rest.subarray(at)]);
  },
  // Inserted: random octets, or octets from elsewhere in the corpus.
  (octets, random) => {
    const at = random.below(octets.length + 1);
    return Buffer.concat([octets.subarray(0, at), random.octets(random.between(1, 16)), octets.subarray(at)]);
  },
  (octets, random, other) => {
    const [start, end] = range(octets, random);
    const source = other();
    const [from, to] = range(source, random);
    return Buffer.concat([octets.subarray(0, start), source.subarray(from, to), octets.subarray(end)]);
  },
  (octets, random) => {
    const [start] = range(octets, random);
    const run = Buffer.alloc(random.pick([16, 64, 256, 4096]), random.pick(telling));
    return Buffer.concat([octets.subarray(0, start), run, octets.subarray(start)]);
  },
];

/** Changes octets without regard to their meaning. */
export const mutateOctets: Mutation = (octets, random, other) => random.pick(mutations)(octets, random, other);
