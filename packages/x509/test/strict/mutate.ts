import fc from 'fast-check';

/** One or several small changes to octets. */
export const mutations = fc.array(
  fc.record({
    kind: fc.constantFrom('set', 'insert', 'delete'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    octet: fc.nat(255),
  }),
  { minLength: 1, maxLength: 3 },
);

export function mutate(bytes: Uint8Array, changes: readonly { kind: string; at: number; octet: number }[]): Buffer {
  const octets = [...bytes];
  for (const { kind, at, octet } of changes) {
    const position = Math.floor(at * Math.max(octets.length - 1, 0));
    if (kind === 'set') octets[position] = octet;
    else octets.splice(position, kind === 'delete' ? 1 : 0, ...(kind === 'insert' ? [octet] : []));
  }
  return Buffer.from(octets);
}
