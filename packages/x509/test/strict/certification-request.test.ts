// Tests packages/x509/src/strict/certification-request.ts, packages/x509/src/strict/extension.ts
import 'reflect-metadata';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type CsrReading,
  readCertificationRequest,
  readCertificationRequestDer,
  refusalsOfCertificationRequest,
} from '../../src/strict/certification-request.js';
import { der, inside, onlyElement, sequence, Tag } from '../../src/strict/der.js';
import {
  basicConstraintsExtension,
  extKeyUsageExtension,
  keyUsageExtension,
  subjectKeyIdentifierExtension,
} from '../../src/strict/extension.js';
import { type KeyAlgorithm, keyAlgorithms } from '../../src/strict/key-algorithm.js';
import { generateKeyPair, type KeyPair } from '../../src/strict/crypto.js';
import { keyPurpose } from '../../src/strict/object-identifiers.js';
import { encodePem } from '../../src/strict/pem.js';
import { acceptedCsrs, readCsrFixture, refusedCsrs } from '../fixtures/csr/index.js';
import { attribute, attributes, buildCsr, extensionRequest, sealCsr } from './build-csr.js';
import { mutate, mutations } from './mutate.js';
import { propertyRuns } from '../../../../test/helpers/property-runs.js';
import { writeCertificationRequest } from '../../src/strict/certificate-writer.js';

const label = 'CERTIFICATE REQUEST';
const pairs = new Map<KeyAlgorithm, KeyPair>();
const pairOf = (algorithm: KeyAlgorithm): KeyPair => pairs.get(algorithm)!;

beforeAll(async () => {
  for (const algorithm of keyAlgorithms) pairs.set(algorithm, await generateKeyPair(algorithm));
});

describe('a certification request of ours', () => {
  it.each(keyAlgorithms)('with a key of %s is read back', async (algorithm) => {
    const subject = { username: 'jane@corp.example', groups: ['viewers', 'dev'] };
    const bytes = await writeCertificationRequest(subject, pairOf(algorithm));
    const reading = await readCertificationRequest(encodePem(label, bytes));
    expect(reading).toMatchObject({ ok: true, csr: { ...subject, publicKey: { algorithm } } });
    expect(reading.ok && reading.csr.der.equals(bytes)).toBe(true);
    expect(reading.ok && reading.csr.publicKey.der.equals(pairOf(algorithm).subjectPublicKeyInfo)).toBe(true);
  });

  it('keeps its own copy of the bytes', async () => {
    const bytes = await writeCertificationRequest({ username: 'jane', groups: [] }, pairOf('ECDSA-P256'));
    const before = Buffer.from(bytes);
    const reading = await readCertificationRequestDer(bytes);
    bytes.fill(0);
    expect(reading.ok && reading.csr.der.equals(before)).toBe(true);
  });
});

describe('every reason to refuse a request', () => {
  const flawed = Object.entries(refusedCsrs).filter(([file]) => file.endsWith('.der'));
  it.each(flawed)('begins with the one that the strict reader gives: %s', async (file, reason) => {
    const bytes = readCsrFixture(file);
    const [first] = refusalsOfCertificationRequest(bytes);
    const reading = await readCertificationRequestDer(bytes);
    // The signature is left aside, and so is a prime modulus.
    expect(first?.reason ?? reason).toBe(reason);
    expect(reading).toMatchObject({ ok: false, refusal: first ?? { reason } });
  });

  it('is said once where it is the same', () => {
    const asked = extensionRequest(keyUsageExtension(['digitalSignature']));
    const csr = buildCsr({ ...pairOf('ECDSA-P256'), attributes: attributes(asked, asked, asked) });
    expect(refusalsOfCertificationRequest(csr).map(({ reason }) => reason)).toEqual(['DuplicateAttribute']);
  });
});

describe('requested extensions', () => {
  it.each([
    ['no attribute', attributes()],
    ['digitalSignature', attributes(extensionRequest(keyUsageExtension(['digitalSignature'])))],
    ['keyEncipherment', attributes(extensionRequest(keyUsageExtension(['keyEncipherment'])))],
    [
      'everything that a client certificate has',
      attributes(
        extensionRequest(
          keyUsageExtension(['digitalSignature', 'keyEncipherment']),
          extKeyUsageExtension([keyPurpose.clientAuth]),
          basicConstraintsExtension(false),
          subjectKeyIdentifierExtension(randomBytes(20)),
        ),
      ),
    ],
  ])('are tolerated: %s', async (_, requested) => {
    const reading = await readCertificationRequestDer(buildCsr({ ...pairOf('ECDSA-P256'), attributes: requested }));
    expect(reading.ok).toBe(true);
  });
});

describe('hostile bytes', () => {
  const isReading = (reading: CsrReading): boolean =>
    reading.ok || (/^[A-Z][A-Za-z0-9]+$/.test(reading.refusal.reason) && reading.refusal.message.length <= 300);

  it('never make the reader throw', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(isReading(await readCertificationRequestDer(bytes))).toBe(true);
        expect(isReading(await readCertificationRequest(encodePem(label, bytes)))).toBe(true);
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        expect((await readCertificationRequest(text)).ok).toBe(false);
      }),
    );
  });

  it('never make the reader throw when they are nearly a request', async () => {
    const files = [...Object.keys(acceptedCsrs), ...Object.keys(refusedCsrs)].filter(
      (file) => file !== 'too-large.der',
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), mutations, async (file, changes) => {
        const bytes = mutate(readCsrFixture(file), changes);
        const reading = file.endsWith('.pem')
          ? await readCertificationRequest(bytes.toString('latin1'))
          : await readCertificationRequestDer(bytes);
        expect(isReading(reading)).toBe(true);
      }),
      { numRuns: propertyRuns(2000) },
    );
  });

  it.each(keyAlgorithms)('in the signature are a bad signature, with a key of %s', async (algorithm) => {
    const csr = await writeCertificationRequest({ username: 'jane', groups: [] }, pairOf(algorithm));
    const fields = inside(onlyElement(csr, 'the CSR'));
    const [info, identifier] = [fields.next().raw, fields.next().raw];
    const lengths = [0, 1, 31, 64, 70, 256, 384, 512, 1000];
    for (const octets of lengths.map((length) => randomBytes(length))) {
      const forged = sequence(info, identifier, der(Tag.BIT_STRING, Buffer.of(0), octets));
      expect(await readCertificationRequestDer(forged)).toMatchObject({ refusal: { reason: 'BadSignature' } });
    }
  });

  it('are refused by size before anything reads them', async () => {
    expect(await readCertificationRequest('-'.repeat(1 << 20))).toMatchObject({ refusal: { reason: 'TooLarge' } });
    expect(await readCertificationRequestDer(Buffer.alloc(1 << 20))).toMatchObject({ refusal: { reason: 'TooLarge' } });
  });
});

