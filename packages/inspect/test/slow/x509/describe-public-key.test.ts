// Tests packages/inspect/src/x509/describe-public-key.ts, packages/x509/src/hygiene/rsa-weakness.ts
import { describe, expect, it } from 'vitest';

import { Observations } from '../../../src/model/decoded.js';
import { describePublicKey } from '../../../src/x509/describe-public-key.js';
import { bitString, der, oid, remaindersOf, sequence, Tag, unsignedInteger } from '@kubepass/x509';
import { cpuMilliseconds } from '../../../../../test/helpers/cpu-milliseconds.js';
import { octetsOf } from '../../../../x509/test/helpers/weak-rsa.js';

const NULL = der(Tag.NULL);
const RSA = '1.2.840.113549.1.1.1';

const spkiOf = (algorithm: string, parameters: Buffer | null, key: Buffer): Buffer =>
  sequence(sequence(oid(algorithm), ...(parameters === null ? [] : [parameters])), bitString(key));

/** `bits` are those of the modulus, which has no small factor. */
const rsa = (bits: number, exponent: Buffer = Buffer.of(1, 0, 1), parameters: Buffer | null = NULL): Buffer => {
  let modulus = ((15n << BigInt(bits)) / 17n) | 1n;
  while (remaindersOf(modulus).includes(0)) modulus += 2n;
  return spkiOf(RSA, parameters, sequence(unsignedInteger(octetsOf(modulus)), unsignedInteger(exponent)));
};

function describedKey(spki: Buffer) {
  const observations = new Observations();
  return { description: describePublicKey(spki, observations.report), observations: observations.toArray() };
}

describe('describePublicKey', () => {
  it('takes no time over an exponent as long as an upload', () => {
    const start = cpuMilliseconds();
    const { description } = describedKey(rsa(2048, Buffer.alloc(1_000_000, 0xff)));
    expect(description.exponent).toBeNull();
    expect(cpuMilliseconds() - start).toBeLessThan(500);
  });
});
