import { createPrivateKey, type JsonWebKey } from 'node:crypto';

import { expect } from 'vitest';

import { DerReader, inside } from '@kubepass/x509';
import { fixture } from './inspected-key.js';

/** So many octets in a row do not stand in something by chance. */
const RUN = 6;

/**
 * Asserts that nothing of these octets stands in what is answered: not in hex, not in base64 at any alignment, not as
 * numbers, not as a number in decimal.
 */
export function expectNoSecret(answer: unknown, secrets: readonly Buffer[]): void {
  const json = JSON.stringify(answer);
  const lower = json.toLowerCase();
  for (const secret of secrets) {
    for (let start = 0; start + RUN <= secret.length; start++) {
      const run = secret.subarray(start, start + RUN);
      // A run of padding is no secret.
      if (run.every((octet) => octet === run[0])) continue;
      expect(lower).not.toContain(run.toString('hex'));
      expect(json).not.toContain([...run].join(','));
      const aligned = secret.subarray(start, start + 9);
      if (aligned.length < 9) continue;
      expect(json).not.toContain(aligned.toString('base64'));
      expect(json).not.toContain(aligned.toString('base64url'));
    }
    expect(json).not.toContain(BigInt(`0x${secret.toString('hex')}`).toString());
  }
}

/** The private numbers of a key of the fixtures, which node:crypto may read: they are our own. */
export function secretsOf(name: string): readonly Buffer[] {
  const { bytes } = fixture(name);
  const key = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
  switch (key.asymmetricKeyType) {
    case 'ec': {
      // RFC 5915 3: the version, then the scalar.
      const fields = inside(new DerReader(key.export({ format: 'der', type: 'sec1' })).next());
      fields.next();
      return [fields.next().content];
    }
    case 'dsa':
      return [bytes.subarray(-20)];
    case 'rsa-pss':
      return [bytes.subarray(-64)];
    default: {
      const jwk = key.export({ format: 'jwk' });
      const members: readonly (keyof JsonWebKey)[] = ['d', 'p', 'q', 'dp', 'dq', 'qi'];
      return members.flatMap((member) => {
        const value = jwk[member];
        return typeof value === 'string' ? [Buffer.from(value, 'base64url')] : [];
      });
    }
  }
}