describe('a second reader', () => {
  /** The reading of @peculiar/x509, which shares no code with ours. */
  async function secondReading(bytes: Buffer) {
    const csr = new Pkcs10CertificateRequest(bytes);
    return {
      commonNames: csr.subjectName.getField('CN'),
      groups: csr.subjectName.getField('O'),
      publicKey: Buffer.from(csr.publicKey.rawData),
      verified: await csr.verify(),
    };
  }

  async function agrees(bytes: Buffer): Promise<'refused' | 'agreed'> {
    const reading = await readCertificationRequestDer(bytes);
    if (!reading.ok) return 'refused';
    const { csr } = reading;
    expect(await secondReading(bytes)).toEqual({
      commonNames: [csr.username],
      groups: csr.groups,
      publicKey: csr.publicKey.der,
      verified: true,
    });
    return 'agreed';
  }

  const quickAlgorithms = fc.constantFrom<KeyAlgorithm>(
    'ECDSA-P256',
    'ECDSA-P256',
    'Ed25519',
    'ECDSA-P384',
    'RSA-2048',
  );

  const value = fc.oneof(
    fc.constantFrom('jane', 'dev', 'jane@corp.example', 'system:masters', 'jane,O=system:masters', 'a"b', ' ', '#1'),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ maxLength: 12 }),
  );
  const anyAttribute = fc
    .record({
      type: fc.oneof({ weight: 9, arbitrary: fc.constant('O') }, { weight: 1, arbitrary: fc.constantFrom('CN', 'OU') }),
      tag: fc.oneof(
        { weight: 9, arbitrary: fc.constant(Tag.UTF8_STRING) },
        { weight: 1, arbitrary: fc.constantFrom(Tag.PRINTABLE_STRING, Tag.IA5_STRING, Tag.BMP_STRING, Tag.T61_STRING) },
      ),
      value,
    })
    .map((fields) => attribute(fields.type, fields.tag, fields.value));
  const rdn = fc.oneof(
    { weight: 4, arbitrary: anyAttribute.map((only) => [only]) },
    { weight: 1, arbitrary: fc.array(anyAttribute, { minLength: 2, maxLength: 3 }) },
  );
  const subject = fc
    .tuple(fc.array(rdn, { maxLength: 3 }), value, fc.array(rdn, { maxLength: 1 }), fc.boolean())
    .map(([before, username, after, sorted]) =>
      sequence(
        ...[...before, [attribute('CN', Tag.UTF8_STRING, username)], ...after].map((attributesOfRdn) =>
          der(Tag.SET, ...(sorted ? [...attributesOfRdn].sort((a, b) => Buffer.compare(a, b)) : attributesOfRdn)),
        ),
      ),
    );

  it('agrees on every generated subject that ours accepts', async () => {
    const outcomes = { refused: 0, agreed: 0 };
    const numRuns = propertyRuns(1500);
    await fc.assert(
      fc.asyncProperty(subject, quickAlgorithms, async (generated, algorithm) => {
        outcomes[await agrees(buildCsr({ ...pairOf(algorithm), subject: generated }))]++;
      }),
      { numRuns },
    );
    expect(outcomes.agreed).toBeGreaterThan(numRuns / 7.5);
    expect(outcomes.refused).toBeGreaterThan(numRuns / 7.5);
  });

  it('agrees on every mutated request that ours accepts, signed anew over the mutation', async () => {
    const outcomes = { refused: 0, agreed: 0 };
    await fc.assert(
      fc.asyncProperty(subject, mutations, quickAlgorithms, async (generated, changes, algorithm) => {
        const parts = { ...pairOf(algorithm), subject: generated };
        const info = inside(onlyElement(buildCsr(parts), 'the CSR')).next();
        outcomes[await agrees(sealCsr(mutate(info.raw, changes), parts))]++;
      }),
      // Ours accepts few mutants, so fewer runs might agree on none.
      { numRuns: 2000 },
    );
    expect(outcomes.agreed).toBeGreaterThan(20);
  });

  it('agrees on every mutated request that ours accepts, signature and all', async () => {
    const files = Object.keys(acceptedCsrs).filter((file) => file.endsWith('.der'));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), mutations, async (file, changes) => {
        await agrees(mutate(readCsrFixture(file), changes));
      }),
      { numRuns: propertyRuns(1500) },
    );
  });

  it.each(Object.keys(acceptedCsrs))('agrees on %s', async (file) => {
    const bytes = readCsrFixture(file);
    const der = file.endsWith('.pem')
      ? Buffer.from(new Pkcs10CertificateRequest(bytes.toString('latin1')).rawData)
      : bytes;
    expect(await agrees(der)).toBe('agreed');
  });
});
