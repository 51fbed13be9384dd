// Tests packages/inspect/src/x509/describe-public-key.ts, packages/inspect/src/der/recognise.ts,
// packages/inspect/src/keys/decode-public-key.ts, packages/x509/src/hygiene/rsa-weakness.ts
import { describe, expect, it } from 'vitest';
import { readCertificationRequestTree } from '@kubepass/x509/tree';
import { encodePem, sequence, unsignedInteger } from '@kubepass/x509';
import { uploadLimits } from '../../src/model/budget.js';
import { readCsrFixture, refusedCsrs } from '../../../x509/test/fixtures/csr/index.js';
import { octetsOf, primeModulus, rsaPublicKey, strongModulus } from '../../../x509/test/helpers/weak-rsa.js';
import { inspectFiles } from '../inspected.js';

const keyOf = (file: string): Buffer => readCertificationRequestTree(readCsrFixture(file)).publicKey.raw;

/** The findings about a request with a key, and about the key alone. */
async function findingsAbout(file: string) {
  const { findings } = await inspectFiles({ 'x.csr': readCsrFixture(file), 'x.pub': keyOf(file) });
  const of = (path: string) =>
    findings.filter(({ object }) => object === path).map(({ code, message }) => ({ code, message }));
  return { request: of('x.csr'), key: of('x.pub') };
}

/** An RSAPublicKey whose modulus is a prime. */
const twoNumbers = (exponent: Buffer): Buffer =>
  sequence(unsignedInteger(octetsOf(primeModulus(1024).n)), unsignedInteger(exponent));

describe('two numbers, of which the first is a prime,', () => {
  const [five, usual] = [twoNumbers(Buffer.of(5)), twoNumbers(Buffer.of(1, 0, 1))];
  it.each([
    ['are parameters where nothing calls them a key', five, 'UnrecognisedContent'],
    ['are a key where their label says so', encodePem('RSA PUBLIC KEY', five), 'RsaKeyFactorable'],
    ['are a key with the exponent of nearly all', usual, 'RsaKeyFactorable'],
  ])('%s', async (_what, bytes, code) => {
    const { findings } = await inspectFiles({ 'x.pub': bytes });
    expect(findings.map((finding) => finding.code)).toContain(code);
    expect(findings).toHaveLength(code === 'UnrecognisedContent' ? 1 : findings.length);
  });
});

describe('a key that everybody can break', () => {
  it.each([
    ['rsa-prime-modulus.der', 'The RSA modulus is a prime number'],
    ['rsa-factor-251.der', 'The RSA modulus has the factor 251'],
    ['rsa-factor-9973.der', 'The RSA modulus has the factor 9973'],
    ['rsa-square.der', 'The RSA modulus is another number to the power of 2'],
    ['rsa-cube.der', 'The RSA modulus is another number to the power of 3'],
    ['rsa-close-factors.der', 'The factors of the RSA modulus are too close to each other'],
    ['rsa-quite-close-factors.der', 'The factors of the RSA modulus are too close to each other'],
    ['rsa-roca.der', 'The RSA key was made by a library with the flaw ROCA (CVE-2017-15361)'],
  ])('is found in a request and alone: %s', async (file, message) => {
    const { request, key } = await findingsAbout(file);
    expect(request).toContainEqual({ code: 'RsaKeyFactorable', message: `${message}.` });
    expect(request).toContainEqual({ code: 'RequestNotAcceptable', message: `${message} (KeyNotAllowed).` });
    expect(key).toContainEqual({ code: 'RsaKeyFactorable', message: `${message}.` });
  });

  it.each([
    ['rsa-exponent-1.der', 'RsaExponentUnusual'],
    ['rsa-exponent-even.der', 'RsaExponentUnusual'],
    ['rsa-even-modulus.der', 'PublicKeyInvalid'],
    ['point-off-curve.der', 'PublicKeyInvalid'],
    ['point-of-another-curve.der', 'PublicKeyInvalid'],
    ['point-not-reduced.der', 'PublicKeyInvalid'],
    ['point-at-infinity.der', 'PublicKeyInvalid'],
    ['ed25519-low-order.der', 'PublicKeyInvalid'],
    ['ed25519-not-reduced.der', 'PublicKeyInvalid'],
  ])('is found whatever is wrong with it: %s, %s', async (file, code) => {
    const { request, key } = await findingsAbout(file);
    const codes = request.map((finding) => finding.code);
    expect(codes).toContain(code);
    expect(codes).toContain('RequestNotAcceptable');
    expect(key.map((finding) => finding.code)).toContain(code);
  });

  it('is found wherever a CSR with it is refused', async () => {
    for (const [file, reason] of Object.entries(refusedCsrs)) {
      if (reason !== 'KeyNotAllowed') continue;
      const { request } = await findingsAbout(file);
      expect(
        request.map(({ code }) => code),
        file,
      ).toContain('RequestNotAcceptable');
    }
  });
});

it('tests a bounded number of moduli, each once', async () => {
  const pem = (spki: Buffer) => encodePem('PUBLIC KEY', spki);
  const prime = pem(keyOf('rsa-prime-modulus.der'));
  const { n } = strongModulus(1024);
  const different = Array.from({ length: uploadLimits.testedModuli }, (_, i) =>
    // No modulus is prime: each is a product.
    pem(rsaPublicKey({ n: n * BigInt(2 * i + 3) })),
  );
  const foundAfter = async (before: readonly string[]) => {
    const { findings } = await inspectFiles({ 'keys.pem': [...before, prime].join('') });
    return findings.some(({ message }) => message === 'The RSA modulus is a prime number.');
  };
  expect(await foundAfter(different.slice(1))).toBe(true);
  expect(await foundAfter([...different.slice(1), ...different.slice(1)])).toBe(true);
  expect(await foundAfter(different)).toBe(false);
});
