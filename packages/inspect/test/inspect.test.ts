// Tests packages/inspect/src/inspect.ts
import { createPublicKey } from 'node:crypto';
import { expect, it } from 'vitest';
import { inspectSingleObject } from '../src/inspect.js';
import { corpusContext } from './helpers/inspection-corpus.js';
import { octetsOf, primeModulus } from '../../x509/test/helpers/weak-rsa.js';

it('is charged for the test of an RSA modulus, and for the report that comes after it', async () => {
  const spent: number[] = [];
  const account = { by: 'jane', mustHaveSome: () => undefined, spend: (seconds: number) => spent.push(seconds) };
  // A modulus that was tested is remembered, so this one is new.
  const n = octetsOf(primeModulus(2048).n).toString('base64url');
  const key = createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
  const bytes = Buffer.from(key.export({ type: 'spki', format: 'pem' }));
  const text = await inspectSingleObject(
    { parts: [{ name: null, bytes }], password: null },
    corpusContext(),
    'text/html',
    account,
  );
  expect(text).toContain('prime');
  expect(spent).toHaveLength(2);
  // A prime of 2048 bits takes at least 64 exponentiations.
  expect(spent[0]).toBeGreaterThan(0.02);
  expect(spent[1]).toBeGreaterThan(0);
});
